"""A transcript as a pane holds it: numbered blocks, most of them not here, fetched a page at a time.

Qt-free. Blocks are kept around what is looked at; the daemon has them all.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterable

from agents.model import AgentId, Block, BlockKind, Diff
from agents.wire import Page, PageTranscript
from app.client.api import Caller
from app.diffrows import rows
from app.logsearch import Needle
from app.who import who

#: Blocks fetched at once, kept in memory, and looked through at once by a search.
PAGE = 60
KEPT = 1500
SEARCH_PAGE = 400

#: Blocks with hits a search remembers.
HIT_LIMIT = 20_000


class Transcript:
    """One agent's blocks; owned by a pane, lives in its loop. ``listener`` is told which blocks changed."""

    def __init__(self, agent: AgentId, caller: Caller, listener: Callable[[frozenset[int]], None]) -> None:
        self.total = 0
        self.opened = False
        self._agent = agent
        self._caller = caller
        self._listener = listener
        self._blocks: OrderedDict[int, Block] = OrderedDict()
        self._absent: set[int] = set()
        self._fetching: set[int] = set()

    def block(self, n: int) -> Block | None:
        """Return a block that is in memory."""
        found = self._blocks.get(n)
        if found is not None:
            self._blocks.move_to_end(n)
        return found

    def is_absent(self, n: int) -> bool:
        """Tell whether the daemon has no such block (its number was never used)."""
        return n in self._absent

    def apply(self, blocks: Iterable[Block]) -> None:
        """Take new revisions (``BlocksChanged``); an older one than known is ignored."""
        changed = set()
        for block in blocks:
            known = self._blocks.get(block.n)
            if known is not None and known.rev >= block.rev:
                continue
            self._blocks[block.n] = block
            self._blocks.move_to_end(block.n)
            self._absent.discard(block.n)
            changed.add(block.n)
            self.total = max(self.total, block.n + 1)
        while len(self._blocks) > KEPT:
            self._blocks.popitem(last=False)
        if changed:
            self._listener(frozenset(changed))

    async def open(self) -> None:
        """Fetch the newest page, at first and after a reconnect. Raises RpcError or ConnectionLost."""
        # What changed while nobody listened is unknown: an open block may have closed since.
        for n in [n for n, block in self._blocks.items() if block.open]:
            del self._blocks[n]
        page = await self._page(None, PAGE)
        self.total = max(self.total, page.total)
        self.opened = True
        self.apply(page.blocks)
        self._listener(frozenset())

    async def need(self, n: int) -> None:
        """Fetch the page around block ``n`` unless it is here or on its way."""
        if n in self._blocks or n in self._absent or n in self._fetching:
            return
        last = min(self.total, n + PAGE // 3)
        wanted = range(max(0, last - PAGE), last)
        self._fetching.update(wanted)
        try:
            page = await self._page(last, PAGE)
        finally:
            self._fetching.difference_update(wanted)
        self._absent.update(set(wanted) - {block.n for block in page.blocks} - self._blocks.keys())
        self.apply(page.blocks)
        self._listener(frozenset(wanted))

    async def _page(self, before: int | None, n: int) -> Page:
        page: Page = await self._caller.call("transcript.page", PageTranscript(self._agent, before, n))
        return page


class TranscriptSearch:
    """One search, newest blocks first; hits are block numbers, walking inside a block is the view's."""

    def __init__(self, transcript: Transcript, agent: AgentId, caller: Caller, needle: Needle) -> None:
        self.needle = needle
        self.done = False
        self.capped = False
        self.canceled = False
        self._transcript = transcript
        self._agent = agent
        self._caller = caller
        self._searched = 0
        self._newest_first = array("Q")
        self._appended = array("Q")

    @property
    def hits(self) -> array[int]:
        """Return the blocks found so far, ascending."""
        return array("Q", [*reversed(self._newest_first), *self._appended])

    @property
    def progress(self) -> float:
        """Return the share of the transcript that was searched, 0 to 1."""
        return min(1.0, self._searched / self._transcript.total) if self._transcript.total else 1.0

    def cancel(self) -> None:
        """End ``run`` at the next page."""
        self.canceled = True

    async def run(self, progress: Callable[[], None]) -> None:
        """Look through everything, telling after each page. Raises RpcError or ConnectionLost."""
        before = self._transcript.total
        while before > 0 and not self.canceled and not self.capped:
            page: Page = await self._caller.call(
                "transcript.page", PageTranscript(self._agent, before, min(before, SEARCH_PAGE))
            )
            if not page.blocks:
                break
            for block in reversed(page.blocks):
                if self.needle.in_text(block_text(block)):
                    self._newest_first.append(block.n)
            self._searched += before - page.blocks[0].n
            before = page.blocks[0].n
            self.capped = len(self._newest_first) >= HIT_LIMIT
            progress()
        self.done = not self.canceled
        progress()

    def changed(self, numbers: Iterable[int]) -> None:
        """Look at blocks that came or changed meanwhile."""
        for n in sorted(numbers):
            block = self._transcript.block(n)
            if block is None or not self.needle.in_text(block_text(block)):
                continue
            newest = max(
                self._newest_first[0] if self._newest_first else -1, self._appended[-1] if self._appended else -1
            )
            if n > newest:
                self._appended.append(n)

    def place(self, n: int) -> int | None:
        """Return the rank of block ``n`` among the hits, from 0, or ``None`` when it is none."""
        hits = self.hits
        place = bisect_left(hits, max(n, 0))
        return place if n >= 0 and place < len(hits) and hits[place] == n else None

    def after(self, n: int) -> int | None:
        """Return the first hit behind block ``n``, else the first of all."""
        hits = self.hits
        return hits[bisect_right(hits, n) % len(hits)] if hits else None

    def before(self, n: int) -> int | None:
        """Return the last hit before block ``n``, else the last of all."""
        hits = self.hits
        return hits[bisect_left(hits, n) - 1] if hits else None


def block_text(block: Block) -> str:
    """Return what a block says, as plain text: what a search looks through and a screen reader reads."""
    match block.kind:
        case BlockKind.TOOL if block.tool is not None:
            tool = block.tool
            command = tool.command if tool.command and tool.command not in tool.title else ""
            parts = [tool.title, command or "", *map(diff_text, tool.diffs), tool.output]
            return "\n".join(part for part in parts if part)
        case BlockKind.PLAN:
            return "\n".join(f"{'[x]' if e.status == 'completed' else '[ ]'} {e.text}" for e in block.plan)
        case BlockKind.PERMISSION if block.decision is not None:
            reason = f": {block.decision.reason}" if block.decision.reason else ""
            return f"{block.text}\n{decision_words(block)}{reason}"
        case _:
            return block.text


def block_markdown(block: Block) -> str:
    """Return a block as Markdown: messages as the agent wrote them, the rest quoted or fenced."""
    match block.kind:
        case BlockKind.MESSAGE:
            return block.text
        case BlockKind.USER | BlockKind.THOUGHT:
            return "\n".join(f"> {line}".rstrip() for line in block.text.split("\n"))
        case BlockKind.TOOL if block.tool is not None:
            body = "\n".join(filter(None, [*map(diff_text, block.tool.diffs), block.tool.output]))
            fence = "diff" if block.tool.diffs else ""
            return f"**{block.tool.title}**" + (f"\n\n```{fence}\n{body}\n```" if body else "")
        case BlockKind.PLAN:
            return "\n".join(f"- {line}" for line in block_text(block).split("\n"))
        case BlockKind.TURN:
            return "---"
        case _:
            return block_text(block)


def diff_text(diff: Diff) -> str:
    """Return an edit as text, the way it is shown."""
    shown = rows(diff)
    return "\n".join([shown.path, *(f"{row.sign} {row.text}" for row in shown.rows)])


def decision_words(block: Block) -> str:
    """Return how a request ended, and by whom."""
    decision = block.decision
    if decision is None:
        return "waits for you" if block.open else "ended without an answer"
    words = {
        "allowed": "allowed once",
        "always": "always allowed",
        "denied": "denied",
        "answered": "answered",
        "cancelled": "cancelled",
        "withdrawn": "withdrawn by the agent",
    }.get(decision.outcome, decision.outcome)
    return f"{words} by {who(decision.by)}" if decision.by else words
