# Everything on a machine with Python 3.11+ and make: `make demo`, `make test`. Nothing is installed outside .venv.
PYTHON ?= python3
BIN := .venv/bin
# The machine's own certificates, as pip has them: a company's proxy signs with its own.
ENV := env -u VIRTUAL_ENV UV_SYSTEM_CERTS=1
CERTIFICATES := $(wildcard /etc/ssl/certs/ca-certificates.crt)

.PHONY: setup demo tools sandbox picture run test matrix check format lint types arrows audit advisories bench lock lambda manifest clean

# Compiled here, so that the first start need not do it: also after an update, when nothing new is installed.
setup: .venv/.installed
	@$(BIN)/python -m compileall -q bot blocks handlers integrations sandbox storage warroom

.venv/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Warroom needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || { echo "Installing into .venv, about half a minute …"; $(PYTHON) -m venv .venv; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@$(ENV) $(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: setup
	@$(BIN)/python -m bot demo

sandbox: setup
	@$(BIN)/python -m bot sandbox

# Needs Chromium and a font with emoji (Debian: fonts-noto-color-emoji); look at it before it is committed.
picture: setup
	@$(BIN)/python -m bot sandbox --picture docs/card.png

run: setup
	@$(BIN)/python -m bot run

test: setup
	@$(BIN)/python -m pytest -n auto --dist loadgroup

# All cells of effects and troubles; `make test` takes every fourth one.
matrix: setup
	@WARROOM_MATRIX=all $(BIN)/python -m pytest -n auto --dist loadgroup tests/reliability

check: setup format lint types arrows audit test

# Debian's programs that some tests need, and a DynamoDB from npm; what is there already is left alone.
tools:
	@missing=""; for each in chromium:chromium kubectl:kubernetes-client prometheus:prometheus systemd-analyze:systemd; do \
		command -v "$${each%%:*}" >/dev/null || missing="$$missing $${each##*:}"; done; \
	test -z "$$missing" || { timeout 120 apt-get update -qq && timeout 480 apt-get install -y -qq --no-install-recommends $$missing >/dev/null; }
	@$(MAKE) --no-print-directory build/emulator/.installed || echo "dynoxide could not be installed; the DynamoDB tests run on moto alone."

build/emulator/.installed: tests/storage/dynamo/npm/package.json tests/storage/dynamo/npm/package-lock.json
	@mkdir -p build/emulator && cp $^ build/emulator
	@NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$(CERTIFICATES)}" timeout 60 npm ci --prefix build/emulator --ignore-scripts --no-audit --no-fund --silent
	@touch $@

bench: setup
	@$(BIN)/python -m tests.bench

format:
	@$(BIN)/ruff format --check .

lint:
	@$(BIN)/ruff check .

types:
	@$(BIN)/mypy .

arrows:
	@$(BIN)/lint-imports

# What can be said of the dependencies without a network; `make advisories` asks the public list of known holes.
audit: setup
	@$(BIN)/uv pip check --quiet --python $(BIN)/python

advisories: setup
	@$(ENV) $(BIN)/uv tool run --quiet pip-audit --disable-pip --require-hashes -r requirements.lock --progress-spinner off

lock: setup
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra charts --extra datadog --extra dynamodb --extra investigate --extra kubernetes --extra sandbox --group dev --no-header --no-annotate pyproject.toml -o requirements.lock

# Compiled for the .venv's own version of Python, so that a cold start need not do it; a file's time does not survive the upload,
# hence unchecked-hash. Datadog's client is left as it is: only the scheduled function needs it, and a tenth of it. Of AWS' client only
# what describes DynamoDB and its keys stays: 440 other services are 25 MB.
lambda: setup
	@rm -rf build/lambda && mkdir -p build/lambda
	@$(ENV) $(BIN)/uv pip install --quiet --target build/lambda --python $(BIN)/python --python-platform x86_64-manylinux_2_28 \
		--only-binary :all: --requirements pyproject.toml --extra datadog --extra dynamodb --constraints requirements.lock
	@cp -r blocks bot handlers integrations storage warroom build/lambda
	@if test -f warroom.yml; then cp warroom.yml build/lambda; fi
	@find build/lambda/botocore/data -mindepth 1 -maxdepth 1 -type d ! -name dynamodb ! -name sts ! -name 'sso*' -exec rm -rf {} +
	@find build/lambda -type d \( -name __pycache__ -o -name tests \) -prune -exec rm -rf {} +
	@$(BIN)/python -m compileall -q --invalidation-mode unchecked-hash -x datadog_api_client build/lambda
	@cd build && rm -f lambda.zip && ../$(BIN)/python -m zipfile -c lambda.zip lambda/
	@echo "build/lambda: $$(du -sm --apparent-size build/lambda | cut -f1) MB, $$(du -sm build/lambda.zip | cut -f1) MB packed (AWS takes 250 unpacked), for $$($(BIN)/python -c 'import sys; print("Runtime=python%d.%d" % sys.version_info[:2])')"

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
