"""Which core a view takes: one that keeps its cells where they are looked for, and no other."""

from __future__ import annotations

import pytest

from agents.vt import cells, libvterm, painted, proof
from agents.vt.cells import Bits
from agents.vt.libvterm import Library, Refused
from tests.unit.agents.vt.cores import libraries, needed

pytestmark = needed


@pytest.mark.parametrize("library", libraries(), ids=lambda library: library.interface)
def test_a_core_that_is_known_is_taken(library: Library) -> None:
    assert proof.prove(library) is library


@pytest.mark.parametrize(
    ("what", "bits"),
    [("rows", Bits(strike=6, font=8)), ("rows, lines that left", Bits(strike=12, font=7))],
)
def test_attributes_at_other_bits_are_refused_by_name(monkeypatch: pytest.MonkeyPatch, what: str, bits: Bits) -> None:
    library = libvterm.system()
    moved = bits if library.interface == "0.1" else Bits(strike=6, font=7)
    monkeypatch.setitem(cells.BITS, library.interface, moved)
    with pytest.raises(Refused, match=f"does not keep cells as libvterm {library.interface} does .{what}"):
        proof.prove(library)


def test_a_pen_with_other_numbers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painted, "_FONT", {"0.1": 1, "0.3": 1})
    with pytest.raises(Refused, match=r"\(the pen\); install another version"):
        proof.prove(libvterm.system())


def test_changes_nobody_hears_of_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(painted.Changes, "damaged", lambda self, rectangle: None)
    with pytest.raises(Refused, match=r"\(what changed"):
        proof.prove(libvterm.system())
