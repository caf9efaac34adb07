# Everything on a machine with Python 3.11+ and make: `make demo`, `make test`. Nothing is installed outside .venv.
PYTHON ?= python3
BIN := .venv/bin
# The machine's own certificates, as pip has them: a company's proxy signs with its own.
ENV := env -u VIRTUAL_ENV UV_SYSTEM_CERTS=1

.PHONY: setup demo browser sandbox picture run test check format lint types arrows audit advisories bench lock manifest clean

# Compiled here, so that the first start need not do it: also after an update, when nothing new is installed.
setup: .venv/.installed
	@$(BIN)/python -m compileall -q bot blocks handlers integrations sandbox storage warroom

.venv/.installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Warroom needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@$(ENV) $(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock \
		|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

demo: setup
	@$(BIN)/python -m bot demo

sandbox: setup
	@$(BIN)/python -m bot sandbox

picture: setup
	@$(BIN)/python -m bot sandbox --picture docs/card.png

run: setup
	@$(BIN)/python -m bot run

test: setup
	@$(BIN)/python -m pytest -n auto --dist loadgroup

check: setup format lint types arrows audit test

browser:
	@command -v chromium >/dev/null || { timeout 120 apt-get update -qq && timeout 240 apt-get install -y -qq --no-install-recommends chromium >/dev/null; }

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
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --extra charts --extra datadog --extra investigate --extra sandbox --group dev --no-header --no-annotate pyproject.toml -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
