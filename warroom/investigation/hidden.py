"""What looks like a secret in a text from outside, masked before the text goes to another system. Pure."""

from __future__ import annotations

import re

HIDDEN = "[hidden]"

_WHOLE = re.compile(
    "|".join(
        (
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?",  # a JSON Web Token (RFC 7519)
            r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
            r"\b(?:(?:gh[pousr]|[a-z]{2,12}_pat)_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{16,}|xox[a-z]-[\w-]+|xapp-[\w-]+)",
            r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",  # the user and password of an address
            r"\b(?:\d[ -]?){13,19}\b(?<![ -])",  # as long as the number of a card
        )
    ),
    re.DOTALL,
)
_SCHEME = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_NAMED = re.compile(
    r"""((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?|authorization|cookie
    |session[_-]?id|signature)["']?\s*(?:[=:]|=>)\s*)(?:"[^"\n]+"|'[^'\n]+'|[^\s,;&"'}\]]+)""",
    re.IGNORECASE | re.VERBOSE,
)


def without_secrets(text: str) -> str:
    """The text with `[hidden]` in place of tokens, keys, passwords, and of what is named as one."""
    text = _SCHEME.sub(rf"\1 {HIDDEN}", _WHOLE.sub(HIDDEN, text))
    return _NAMED.sub(rf"\1{HIDDEN}", text)
