"""Settings: declared once; a bad file costs a sentence with file and line, never the other settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import BY_KEY, SETTINGS, Setting, load


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config" / "settings.toml"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.key)
def test_every_default_is_allowed_and_documented(setting: Setting) -> None:
    assert setting.refuse(setting.default) is None
    assert setting.doc.endswith((".", ")"))
    assert setting.key.count(".") == 1


def test_a_missing_file_means_defaults(path: Path) -> None:
    settings, problems = load(path)
    assert problems == ()
    assert settings.text("ui.theme") == "system"
    assert settings.number("ui.font_px") == 13
    assert settings.is_on("ui.compact_rows") is False


def test_values_are_read(path: Path) -> None:
    settings, problems = load(write(path, '[ui]\ntheme = "dark"\nfont_px = 15\ncompact_rows = true\n'))
    assert problems == ()
    assert (settings.text("ui.theme"), settings.number("ui.font_px"), settings.is_on("ui.compact_rows")) == (
        "dark",
        15,
        True,
    )


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ('[ui]\ntheme = "pink"\n', 2, "one of system, dark, light"),
        ("[ui]\n\nfont_px = 99\n", 3, "at most 24"),
        ("[ui]\nfont_px = 2\n", 2, "at least 10"),
        ("[ui]\nfont_px = true\n", 2, "whole number"),
        ('[ui]\ncompact_rows = "yes"\n', 2, "true or false"),
        ("[ui]\ncompact_rows = 1\n", 2, "true or false"),
        ("[ui]\nmono_family = 3\n", 2, "text in quotes"),
        ("[ui]\ncolour = 3\n", 2, "unknown setting “ui.colour”"),
        ("[attic]\nx = 1\n", 2, "unknown setting"),
        ("theme = 3\n", 1, "outside a table"),
        ("[ui\n", 1, ""),
    ],
)
def test_a_bad_line_is_named_and_the_default_holds(path: Path, text: str, line: int, word: str) -> None:
    settings, problems = load(write(path, text))
    assert len(problems) == 1
    assert problems[0].startswith(f"{path}:{line}:")
    assert word in problems[0]
    assert settings.text("ui.theme") == "system"
    assert settings.number("ui.font_px") == 13


def test_one_bad_line_does_not_cost_the_others(path: Path) -> None:
    settings, problems = load(write(path, '[ui]\ntheme = "pink"\nfont_px = 15\n'))
    assert len(problems) == 1
    assert settings.number("ui.font_px") == 15


def test_set_keeps_comments_and_order_and_tells(path: Path) -> None:
    write(path, "# mine\n[ui]\n# big\nfont_px = 15\n[keys]\nslots_in_terminals = true\n")
    settings, _ = load(path)
    told: list[str] = []
    stop = settings.listen(told.append)
    settings.set("ui.font_px", 16)
    settings.set("ui.theme", "light")
    settings.set("composer.enter_sends", value=False)
    stop()
    settings.set("ui.mono_family", 'Say "hi" \\ there')
    assert told == ["ui.font_px", "ui.theme", "composer.enter_sends"]
    text = path.read_text("utf-8")
    assert text.startswith("# mine\n[ui]\nmono_family = ")
    assert "# big\nfont_px = 16\n" in text
    again, problems = load(path)
    assert problems == ()
    assert {key: again.value(key) for key in BY_KEY} == {key: settings.value(key) for key in BY_KEY}


def test_setting_the_same_value_writes_nothing(path: Path) -> None:
    settings, _ = load(path)
    settings.set("ui.theme", "system")
    assert not path.exists()


def test_a_bad_value_is_refused_and_nothing_is_written(path: Path) -> None:
    settings, _ = load(path)
    with pytest.raises(ValueError, match=r"ui.theme must be one of"):
        settings.set("ui.theme", "pink")
    assert not path.exists()


def test_a_folder_that_cannot_be_written_raises_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings, _ = load(tmp_path / "file" / "settings.toml")
    with pytest.raises(OSError, match="file"):
        settings.set("ui.theme", "dark")
    assert settings.text("ui.theme") == "system"


def test_floats_and_numbers() -> None:
    share = Setting("a.b", 0.5, "A share.", least=0, most=1)
    assert share.refuse(1) is None
    assert share.refuse(0.25) is None
    assert "at most 1" in (share.refuse(2) or "")
    assert "a number" in (share.refuse("x") or "")
