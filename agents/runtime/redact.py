"""Take secrets out of everything derived from an agent's bytes; knows no file and no agent.

Raw logs are not redacted (replay needs them); journals, transcripts, indexes, exports and crash reports are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

#: Name of the secret and what it looks like. The name stays in the text, the value never does.
_PATTERNS: tuple[tuple[str, str], ...] = (
    ("anthropic_key", r"sk-ant-[A-Za-z0-9_-]{16,}"),
    ("openrouter_key", r"sk-or-[A-Za-z0-9_-]{16,}"),
    ("openai_key", r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,}"),
    ("google_key", r"AIza[A-Za-z0-9_-]{35}"),
    ("google_token", r"ya29\.[A-Za-z0-9_-]{20,}"),
    ("github_token", r"(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("gitlab_token", r"glpat-[A-Za-z0-9_-]{20,}"),
    ("slack_token", r"xox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("aws_key", r"(?:AKIA|ASIA)[A-Z0-9]{16}"),
    ("npm_token", r"npm_[A-Za-z0-9]{36}"),
    ("pypi_token", r"pypi-[A-Za-z0-9_-]{40,}"),
    ("huggingface_token", r"hf_[A-Za-z0-9]{30,}"),
    ("groq_key", r"gsk_[A-Za-z0-9]{32,}"),
    ("xai_key", r"xai-[A-Za-z0-9]{32,}"),
    ("stripe_key", r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("jwt", r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
)
_PRIVATE_KEY = r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
_BEARER = r"(?i:(?<=bearer )[A-Za-z0-9._~+/-]{16,}=*)"
_URL_LOGIN = r"(?<=://)[^\s/:@]{1,256}:[^\s/:@]{1,256}(?=@)"

#: Every secret above holds one of these, so a text without any of them needs no search: nearly all text has none,
#: and the search was a fifth of the daemon's time while a client watched fifty agents stream.
_HINTS = (
    *("sk-", "AIza", "ya29.", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "AKIA", "ASIA"),
    *("npm_", "pypi-", "hf_", "gsk_", "xai-", "k_live_", "k_test_", "eyJ", "-----BEGIN", "://"),
)
_BEARER_HINT = "bearer "

#: Shorter known values would blank out ordinary words; no pattern takes less either.
_MIN_KNOWN = 6


class Redactor:
    """Replaces vendor keys and exactly known secret values by ``[redacted:<what>]``. Immutable."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        # A key pattern must not begin inside a word: "task-0123456789abcdef0123" is no key.
        parts = [f"(?P<{name}>(?<![A-Za-z0-9]){pattern})" for name, pattern in _PATTERNS]
        parts.append(f"(?P<private_key>(?s:{_PRIVATE_KEY}))")
        parts.append(f"(?P<bearer>{_BEARER})")
        parts.append(f"(?P<url_login>{_URL_LOGIN})")
        exact = sorted({value for value in known if len(value) >= _MIN_KNOWN}, key=len, reverse=True)
        self._hints = (*_HINTS, *exact)
        self._encoded_hints = tuple(msgspec.json.encode(hint)[1:-1] for hint in self._hints)
        if exact:
            parts.insert(0, "(?P<known>" + "|".join(map(re.escape, exact)) + ")")
        self._pattern = re.compile("|".join(parts))

    def text(self, text: str) -> str:
        """Return ``text`` without secrets."""
        if not self._may_touch(text):
            return text
        return self._pattern.sub(lambda match: f"[redacted:{match.lastgroup}]", text)

    def touches(self, text: str) -> bool:
        """Tell whether ``text`` holds a secret (bytes that must come back unchanged cannot be redacted)."""
        return self._may_touch(text) and self._pattern.search(text) is not None

    def may_touch_json(self, encoded: bytes) -> bool:
        """Tell whether a string in ``encoded`` (as msgspec writes JSON) may hold a secret; no is certain."""
        return any(hint in encoded for hint in self._encoded_hints) or _BEARER_HINT.encode() in encoded.lower()

    def _may_touch(self, text: str) -> bool:
        if len(text) < _MIN_KNOWN:
            return False
        return any(hint in text for hint in self._hints) or _BEARER_HINT in text.lower()

    def value(self, value: Any) -> Any:
        """Return a JSON-like value with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value
