"""Writes: once each, acknowledged, bounded, and never a reason to disturb the agent."""

from __future__ import annotations

import hashlib
import os
import sys

from agents.model import Stream
from agents.runtime.link import HEADER
from tests.integration.runtime.conftest import Ear, Kept

MIB = 1024 * 1024

#: Reads stdin to its end, but only once a line came; prints how much and its digest.
SLOW_READER = """
import hashlib, os, sys, _signal
_signal.signal(_signal.SIGUSR1, lambda *_: None)
_signal.pthread_sigmask(_signal.SIG_BLOCK, [_signal.SIGUSR1])
print("waiting", flush=True)
_signal.sigwait([_signal.SIGUSR1])
data = sys.stdin.buffer.read()
print(len(data), hashlib.sha256(data).hexdigest())
"""


async def test_a_write_id_is_written_once_however_often_it_comes(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    for _ in range(3):
        link.write("one", b"1")
    link.write("two", b"2")
    await ear.until(lambda: ("two", "written", "") in ear.acks)
    link.write("one", b"1")
    link.close_stdin()
    await ear.exit()
    assert kept.out == b"12"
    assert kept.bytes(Stream.IN) == b"12"
    assert [ack for ack in ear.acks if ack[1] == "written"].count(("two", "written", "")) == 1
    assert ear.acks[-1] == ("one", "written", ""), "the present status is repeated"
    wrote = [(event["id"], event["offset"], event["length"]) for event in kept.events("wrote")]
    assert wrote == [("one", 0, 1), ("two", 1, 1)]


async def test_dedupe_holds_over_a_change_of_clients(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    link.write("intent", b"once")
    await ear.until(lambda: ("intent", "written", "") in ear.acks)
    link.close()
    link, ear = await kept.attach()
    link.write("intent", b"once")
    await ear.until(lambda: ear.acks)
    assert ear.acks == [("intent", "written", "")]
    link.close_stdin()
    await ear.exit()
    assert kept.out == b"once"


async def test_a_big_write_to_a_slow_reader_is_accepted_then_written_and_more_is_refused(kept: Kept) -> None:
    data = os.urandom(10 * MIB)
    link, ear = await kept.python(SLOW_READER)
    await ear.until(lambda: b"waiting" in kept.out)
    link.write("big", data)
    link.write("more", b"x")
    await ear.until(lambda: len(ear.acks) == 2)
    assert ear.acks == [("big", "accepted", ""), ("more", "refused", "full")]
    link.signal(10)
    await ear.until(lambda: ("big", "written", "") in ear.acks)
    link.write("more", b"x")
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0
    size, digest = kept.out.split()[1:]
    assert (int(size), digest.decode()) == (len(data) + 1, hashlib.sha256(data + b"x").hexdigest())
    assert kept.bytes(Stream.IN) == data + b"x"


async def test_a_write_after_the_end_of_input_is_refused(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "cat; read -t 600 < <(sleep 600)")
    link.close_stdin()
    await ear.until(lambda: kept.events("stdin_closed"))
    link.write("late", b"x")
    await ear.until(lambda: ear.acks)
    assert ear.acks == [("late", "refused", "closed")]


async def test_a_write_the_agent_will_never_read_is_refused_when_it_closes_stdin(kept: Kept) -> None:
    link, ear = await kept.run("bash", "-c", "read x; exec 0<&-; echo closed; sleep 600")
    await ear.until(lambda: kept.state().state == "running")
    link.write("go", b"\n")
    await ear.until(lambda: b"closed" in kept.out)
    link.write("lost", b"x" * MIB)
    await ear.until(lambda: ("lost", "refused", "closed") in ear.acks)
    assert kept.events("stdin_closed")
    assert [event["id"] for event in kept.events("wrote")] == ["go"]


async def test_an_empty_write_is_written(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    link.write("nothing", b"")
    await ear.until(lambda: ("nothing", "written", "") in ear.acks)


async def test_a_client_that_dies_mid_frame_loses_only_that_frame(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    link.write("whole", b"whole ")
    await ear.until(lambda: ("whole", "written", "") in ear.acks)
    transport = link._transport
    assert transport is not None
    transport.write(HEADER.pack(1000, ord("W")) + b"\x04\x00torn and then nothing")
    link.close()
    link, ear = await kept.attach()
    link.write("torn", b"again")
    link.close_stdin()
    await ear.exit()
    assert kept.out == b"whole again"


async def test_a_client_that_dies_while_bytes_wait_does_not_stop_the_write(kept: Kept) -> None:
    data = os.urandom(3 * MIB)
    link, ear = await kept.python(SLOW_READER)
    await ear.until(lambda: b"waiting" in kept.out)
    link.write("big", data)
    await ear.until(lambda: ear.acks)
    transport = link._transport
    assert transport is not None
    transport.abort()
    link, ear = await kept.attach()
    link.signal(10)
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0
    assert kept.out.split()[2].decode() == hashlib.sha256(data).hexdigest()
    assert ("big", "written", "") in ear.acks


async def test_a_client_that_does_not_read_is_dropped_and_the_agent_goes_on(kept: Kept) -> None:
    link, ear = await kept.run("cat")
    await ear.until(lambda: kept.state().state == "running")
    transport = link._transport
    assert transport is not None
    transport.pause_reading()
    for number in range(60_000):  # 3 MB of acknowledgements nobody reads
        link.write(f"{number}", b".")
    link, ear = await kept.attach(Ear())
    link.write("last", b"!")
    while (await ear.until(lambda: ear.acks))[-1] == ("last", "refused", "full"):  # the queue is still full of dots
        ear.acks.clear()
        link.write("last", b"!")
    link.close_stdin()
    assert (await ear.exit()).exit_code == 0
    assert kept.out.endswith(b".!")
    wrote = kept.events("wrote")
    assert len({event["id"] for event in wrote}) == len(wrote) == len(kept.out)


async def test_input_and_its_acknowledgement_are_in_one_order_with_output(kept: Kept) -> None:
    link, ear = await kept.run(sys.executable, "-c", "print(input() + '!')")
    link.write("q", b"hi\n")
    await ear.exit()
    streams = [mark.stream for mark, _ in kept.marks()]
    assert streams.index(Stream.IN) < streams.index(Stream.OUT)
    assert [data for mark, data in kept.marks() if mark.stream is Stream.OUT] == [b"hi!\n"]
