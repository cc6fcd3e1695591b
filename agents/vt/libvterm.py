"""The terminal core of the system, libvterm by ctypes: found, told apart by version, or refused by name.

Only functions that both known interfaces declare alike are used; what lies differently in memory is known to
``agents.vt.cells``. What comes in must have been through ``agents.vt.safety``: the library itself trusts what it
is given.
"""

from __future__ import annotations

import ctypes
import functools
import re
import sys
import weakref
from collections.abc import Callable

import msgspec

from agents.vt import mending

#: Under which names the loader finds it; Homebrew's directory is not on every process's path.
NAMES = {
    "linux": ("libvterm.so.0",),
    "darwin": ("libvterm.0.dylib", "/opt/homebrew/lib/libvterm.0.dylib", "/usr/local/lib/libvterm.0.dylib"),
}
PACKAGES = {
    "linux": "libvterm0 (Debian, Ubuntu: apt-get install libvterm0)",
    "darwin": "libvterm (brew install libvterm)",
}

#: Bytes the library gets at once: it puts four times as many on its stack.
_PORTION = 8192

#: Bytes of one cell at most: six code points, of up to six bytes where it kept what is no Unicode.
_CELL = 36

_REPLY = 64

#: A sequence that does nothing by itself: the answer to a question that was not asked.
_SETTLE = b"\x1b[0n"


class Refused(Exception):
    """There is no core: none is installed, or one whose interface is not known. The text says what to do."""


class Position(ctypes.Structure):
    """``VTermPos``: a cell, from 0."""

    _fields_ = (("row", ctypes.c_int), ("col", ctypes.c_int))


class Rectangle(ctypes.Structure):
    """``VTermRect``: cells from ``start`` up to before ``end``."""

    _fields_ = tuple((name, ctypes.c_int) for name in ("start_row", "end_row", "start_col", "end_col"))


_HANDLE, _INT, _SIZE, _TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_char_p

#: What is used of the library, as 0.1.x (vterm.h of 0.1.4) declares it: result, arguments.
TABLE_0_1: dict[str, tuple[type | None, tuple[type, ...]]] = {
    "vterm_new": (_HANDLE, (_INT, _INT)),
    "vterm_free": (None, (_HANDLE,)),
    "vterm_set_size": (None, (_HANDLE, _INT, _INT)),
    "vterm_set_utf8": (None, (_HANDLE, _INT)),
    "vterm_input_write": (_SIZE, (_HANDLE, _TEXT, _SIZE)),
    "vterm_output_read": (_SIZE, (_HANDLE, _TEXT, _SIZE)),
    "vterm_obtain_screen": (_HANDLE, (_HANDLE,)),
    "vterm_obtain_state": (_HANDLE, (_HANDLE,)),
    "vterm_screen_enable_altscreen": (None, (_HANDLE, _INT)),
    "vterm_screen_reset": (None, (_HANDLE, _INT)),
    "vterm_screen_get_text": (_SIZE, (_HANDLE, _TEXT, _SIZE, Rectangle)),
    "vterm_state_get_cursorpos": (None, (_HANDLE, ctypes.POINTER(Position))),
    "vterm_state_get_lineinfo": (_HANDLE, (_HANDLE, _INT)),
    "vterm_state_get_penattr": (_INT, (_HANDLE, _INT, _HANDLE)),
    "vterm_state_set_default_colors": (None, (_HANDLE, _HANDLE, _HANDLE)),
    "vterm_screen_set_callbacks": (None, (_HANDLE, _HANDLE, _HANDLE)),
    "vterm_screen_set_damage_merge": (None, (_HANDLE, _INT)),
    "vterm_screen_flush_damage": (None, (_HANDLE,)),
    "vterm_screen_get_attrs_extent": (_INT, (_HANDLE, ctypes.POINTER(Rectangle), Position, _INT)),
    "vterm_screen_get_cell": (_INT, (_HANDLE, Position, _HANDLE)),
}

#: The same as 0.3.x (vterm.h of 0.3.3) declares it, and what tells that the library is one.
TABLE_0_3 = TABLE_0_1 | {
    "vterm_build": (_HANDLE, (_HANDLE,)),
    "vterm_screen_enable_reflow": (None, (_HANDLE, ctypes.c_bool)),
}

#: Came with 0.2, whose interface is neither.
_FIRST_OF_0_2 = "vterm_state_set_selection_callbacks"


class Library(msgspec.Struct, frozen=True):
    """One loaded library: which interface it has, and its functions by name."""

    name: str
    interface: str
    functions: dict[str, Callable[..., int | None]]

    def __getitem__(self, name: str) -> Callable[..., int | None]:
        return self.functions["vterm_" + name]


def load(names: tuple[str, ...], package: str) -> Library:
    """Load the first of ``names`` there is and see that it does what is expected. Raises Refused."""
    found = None
    for name in names:
        try:
            # With the interpreter's lock held: calls are short, and taking it again is what costs.
            found = ctypes.PyDLL(name)
        except OSError:
            continue
        break
    if found is None:
        raise Refused(f"no terminal core: {names[0]} is not installed; install {package}")
    interface = _interface(found, name)
    library = Library(name, interface, _bind(found, name, TABLE_0_3 if interface == "0.3" else TABLE_0_1))
    _prove(library)
    return library


def _interface(found: ctypes.PyDLL, name: str) -> str:
    if hasattr(found, "vterm_build"):
        return "0.3"
    if hasattr(found, _FIRST_OF_0_2):
        raise Refused(f"no terminal core: {name} is libvterm 0.2, only 0.1 and 0.3 are known; install another version")
    return "0.1"


def _bind(
    found: ctypes.PyDLL, name: str, table: dict[str, tuple[type | None, tuple[type, ...]]]
) -> dict[str, Callable[..., int | None]]:
    functions: dict[str, Callable[..., int | None]] = {}
    for symbol, (result, arguments) in table.items():
        try:
            function = getattr(found, symbol)
        except AttributeError:
            raise Refused(f"no terminal core: {name} lacks {symbol}, it is no libvterm 0.1 or 0.3") from None
        function.restype, function.argtypes = result, arguments
        functions[symbol] = function
    return functions


def _prove(library: Library) -> None:
    """Draw a few cells: an interface that moved answers something else."""
    core = Core(library, 3, 5)
    core.write("ab\r\n\x1b[3;2Hé漢".encode())
    seen = core.text(), core.cursor(), core.is_set(7), core.is_set(1047), core.region()
    core.close()
    if seen != (("ab", "", " é漢"), (2, 4), True, False, (1, 3)):
        raise Refused(f"no terminal core: {library.name} does not draw as libvterm {library.interface} does: {seen!r}")


@functools.cache
def system() -> Library:
    """Return the system's library, loaded once. Raises Refused."""
    platform = "darwin" if sys.platform == "darwin" else "linux"
    return load(NAMES[platform], PACKAGES[platform])


def missing() -> str:
    """Return why there is no terminal core and what to install, empty when there is one."""
    try:
        system()
    except Refused as refused:
        return str(refused)
    return ""


class Core:
    """One native terminal: owned by one screen, freed with it. Lives outside the interpreter's memory."""

    def __init__(self, library: Library, rows: int, cols: int) -> None:
        self._library = library
        handle = library["new"](rows, cols)
        if not handle:
            raise MemoryError("no memory for a terminal")
        self._handle = handle
        self.close = weakref.finalize(self, library["free"], handle)
        self._write, self._text = library["input_write"], library["screen_get_text"]
        library["set_utf8"](handle, 1)
        self._screen, self._state = library["obtain_screen"](handle), library["obtain_state"](handle)
        self._prepare()
        library["screen_enable_altscreen"](self._screen, 1)
        library["screen_reset"](self._screen, 1)
        self._position = Position()
        self._measure(rows, cols)

    def _prepare(self) -> None:
        """Say what is wanted of the library before anything is drawn: here nothing."""

    def _measure(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        self._buffer = ctypes.create_string_buffer(rows * (cols * _CELL + 1))
        self._whole = Rectangle(0, rows, 0, cols)

    def write(self, data: bytes) -> None:
        """Draw ``data``, which ends outside of any sequence and character."""
        write, handle = self._write, self._handle
        if len(data) <= _PORTION:
            write(handle, data, len(data))
            return
        at = 0
        while at < len(data):
            end = at + _PORTION
            while end < len(data) and data[end] & 0xC0 == 0x80:  # a character cut in two would be lost
                end -= 1
            portion = data[at:end]
            write(handle, portion, len(portion))
            at = end

    def text(self) -> tuple[str, ...]:
        """Return every row without the blanks behind it."""
        return tuple([line.rstrip(" ") for line in self._read(self._whole).split("\n")])

    def cells(self, row: int, col: int) -> str:
        """Return what stands in ``row`` from ``col`` on."""
        return self._read(Rectangle(row, row + 1, col, self.cols))

    def _read(self, rectangle: Rectangle) -> str:
        buffer = self._buffer
        length = self._text(self._screen, buffer, len(buffer), rectangle) or 0
        return mending.read(ctypes.string_at(buffer, min(length, len(buffer))).decode("utf-8", "replace"))

    def cursor(self) -> tuple[int, int]:
        """Return row and column of the cursor, from 0. A restored one may lie outside of a screen that shrank."""
        self._library["state_get_cursorpos"](self._state, self._position)
        row, col = self._position.row, self._position.col
        return min(max(row, 0), self.rows - 1), min(max(col, 0), self.cols - 1)

    def resize(self, rows: int, cols: int) -> None:
        """Change the size; what no longer fits is gone, and so is a part of the screen that alone scrolls.

        The library would leave the beginning of that part outside of a smaller screen, and die when it scrolls.
        """
        if self.region() != (1, self.rows):
            row, col = self.cursor()
            self.write(b"\x1b[r\x1b[%d;%dH" % (row + 1, col + 1))
        self._library["set_size"](self._handle, rows, cols)
        # Where text below the cursor made it scroll, the cursor is above the screen, until any sequence moves it in.
        self._write(self._handle, _SETTLE, len(_SETTLE))
        self._measure(rows, cols)

    def is_set(self, mode: int) -> bool:
        """Tell whether a DEC private mode is set. Outside of sequences only."""
        return b"?%d;1$y" % mode in self._ask(b"\x1b[?%d$p" % mode)

    def region(self) -> tuple[int, int]:
        """Return the first and the last row that scroll, from 1."""
        found = re.search(rb"1\$r(\d+);(\d+)r", self._ask(b"\x1bP$qr\x1b\\"))
        return (int(found[1]), int(found[2])) if found else (1, self.rows)

    def _ask(self, question: bytes) -> bytes:
        # What it would have answered to the program lies there too.
        reply = ctypes.create_string_buffer(_REPLY)
        read, handle = self._library["output_read"], self._handle
        while read(handle, reply, _REPLY):
            pass
        self._write(handle, question, len(question))
        length = read(handle, reply, _REPLY) or 0
        return reply.raw[:length]
