"""Explain: why an agent's status is what it is, with all evidence in rank order and what was ignored."""

from __future__ import annotations

import html
import time

from PySide6.QtWidgets import QWidget

from agents.model import AgentRow, Evidence
from agents.status.explaining import SOURCES, claim, facts
from agents.status.headline import GLYPHS, age
from agents.status.untrusted import one_line
from agents.status.words import CAUSES, attempts, moment, next_step
from agents.wire import AgentRef, Explained
from ui.session import Session
from ui.theme import Theme
from ui.tools.page import Page


class ExplainTool(Page):
    """Asks the daemon each time the agent's row changes while it is seen."""

    title_text = "Explain"

    def __init__(self, session: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Explain", theme, parent)
        self._session = session
        self._row: AgentRow | None = None
        self._asked = self._answered = 0

    @property
    def is_fresh(self) -> bool:
        """Tell whether what it shows is the answer to what was asked last."""
        return self._answered == self._asked

    def show_agent(self, row: AgentRow | None) -> None:
        """Explain ``row``."""
        self._row = row
        if row is None:
            self.show_html(self.muted("Select an agent: this says why its status is what it is."))
            return
        if not self._session.fleet.connected:
            self.show_html(self.muted("The evidence is with the daemon, which does not answer now."))
            return
        self._asked += 1
        self._session.spawner.spawn(self._ask(row, self._asked), f"explaining {row.name}")

    async def _ask(self, row: AgentRow, number: int) -> None:
        explained: Explained = await self._session.caller.call("agent.explain", AgentRef(row.id))
        # The user may have gone on while the daemon answered.
        if number == self._asked:
            self._answered = number
            self.show_html(self._html(explained))

    def _html(self, explained: Explained) -> str:
        row, now = explained.row, time.time()
        glyph = GLYPHS[row.state]
        role = self.theme.color(glyph.role).name()
        parts = [
            f'<p style="margin:0; font-size:{self.theme.font_ui.pixelSize() + 2}px; font-weight:600">'
            f"{html.escape(row.name)}</p>",
            f'<p style="margin:2px 0 0 0; color:{role}">{html.escape(row.headline)}</p>',
            self.muted(f"for {age(now - row.since)}") if row.since else "",
            self.title("Axes"),
            self.facts(
                (
                    ("lifecycle", row.lifecycle.value),
                    ("turn", row.turn.value + (f" ({row.blocked.value})" if row.blocked else "")),
                    ("health", row.health.value),
                    ("source", row.source),
                )
            ),
            *self._trouble(row),
            self.title("Evidence, strongest first"),
        ]
        if explained.why and explained.evidence:
            parts.append(self.muted(f"Chosen is {explained.why}."))
        parts += [self._evidence(e, now, is_chosen=e == explained.chosen) for e in explained.evidence]
        if not explained.evidence:
            parts.append(self.muted("None. Without evidence a turn is unknown, never idle."))
        if explained.ignored:
            parts.append(self.title("Ignored"))
            parts += [self.muted(reason) for reason in explained.ignored]
        if explained.rules:
            parts.append(self.title("Rules"))
            parts += [self.muted(reason) for reason in explained.rules]
        return "".join(parts)

    def _trouble(self, row: AgentRow) -> list[str]:
        """Return what the agent said is wrong around it, or why its last turn failed."""
        trouble = row.trouble
        if trouble is None and row.cause is None:
            return []
        cause = trouble.cause if trouble is not None else row.cause
        pairs = [("cause", f"{cause.value}: {CAUSES[cause]}".rstrip(": "))] if cause is not None else []
        if trouble is not None:
            status = f" (HTTP {trouble.status})" if trouble.status is not None else ""
            pairs += [
                ("says", f"{one_line(trouble.detail, 400)}{status}"),
                ("attempt", attempts(trouble).removeprefix("attempt ")),
                ("until", moment(trouble.until, trouble.since) if trouble.until is not None else ""),
            ]
        elif row.reason:
            pairs.append(("says", one_line(row.reason, 400)))
        pairs.append(("next", next_step(cause, trouble)))
        return [self.title("Trouble"), self.facts(pairs)]

    def _evidence(self, evidence: Evidence, now: float, *, is_chosen: bool) -> str:
        theme = self.theme
        color = theme.text if is_chosen else theme.muted
        mark = f' <span style="color:{theme.success.name()}">chosen</span>' if is_chosen else ""
        says = f"{int(evidence.rank)} · {SOURCES[evidence.rank]}: {claim(evidence)}"
        return (
            f'<p style="margin:8px 0 0 0; color:{color.name()}">{html.escape(says)}{mark}</p>'
            f"{self.facts(facts(evidence, now))}"
        )
