"""AGENTS.md and skills: which are read, and that none is read from where it must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.pilot.instructions import LONGEST, Skill, front_matter, gather, skill_body
from agents.pilot.places import Project
from agents.pilot.tools.contract import ToolError
from agents.pilot.tools.notes import ReadSkill, UpdatePlan


def skill(folder: Path, name: str, text: str) -> Path:
    path = folder / name / "SKILL.md"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    (tmp_path / "repo" / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "home").mkdir()
    return tmp_path / "repo"


def test_the_nearest_agents_file_up_to_the_repository_counts(repo: Path) -> None:
    home = repo.parent / "home"
    (repo.parent / "AGENTS.md").write_text("above the repository")
    assert gather(Project(str(repo / "sub" / "deep")), home).read == ()
    (repo / "AGENTS.md").write_text("of the root")
    (repo / "sub" / "AGENTS.md").write_text("of sub")
    near = gather(Project(str(repo / "sub" / "deep")), home)
    assert "of sub" in near.text
    assert "of the root" not in near.text
    assert near.read == ((str(repo / "sub" / "AGENTS.md"), f"Read {repo / 'sub' / 'AGENTS.md'}"),)
    assert gather(Project(str(repo)), home).read == ((str(repo / "AGENTS.md"), "Read AGENTS.md"),)


def test_without_a_repository_only_the_directory_itself_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Whatever lies above the temporary folder of this machine.
    monkeypatch.setattr(Project, "repository", lambda _project: None)
    (tmp_path / "AGENTS.md").write_text("above")
    (tmp_path / "p").mkdir()
    assert gather(Project(str(tmp_path / "p")), tmp_path / "home").read == ()


def test_links_out_of_the_project_are_not_read(repo: Path) -> None:
    secret = repo.parent / "secret"
    secret.write_text("---\nname: x\ndescription: the secret\n---\n")
    (repo / "AGENTS.md").symlink_to(secret)
    (repo / ".agents" / "skills" / "x").mkdir(parents=True)
    (repo / ".agents" / "skills" / "x" / "SKILL.md").symlink_to(secret)
    told = gather(Project(str(repo)), repo.parent / "home")
    assert (told.read, told.skills) == ((), ())
    assert "the secret" not in told.text


def test_skills_of_the_project_come_before_the_users(repo: Path) -> None:
    home = repo.parent / "home"
    skill(repo / ".agents/skills", "one", "---\nname: one\ndescription: the project's\n---\nbody")
    skill(home / ".claude/skills", "one", "---\nname: one\ndescription: the user's\n---\nbody")
    elsewhere = skill(repo.parent / "elsewhere", "two", "---\ndescription: >\n  folded\n  text\n---\nbody two").parent
    (home / ".agents/skills").mkdir(parents=True)
    (home / ".agents/skills/two").symlink_to(elsewhere)
    skill(home / ".agents/skills", "broken", "no front matter")
    told = gather(Project(str(repo / "sub")), home)
    assert [(one.name, one.description) for one in told.skills] == [("one", "the project's"), ("two", "folded text")]
    assert "- one: the project's" in told.text
    assert skill_body(told.skills[1]).endswith("body two")


def test_an_agents_file_of_any_size_is_cut(repo: Path) -> None:
    (repo / "AGENTS.md").write_text("x" * (LONGEST + 10))
    assert gather(Project(str(repo)), repo).text.count("x" * 100) <= LONGEST // 100


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("name: a\ndescription: b: c", {"name": "a", "description": "b: c"}),
        ("name: \"q\"\ndescription: 'w'", {"name": "q", "description": "w"}),
        ("description: |\n  one\n  two\nname: x", {"description": "one two", "name": "x"}),
        ("- odd\n\tnothing", {}),
    ],
)
def test_front_matter(text: str, fields: dict[str, str]) -> None:
    assert front_matter(text) == fields


def test_a_skill_there_is_not_and_a_bad_plan_are_named(repo: Path) -> None:
    project = Project(str(repo))
    tool = ReadSkill([Skill("one", "d", repo / "gone")])
    with pytest.raises(ToolError, match="skills: one"):
        tool.job({"name": "two"}, project)
    for bad in ({}, {"entries": "x"}, {"entries": [1]}, {"entries": [{"text": "a", "status": "soon"}]}):
        with pytest.raises(ToolError, match=r"entries|status"):
            UpdatePlan().job(bad, project)
