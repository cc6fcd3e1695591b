"""The settings: name, default, limits and words, from their declarations."""

from __future__ import annotations

from app.settings import SETTINGS, Setting

FILE = "settings.md"


def page() -> str:
    """Return the page."""
    rows = [f"| `{s.key}` | {_value(s.default)} | {_limits(s)} | {s.doc} |" for s in SETTINGS]
    return "\n\n".join(
        [
            "# Settings",
            "`settings.toml` in the config directory (`quarterdeck doctor` names it), or `Ctrl+,` in the window, which "
            "writes the same file and leaves your comments alone. A line that does not parse, an unknown name or a "
            "value that is not allowed is reported with file and line; the default holds.",
            '```toml\n[ui]\ntheme = "dark"\nfont_px = 14\n```',
            "\n".join(["| setting | default | allowed | what it does |", "|---|---|---|---|", *rows]),
        ]
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"`{value}`" if value != "" else "empty"


def _limits(setting: Setting) -> str:
    if setting.choices:
        return " · ".join(f"`{choice}`" for choice in setting.choices)
    if isinstance(setting.default, bool):
        return "`true` · `false`"
    if setting.least is not None and setting.most is not None:
        return f"{setting.least:g} – {setting.most:g}"
    return "text" if isinstance(setting.default, str) else "number"
