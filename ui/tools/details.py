"""Details: where an agent runs, its session and process, its tokens. Read from its row alone."""

from __future__ import annotations

import time

from PySide6.QtWidgets import QWidget

from agents.model import AgentRow, Usage
from agents.status.words import CAUSES, DELIVERED
from ui.roster.look import money, place
from ui.session import Session
from ui.theme import Theme
from ui.tools.page import Page


class DetailsTool(Page):
    """Shows a row."""

    title_text = "Details"

    def __init__(self, _: Session, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Details", theme, parent)

    def show_agent(self, row: AgentRow | None) -> None:
        """Show ``row``."""
        if row is None:
            self.show_html(self.muted("Select an agent: this says where it runs, its session and its tokens."))
            return
        parts = [
            self.title(row.name),
            self.facts(
                (
                    ("kind", f"{row.kind} ({row.family})"),
                    ("project", place(row.project)),
                    ("directory", place(row.cwd)),
                    ("branch", row.branch or ""),
                    ("mode", row.mode or ""),
                    ("model", row.model or ""),
                    ("models", ", ".join(model.id for model in row.models)),
                    ("labels", ", ".join(row.labels)),
                    ("note", row.note),
                )
            ),
            self.title("Process"),
            self.facts(
                (
                    ("id", row.id),
                    ("pid", str(row.pid or "")),
                    ("session", row.session_id or ""),
                    ("started", _moment(row.created_at)),
                    ("turn", str(row.turn_number or "")),
                    ("message", _delivery(row)),
                    ("cause", "" if row.cause is None else CAUSES[row.cause] or row.cause.value),
                    ("background", str(row.background or "")),
                    ("ended", _end(row)),
                    ("output", _size(row.out_size)),
                    ("errors", _size(row.err_size)),
                )
            ),
            self.title("Tokens"),
            self.facts(tokens(row.usage)) if any(value for _, value in tokens(row.usage)) else self.muted("unknown"),
        ]
        self.show_html("".join(parts))


def tokens(usage: Usage) -> tuple[tuple[str, str], ...]:
    """Return what is known about tokens; unknown is left empty, never zero."""
    context = _count(usage.context_used)
    if context and usage.context_size:
        context += f" of {_count(usage.context_size)}"
    return (
        ("input", _count(usage.input_tokens)),
        ("output", _count(usage.output_tokens)),
        ("cache read", _count(usage.cache_read_tokens)),
        ("cache write", _count(usage.cache_write_tokens)),
        ("context", context),
        ("list price", money(usage.cost)),
    )


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}".replace(",", " ")


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) if at else ""


def _delivery(row: AgentRow) -> str:
    found = row.delivery
    return "" if found is None else f"turn {found.turn} {DELIVERED[found.state]}"


def _end(row: AgentRow) -> str:
    if row.exit_signal is not None:
        return f"signal {row.exit_signal}"
    return "" if row.exit_code is None else f"exit code {row.exit_code}"


def _size(octets: int) -> str:
    if not octets:
        return ""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if octets >= size:
            return f"{octets / size:.1f} {unit}"
    return f"{octets} bytes"
