"""Every setting, declared once: type, default, limits and words; read from and kept in ``settings.toml``.

The dialog, ``docs/reference/settings.md`` and validation derive from ``SETTINGS``. A bad value is a sentence naming
file and line, and the default holds.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from app.tomlfile import line_of, read

Value = str | int | float | bool


class Setting(msgspec.Struct, frozen=True):
    """One setting ``group.name``; ``choices`` or ``least``/``most`` limit it."""

    key: str
    default: Value
    doc: str
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None

    @property
    def group(self) -> str:
        """Return the table it stands in."""
        return self.key.partition(".")[0]

    @property
    def name(self) -> str:
        """Return its key inside the table."""
        return self.key.partition(".")[2]

    def refuse(self, value: object) -> str | None:
        """Return why ``value`` is not allowed, ``None`` when it is."""
        if not _is_type(value, self.default):
            return f"must be {_TYPE_WORDS[type(self.default)]}, not {value!r}"
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(self.choices)}, not {value!r}"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._refuse_number(value)
        return None

    def _refuse_number(self, value: float) -> str | None:
        if self.least is not None and value < self.least:
            return f"must be at least {self.least:g}, not {value:g}"
        if self.most is not None and value > self.most:
            return f"must be at most {self.most:g}, not {value:g}"
        return None


_TYPE_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
}

SETTINGS: tuple[Setting, ...] = (
    Setting("ui.theme", "system", "Colours: as the desktop says (dark where it says nothing), or always one.",
            ("system", "dark", "light")),
    Setting("ui.font_px", 13, "Height of the interface font in pixels.", least=10, most=24),
    Setting("ui.mono_px", 13, "Height of the font of commands, code and logs in pixels.", least=9, most=28),
    Setting("ui.mono_family", "", "Family of that font; empty = the bundled JetBrains Mono."),
    Setting("ui.compact_rows", False, "One line a row in the roster instead of two."),
    Setting("ui.hint_line", True, "The line at the bottom that names the keys that act now."),
    Setting("composer.enter_sends", True, "Enter sends and Shift+Enter breaks the line; false swaps them."),
    Setting("triage.snooze_minutes", 30, "Minutes z keeps an agent out of triage (or until its state changes).",
            least=1, most=1440),
    Setting("stage.open_new", True, "Show the pane of an agent when it starts."),
    Setting("stage.layout", "solo", "How panes are laid out first: tabs, side by side, or in a grid.",
            ("solo", "columns", "grid")),
    Setting("keys.slots_in_terminals", False, "Alt+1…9 show and hide slots also from inside a terminal."),
    Setting("terminal.bold_is_bright", False, "Draw bold text in one of the first eight colours in its bright one."),
)  # fmt: skip

BY_KEY: Mapping[str, Setting] = {setting.key: setting for setting in SETTINGS}

Listener = Callable[[str], None]


class Settings:
    """The values in force; owned by the shell, changed by ``set`` (which writes the file) only."""

    def __init__(self, path: Path, values: Mapping[str, Value] | None = None) -> None:
        self.path = path
        self._values: dict[str, Value] = dict(values or {})
        self._listeners: list[Listener] = []

    def value(self, key: str) -> Value:
        """Return a value. Raises KeyError for a setting that was never declared."""
        return self._values.get(key, BY_KEY[key].default)

    def text(self, key: str) -> str:
        """Return a text setting."""
        return str(self.value(key))

    def number(self, key: str) -> int:
        """Return a whole-number setting."""
        return int(self.value(key))

    def is_on(self, key: str) -> bool:
        """Return a yes-or-no setting."""
        return bool(self.value(key))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call ``listener`` with the key of every change; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def set(self, key: str, value: Value) -> None:
        """Change a setting and keep it. Raises ValueError (not allowed) or OSError (the file cannot be written)."""
        refused = BY_KEY[key].refuse(value)
        if refused:
            raise ValueError(f"{key} {refused}")
        if value == self.value(key):
            return
        text = self.path.read_text("utf-8") if self.path.exists() else ""
        _replace(self.path, written(text, BY_KEY[key], value))
        self._values[key] = value
        for listener in tuple(self._listeners):
            listener(key)


def load(path: Path) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings and the problems of the file (``file:line: what``); problems are never fatal."""
    file = read(path)
    problems = [file.problem] if file.problem else []
    values: dict[str, Value] = {}
    for table, pairs in file.tables.items():
        if not isinstance(pairs, dict):
            problems.append(
                f"{file.at('', table)}: “{table}” stands outside a table; settings are [group] name = value"
            )
            continue
        for name, value in pairs.items():
            setting = BY_KEY.get(f"{table}.{name}")
            where = file.at(table, name)
            if setting is None:
                problems.append(f"{where}: unknown setting “{table}.{name}”")
            elif refused := setting.refuse(value):
                problems.append(f"{where}: {setting.key} {refused}; {_toml(setting.default)} is used")
            else:
                values[setting.key] = value
    return Settings(path, values), tuple(problems)


def written(text: str, setting: Setting, value: Value) -> str:
    """Return the file's text with one setting changed and everything else, comments too, as it was."""
    lines = text.splitlines()
    pair = f"{setting.name} = {_toml(value)}"
    at = line_of(text, setting.group, setting.name)
    header = line_of(text, setting.group)
    if at:
        lines[at - 1] = pair
    elif header:
        lines.insert(header, pair)
    else:
        lines += [*([""] if lines else []), f"[{setting.group}]", pair]
    return "\n".join(lines) + "\n"


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value}"


def _is_type(value: object, default: Value) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
