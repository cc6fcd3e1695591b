"""The tools a turn has, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.pilot.instructions import Skill
from agents.pilot.tools.contract import Tool
from agents.pilot.tools.files import EditFile, ReadFile, WriteFile
from agents.pilot.tools.notes import ReadSkill, UpdatePlan
from agents.pilot.tools.search import ListFiles, Search
from agents.pilot.tools.shell import Shell


def toolbox(env: Mapping[str, str], skills: Sequence[Skill]) -> dict[str, Tool]:
    """Return the tools; the one for skills only where there are some."""
    tools: list[Tool] = [ReadFile(), ListFiles(), Search(env), EditFile(), WriteFile(), Shell(env), UpdatePlan()]
    if skills:
        tools.append(ReadSkill(skills))
    return {tool.spec.name: tool for tool in tools}
