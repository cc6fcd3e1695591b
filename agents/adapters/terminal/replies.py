"""Answers owed to a program that asks its terminal: in order, soon or never, and never more than it can be flooded by.

Pure over its state. What is late is dropped: whoever asked has gone on, and would take the answer for something typed.
"""

from __future__ import annotations

from typing import Final

from agents.adapters.terminal.state import Replies, Reply

#: Seconds after which a query is not answered any more.
LATE_S: Final = 2.0

#: Answers that may wait at once, how many may be given in a row, and how many a second in the long run: each is an
#: entry in a journal.
MOST_WAITING: Final = 64
BURST: Final = 64.0
PER_S: Final = 4.0

#: Longest answer to the queries of one mark, bytes.
LONGEST: Final = 16 * 1024


def owe(replies: Replies, data: bytes, now: float) -> None:
    """Note an answer to be written, unless the program asks too much."""
    replies.asked_at = now
    replies.left = min(BURST, replies.left + (now - replies.left_at) * PER_S)
    replies.left_at = now
    if len(replies.waiting) >= MOST_WAITING or replies.left < 1.0 or len(data) > LONGEST:
        return
    replies.left -= 1.0
    replies.count += 1
    replies.waiting.append(Reply(f"reply:{replies.count}", data, now))


def written(replies: Replies, key: str) -> None:
    """Forget an answer that is in the program."""
    replies.waiting = [reply for reply in replies.waiting if reply.key != key]


def echoed(replies: Replies, data: bytes) -> bool:
    """Forget the first answer that is exactly ``data``; tell whether there was one."""
    found = next((reply for reply in replies.waiting if reply.data == data), None)
    if found is not None:
        replies.waiting.remove(found)
    return found is not None


def expire(replies: Replies, now: float) -> None:
    """Drop what is late."""
    replies.waiting = [reply for reply in replies.waiting if now < reply.at + LATE_S]


def due(replies: Replies) -> float | None:
    """Return when the first of them is late."""
    return replies.waiting[0].at + LATE_S if replies.waiting else None
