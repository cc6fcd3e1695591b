from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.adapters.limits import cut_bytes, fit_diffs, size
from agents.model import Diff


@given(st.text(), st.integers(0, 50))
def test_cuts_never_exceed_the_limit_nor_split_a_character(text: str, limit: int) -> None:
    kept = cut_bytes(text, limit)
    assert text.startswith(kept)
    assert size(kept) <= limit
    if len(kept) < len(text):
        assert size(text[: len(kept) + 1]) > limit


def test_small_edits_are_left_alone() -> None:
    diffs = (Diff("a", "1\n", "2\n"), Diff("b", None, "3"))
    assert fit_diffs(diffs, 100) == diffs


def test_large_files_keep_the_edit_and_its_surroundings() -> None:
    lines = [f"{n}\n" for n in range(1000)]
    changed = [*lines[:500], "new\n", *lines[501:]]
    (shown,) = fit_diffs([Diff("a", "".join(lines), "".join(changed))], 1000)
    assert shown.new.splitlines()[0] == "… 480 equal lines …"
    assert shown.new.splitlines()[21] == "new"
    assert shown.new.splitlines()[-1] == "… 479 equal lines …"
    assert (shown.old or "").splitlines()[21] == "500"


def test_what_still_does_not_fit_is_cut_and_says_so() -> None:
    (shown, other) = fit_diffs([Diff("a", None, "x" * 5000), Diff("b", "y" * 5000, "z" * 5000)], 1000)
    assert shown.old is None
    assert shown.new.startswith("x" * 500 + "\n… 4500 more bytes")
    assert "4750 more bytes" in other.new


def test_identical_sides_have_no_lines_twice() -> None:
    text = "a\n" * 500
    (shown,) = fit_diffs([Diff("a", text, text + "b\n")], 400)
    assert shown.new.count("b\n") == 1
