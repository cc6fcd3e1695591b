"""What several declarations name: the groups of the help, and arguments that mean the same everywhere."""

from __future__ import annotations

from app.cli.declaration import Argument

FLEET, TALK, LIFE, LOGS, HOUSE = "See", "Answer and talk", "Start and end", "Logs", "The installation"

#: Groups in the order of the help.
GROUPS = (FLEET, TALK, LIFE, LOGS, HOUSE)

ID = Argument(("id",), "id, unique beginning of an id, or name of the agent")
