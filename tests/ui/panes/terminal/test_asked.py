"""What programs ask their terminal for, in words; only text gets to the clipboard, and only when allowed."""

from __future__ import annotations

import base64

import pytest

from ui.panes.terminal.asked import notification, written


def osc52(data: bytes, selection: str = "c") -> str:
    return f"{selection};{base64.b64encode(data).decode()}"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (osc52(b"hello"), "hello"),
        (osc52("zwei\nZeilen\tä".encode(), "pc"), "zwei\nZeilen\tä"),
        (osc52(b"ls\x1b[31m\x00 -l"), "ls -l"),
        (osc52("a\u202eb\u200b".encode()), "ab"),
        ("c;?", ""),
        ("c;", ""),
        ("c", ""),
        ("", ""),
        ("c;not base64!", ""),
        ("c;aGVsbG8", ""),
        (osc52(b"\xff\xfe"), ""),
        ("c;aGVsbG8…", ""),
    ],
)
def test_what_the_clipboard_would_get(body: str, text: str) -> None:
    assert written(body) == text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("done", "done"),
        ("notify;Build;done", "Build: done"),
        ("notify;Build", "Build"),
        ("notify;a;b;c", "a: b;c"),
        ("x" * 500, "x" * 79 + "…"),
        ("", ""),
    ],
)
def test_notifications_in_words(body: str, words: str) -> None:
    assert notification(body) == words
