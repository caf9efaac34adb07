"""A language model behind the port. It only writes and asks for look-ups; what it may have is decided elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from integrations.http import Declined, HttpClient
from integrations.llm.wire import asked, read
from warroom.capabilities import ModelBounds, Reply, Tool, Turn
from warroom.errors import Rejected
from warroom.integration import Integration
from warroom.policy import Policy
from warroom.policy.section import Section
from warroom.ports import Clock

NAME = "llm"
TITLE = "The language model"
PATH = "/chat/completions"
MOST_SECONDS = 120
ADVICE = {
    401: "Check LLM_API_KEY.",
    403: "Check LLM_API_KEY.",
    404: "Check LLM_URL (the address before /chat/completions) and LLM_MODEL.",
}
FORMS = 3
"""Of a request: as it is, with the newer name of its limit, without functions."""
UNKNOWN = frozenset({400, 404, 422, 501})
"""Statuses with which endpoints refuse a request that has something in it that they do not know."""


class ModelSettings(BaseModel):
    """Where it is, and which model; a key where one is wanted."""

    llm_url: str | None = Field(default=None, pattern=r"^https?://[^\s/@]+(/\S*)?$")
    llm_api_key: SecretStr | None = None
    llm_model: str | None = Field(default=None, pattern=r"^\S+$")


class ModelPolicy(Section):
    """What it may cost and see, for each answer."""

    max_calls: Annotated[int, Field(strict=True, ge=0, le=30)] = 8
    """Look-ups."""
    max_seconds: Annotated[int, Field(strict=True, ge=1, le=MOST_SECONDS)] = 20
    max_tokens: Annotated[int, Field(strict=True, ge=2_000, le=1_000_000)] = 60_000
    """Read and written, all requests together."""
    private: Annotated[bool, Field(strict=True)] = False
    """Whether private incidents are sent too."""


class LanguageModels(Integration[ModelSettings]):
    """A LanguageModel at an endpoint with OpenAI's chat completions, with or without functions."""

    name = NAME
    title = TITLE
    policy = ModelPolicy
    settings = ModelSettings

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__(settings)
        self._http: HttpClient | None = None
        self._section = ModelPolicy()
        self._functions = True
        """False once it said that it has none."""
        self._limit = "max_tokens"
        """How it calls the most tokens that it may write."""

    def missing(self) -> str:
        """The address and the model."""
        known = {"LLM_URL": self.configured.llm_url, "LLM_MODEL": self.configured.llm_model}
        unset = [name for name, value in known.items() if not value]
        return f"set {' and '.join(unset)}" if unset else ""

    async def start(self, policy: Policy, clock: Clock) -> None:
        """Open the client where there is an address."""
        known = self.configured
        if known.llm_url is None or known.llm_model is None:
            return
        self._section = policy.section(NAME, ModelPolicy)
        key = known.llm_api_key.get_secret_value().strip() if known.llm_api_key else ""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        address = known.llm_url.rstrip("/").removesuffix(PATH)
        self._http = HttpClient(
            TITLE, address, clock, headers=headers, advice=ADVICE, whole=float(self._section.max_seconds)
        )

    async def stop(self) -> None:
        """Close the client."""
        if self._http:
            await self._http.close()

    async def check(self, policy: Policy) -> Sequence[str]:
        """Lets it write one word."""
        await self.reply([Turn(role="user", text="Answer with the word: ready")], (), 200)
        return ()

    def bounds(self) -> ModelBounds:
        """As the policy says."""
        said = self._section
        return ModelBounds(
            look_ups=said.max_calls,
            time=timedelta(seconds=said.max_seconds),
            tokens=said.max_tokens,
            private=said.private,
        )

    async def reply(self, turns: Sequence[Turn], tools: Sequence[Tool], longest: int) -> Reply:
        """What it says next. What the endpoint does not know is left out of this request and of later ones. Raises Retryable or
        Rejected.
        """
        self.ensure_configured()
        if self._http is None:
            raise Rejected(f"{TITLE} is not started", code="not_started")
        model = self.configured.llm_model or ""
        for _ in range(FORMS):
            offered = tools if self._functions else ()
            body = asked(model, turns, offered, self._limit, longest)
            try:
                answer = await self._http.post("Asking", "chat", "completions", json=body)
            except Declined as error:
                if not self._does_without(error, bool(offered)):
                    raise
            else:
                return read(answer)
        raise Rejected("the language model refuses every form of the request", code="refused", advice=ADVICE[404])

    def _does_without(self, error: Declined, offered: bool) -> bool:
        """Whether the request is worth another try in another form."""
        said = f"{error} {_texts(error.answer)}".lower()
        if error.status not in UNKNOWN:
            return False
        if self._limit == "max_tokens" and "max_completion_tokens" in said:
            self._limit = "max_completion_tokens"
            return True
        if offered and ("tool" in said or "function" in said):
            self._functions = False
            return True
        return False


def _texts(answer: Any) -> str:
    """What the refusal says, where it is as OpenAI writes it."""
    error = answer.get("error") if isinstance(answer, Mapping) else None
    return str(error.get("message", "")) if isinstance(error, Mapping) else ""
