"""What an open request asks, in few words: for a headline, and for a card that says nothing twice.

Pure; knows no program. What an agent calls its request is not trusted to say what it would run: a command always does.
"""

from __future__ import annotations

import re
from typing import Final

from agents.model import Blocked, Request

#: How programs begin a question on their screen; behind “allow” it would be said twice.
_PREAMBLE: Final = re.compile(r"^(?:do you want to |would you like to )?(?:allow )?", re.IGNORECASE)


def subject(request: Request) -> str:
    """Return what follows “allow” or “asks”: the command, else the title without what only introduces it."""
    if request.kind is not Blocked.PERMISSION:
        return request.title
    if request.command:
        return request.command
    title = request.title.strip()
    return _PREAMBLE.sub("", title, count=1) if title.endswith("?") else title


def beyond(request: Request) -> str:
    """Return the detail without the lines that the title and the command say already."""
    told = {request.title.strip()}
    for line in (request.command or "").splitlines():
        told |= {line.strip(), f"$ {line.strip()}"}
    return "\n".join(line for line in request.detail.splitlines() if line.strip() not in told).strip("\n")
