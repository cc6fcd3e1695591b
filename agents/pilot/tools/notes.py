"""Tools that touch nothing but the session: the plan, and the skills the user has."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from agents.pilot.instructions import Skill, skill_body
from agents.pilot.permissions import Access, Need
from agents.pilot.places import Project
from agents.pilot.providers.contract import ToolSpec
from agents.pilot.tools.contract import Job, Outcome, Progress, ToolError, schema, string, text_of

_STATUSES: Final = ("pending", "in_progress", "completed")
_NOTHING: Final = Need(Access.NONE)
_MOST: Final = 50


class UpdatePlan:
    """Shows the user what is planned and how far it is."""

    spec = ToolSpec(
        "update_plan",
        "Show the user your plan for work of several steps, whole each time. At most one step is in_progress.",
        schema(
            ("entries",),
            entries={
                "type": "array",
                "items": schema(
                    ("text", "status"),
                    text=string("one step, short"),
                    status={"type": "string", "enum": list(_STATUSES)},
                ),
            },
        ),
    )

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return the change of the plan."""
        entries = arguments.get("entries")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ToolError("“entries” must be a list of {text, status}")
        plan = tuple((text_of(entry, "text")[:400], _status(entry)) for entry in entries[:_MOST])

        async def run(_progress: Progress) -> Outcome:
            return Outcome("The plan is shown.", plan=plan)

        return Job("Update the plan", "think", _NOTHING, run, {})


def _status(entry: dict[str, Any]) -> str:
    status = entry.get("status")
    if status not in _STATUSES:
        raise ToolError(f"“status” must be one of {', '.join(_STATUSES)}")
    return str(status)


class ReadSkill:
    """Reads the body of a skill by its name; the names are in the system prompt."""

    spec = ToolSpec(
        "read_skill",
        "Read the instructions of one of the skills listed in your instructions, before you do what it is for.",
        schema(("name",), name=string("the name of the skill")),
    )

    def __init__(self, skills: Sequence[Skill]) -> None:
        self._skills = {skill.name: skill for skill in skills}

    def job(self, arguments: dict[str, Any], project: Project) -> Job:
        """Return the reading of a skill."""
        name = text_of(arguments, "name")
        skill = self._skills.get(name)
        if skill is None:
            known = ", ".join(self._skills) or "none"
            raise ToolError(f"there is no skill “{name[:60]}”; skills: {known}")

        async def run(_progress: Progress) -> Outcome:
            try:
                return Outcome(await asyncio.to_thread(skill_body, skill))
            except OSError as error:
                raise ToolError(f"{skill.path}: {error.strerror}") from error

        return Job(f"Read skill {name}", "read", _NOTHING, run, {"path": str(skill.path)}, ((str(skill.path), None),))
