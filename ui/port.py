"""What the window asks of a pane; ``ui.panes.agent_pane.AgentPane`` has it. The window knows panes by this alone."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Pane(Protocol):
    """A pane of one agent on the stage. Zones are values of ``app.commands.Zone``."""

    def zone(self) -> str:
        """Return the zone that has the keyboard, or would get it."""

    def zones(self) -> tuple[str, ...]:
        """Return the zones there are now, in the order F6 walks them: card, transcript or terminal, composer."""

    def focus_zone(self, zone: str) -> bool:
        """Give the keyboard to a zone; false when the pane has no such zone now."""

    def focus_card(self, after_next: bool) -> bool:
        """Give the keyboard to the permission card; false when there is none."""

    def focus_composer(self) -> bool:
        """Give the keyboard to the message field (or the terminal); false when there is none."""

    def perform(self, command: str) -> bool:
        """Do ``pane.…`` or, on the card under its guard, ``request.…``; false when it cannot."""

    def has_find(self) -> bool:
        """Tell whether something was searched, so that *next* means something."""
