"""Checkpoint and the rest equal the whole also when the streams come in other pieces than they were recorded in.

A keeper cuts a stream where it likes. The cuts between recorded marks are all in ``test_replica.py``.
"""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.adapters.registry import families
from agents.model import Mark, Stream
from agents.spec import Spec
from agents.supervisor.replica import Replica
from tests.unit.agents.adapters import test_codex_corpus as codex
from tests.unit.agents.adapters.dialogue import CORPUS, KINDS, Dialogue, kind_of, session_of, spec_of

#: Of Codex' recordings those that have most in them.
CODEX = {f"codex-{name}": name for name in ("interrupt", "killed", "mcp", "plan", "retry-401", "script", "steer")}
SESSIONS = sorted([path.stem for path in CORPUS.glob("*.jsonl")] + list(CODEX))
#: What a session cannot be understood without: the process before it.
BEFORE = {f"{kind}-resumed": f"{kind}-killed" for kind in ("opencode", "claude-agent-acp")}

Tape = list[tuple[Mark, bytes]]


@cache
def recorded(name: str) -> tuple[tuple[Mark, bytes], ...]:
    """Return the marks of a session, as the keeper would have recorded them."""
    if name in CODEX:
        return tuple(codex.Replay(CODEX[name]).drive.tape.marks)
    dialogue = Dialogue(kind_of(name), spec=_spec(name), can_resume=not name.endswith("-loaded"))
    for number, part in enumerate([*filter(None, [BEFORE.get(name)]), name], 1):
        dialogue.play(part, incarnation=number)
    dialogue.drive.ctl("exit", code=0, signal=None)
    return tuple(dialogue.drive.tape.marks)


def _spec(name: str) -> Spec:
    if name.endswith("-loaded"):
        return spec_of(kind_of(name), session_id=session_of(name))
    return spec_of(kind_of(name), fork_of=session_of(name) if name.endswith("-forked") else None)


def replica(name: str) -> Replica:
    if name in CODEX:
        return Replica(codex.KIND, codex.spec_of(CODEX[name]), families()["codex"], lambda _: None)
    return Replica(KINDS[kind_of(name)], _spec(name), families()["acp"], lambda _: None)


def again(name: str, saved: Replica) -> Replica:
    """Return the replica of a next daemon, which has the checkpoint only."""
    fresh = replica(name)
    fresh.restore(saved.dump(10), 10)
    return fresh


def cut_anew(tape: tuple[tuple[Mark, bytes], ...], size: int) -> Tape:
    """Return the same streams in other pieces: lines come in parts, and parts of several lines together."""
    out: Tape = []
    for mark, data in tape:
        step = len(data) if mark.stream is Stream.CTL else size
        for begin in range(0, len(data), step) if data else [0]:
            piece = data[begin : begin + step]
            fields = (len(out), mark.stream, mark.offset + begin, len(piece), mark.wall, mark.monotonic)
            out.append((Mark(*fields), piece))
    return out


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(SESSIONS), size=st.integers(40, 5000), data=st.data())
def test_any_cut_in_any_pieces(name: str, size: int, data: st.DataObject) -> None:
    tape = cut_anew(recorded(name), size)
    cut = data.draw(st.integers(0, len(tape)), label="cut")
    whole = replica(name)
    blocks = {}
    for mark, piece in tape[:cut]:
        blocks |= {block.n: block for block in whole.take(mark, piece).blocks}
    rest = again(name, whole)
    mine = dict(blocks)
    for mark, piece in tape[cut:]:
        blocks |= {block.n: block for block in whole.take(mark, piece).blocks}
        mine |= {block.n: block for block in rest.take(mark, piece).blocks}
    assert mine == blocks
    assert rest.dump(0) == whole.dump(0)
    # In which pieces it came changes nothing a user sees.
    texts = [block.text for block in blocks.values()]
    uncut = replica(name)
    plain = {}
    for mark, piece in recorded(name):
        plain |= {block.n: block for block in uncut.take(mark, piece).blocks}
    assert texts == [block.text for block in plain.values()]
    assert rest.conversation.usage == uncut.conversation.usage
