"""The icon of an agent's kind: simple drawings of our own, no vendor's mark. A kind nobody knows has its family's."""

from __future__ import annotations

#: By the first word of a kind's name: ``claude``, ``claude-tui`` and ``claude-agent-acp`` are one program to people.
_ICONS = {
    "claude": "kind-claude",
    "codex": "kind-codex",
    "gemini": "kind-gemini",
    "opencode": "kind-opencode",
    "pilot": "kind-pilot",
    "shell": "kind-shell",
}
_FAMILIES = {"acp": "kind-acp"}

OTHER = "kind-other"


def kind_icon(kind: str, family: str) -> str:
    """Return the name of an icon in ``resources/icons``."""
    return _ICONS.get(kind.partition("-")[0]) or _FAMILIES.get(family, OTHER)
