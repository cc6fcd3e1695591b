"""Sessions on the disk: what is listed, and that no file, however odd, hides another or is waited for."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from agents.sessions import claude, codex
from agents.sessions.lines import HEAD, TAIL, glance
from agents.sessions.saved import TITLE, is_id, title
from agents.sessions.stores import exists

ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"


def lines(*objects: Any) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in objects)


def user(text: Any, cwd: Path, **more: Any) -> dict[str, Any]:
    return {"type": "user", "message": {"role": "user", "content": text}, "cwd": str(cwd), "sessionId": ONE, **more}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "my project"
    path.mkdir()
    return path


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude"), "CODEX_HOME": str(tmp_path / "codex"), "HOME": "/nowhere"}


@pytest.fixture
def folder(env: dict[str, str], project: Path) -> Path:
    path = claude.folder(env) / claude.munged(project)
    path.mkdir(parents=True)
    return path


# ---------------------------------------------------------------- Claude Code


def test_a_project_s_sessions_are_listed_the_newest_first(env: dict[str, str], project: Path, folder: Path) -> None:
    (folder / f"{ONE}.jsonl").write_bytes(lines({"type": "mode"}, user("fix the login", project)))
    (folder / f"{TWO}.jsonl").write_bytes(lines(user([{"type": "text", "text": "write docs"}], project)))
    os.utime(folder / f"{ONE}.jsonl", (100, 100))
    found = list(claude.sessions(env, project))
    assert [(s.id, s.title, s.cwd) for s in found] == [
        (TWO, "write docs", str(project)),
        (ONE, "fix the login", str(project)),
    ]
    assert found[1].used_at == 100
    assert found[1].size == (folder / f"{ONE}.jsonl").stat().st_size


def test_nothing_is_listed_where_nothing_is(env: dict[str, str], tmp_path: Path) -> None:
    assert list(claude.sessions(env, tmp_path)) == []
    assert list(codex.sessions(env, tmp_path)) == []
    assert list(claude.sessions({"HOME": str(tmp_path)}, tmp_path)) == []


def test_two_projects_that_share_a_folder_are_told_apart(env: dict[str, str], tmp_path: Path) -> None:
    one, two = tmp_path / "a-b", tmp_path / "a.b"
    assert claude.munged(one) == claude.munged(two)
    place = claude.folder(env) / claude.munged(one)
    place.mkdir(parents=True)
    (place / f"{ONE}.jsonl").write_bytes(lines(user("of one", one)))
    (place / f"{TWO}.jsonl").write_bytes(lines(user("of two", two)))
    assert [s.title for s in claude.sessions(env, one)] == ["of one"]
    assert [s.title for s in claude.sessions(env, two)] == ["of two"]


def test_a_project_is_found_by_any_of_its_names(
    env: dict[str, str], project: Path, folder: Path, tmp_path: Path
) -> None:
    (folder / f"{ONE}.jsonl").write_bytes(lines(user("hello", project)))
    link = tmp_path / "link"
    link.symlink_to(project)
    assert [s.id for s in claude.sessions(env, link)] == [ONE]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([{"type": "summary", "summary": "A summary"}], "A summary"),
        ([{"type": "summary", "summary": "A summary"}, {"said": "the words"}], "the words"),
        ([{"said": "the words"}, {"type": "ai-title", "aiTitle": "Made up"}], "Made up"),
        (
            [{"said": "x"}, {"type": "ai-title", "aiTitle": "Made"}, {"type": "custom-title", "customTitle": "Mine"}],
            "Mine",
        ),
        ([{"said": "meta", "isMeta": True}, {"said": "side", "isSidechain": True}, {"said": "real"}], "real"),
        ([{"said": "<command-name>/clear</command-name>"}, {"said": "Caveat: x"}, {"said": "real"}], "real"),
        ([{"said": "use sk-ant-" + "wxyz0123456789abcdef"}], "use "),
        ([{"said": "a\x1b[31mb\u202ec\n\nd"}], "abc d"),
        ([{"said": 5}, {"said": [{"type": "image"}, 3]}], ""),
        ([], ""),
    ],
)
def test_its_title(said: list[Any], expected: str, env: dict[str, str], project: Path, folder: Path) -> None:
    objects = []
    for each in said:
        more = {k: v for k, v in each.items() if k != "said"}
        objects.append(user(each["said"], project, **more) if "said" in each else each)
    (folder / f"{ONE}.jsonl").write_bytes(lines({"type": "attachment", "cwd": str(project)}, *objects))
    (found,) = claude.sessions(env, project)
    assert found.title.startswith(expected) if expected else found.title == ""
    assert "wxyz" not in found.title
    assert len(found.title) <= TITLE


def test_odd_files_hide_no_other(env: dict[str, str], project: Path, folder: Path, tmp_path: Path) -> None:
    (folder / f"{ONE}.jsonl").write_bytes(
        b"\xff\xfe{{{\n[1,2]\n" + b"[" * 50_000 + b"\n" + lines(user("still", project))
    )
    (folder / "agent-7.jsonl").write_bytes(lines(user("a subagent's", project)))
    (folder / f"{TWO[:-1]}3.jsonl").write_bytes(b"")
    (folder / f"{TWO[:-1]}4.jsonl").mkdir()
    os.mkfifo(folder / f"{TWO[:-1]}5.jsonl")
    (folder / f"{TWO[:-1]}6.jsonl").symlink_to(tmp_path / "gone")
    (folder / f"{TWO[:-1]}7.jsonl").symlink_to("/dev/zero")
    begun = time.monotonic()
    assert [s.title for s in claude.sessions(env, project)] == ["still"]
    assert time.monotonic() - begun < 30


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_hides_no_other(env: dict[str, str], project: Path, folder: Path) -> None:
    (folder / f"{ONE}.jsonl").write_bytes(lines(user("mine", project)))
    (folder / f"{TWO}.jsonl").write_bytes(lines(user("not mine", project)))
    (folder / f"{TWO}.jsonl").chmod(0)
    assert [s.title for s in claude.sessions(env, project)] == ["mine"]


def test_a_huge_file_is_read_at_its_ends_only(env: dict[str, str], project: Path, folder: Path) -> None:
    path = folder / f"{ONE}.jsonl"
    with path.open("wb") as file:
        file.write(lines(user("the first words", project)))
        file.truncate(8 * 1024**3)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + lines({"type": "ai-title", "aiTitle": "The end"}))
    begun = time.monotonic()
    (found,) = claude.sessions(env, project)
    assert found.title == "The end"
    assert found.size > 8 * 1024**3
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("size", [0, 10, HEAD - 1, HEAD, HEAD + 1, HEAD + TAIL - 1, HEAD + TAIL, HEAD + TAIL + 1])
def test_no_line_is_cut_or_told_twice(size: int, tmp_path: Path) -> None:
    line = lines({"n": 1})
    body = line * (size // len(line)) + b"x" * (size % len(line))
    (tmp_path / "f").write_bytes(body)
    seen = glance(tmp_path / "f")
    whole = size // len(line)
    told = len(seen.head) + len(seen.tail)
    assert told == whole if size <= HEAD + TAIL else whole - 3 <= told <= whole
    assert all(each == {"n": 1} for each in (*seen.head, *seen.tail))


def test_whether_a_session_is_there(env: dict[str, str], project: Path, folder: Path) -> None:
    assert exists("claude", {"CLAUDE_CONFIG_DIR": "/nowhere"}, ONE) is None
    assert exists("claude", env, ONE) is False
    (folder / f"{ONE}.jsonl").write_bytes(lines(user("hello", project)))
    assert exists("claude", env, ONE) is True
    assert exists("claude", env, "../../x") is None
    assert exists("parrot", env, ONE) is None


# ---------------------------------------------------------------- Codex


def rollout(env: dict[str, str], name: str, *objects: Any, day: str = "2026/11/21") -> Path:
    place = codex.folder(env) / day
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"rollout-{name}.jsonl"
    path.write_bytes(lines(*objects))
    return path


def meta(session: str, cwd: Path) -> dict[str, Any]:
    payload = {"id": session, "cwd": str(cwd), "cli_version": "0.169.0", "base_instructions": {"text": "x" * 30_000}}
    return {"timestamp": "t", "type": "session_meta", "payload": payload}


def message(*texts: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text} for text in texts]
    return {"type": "response_item", "payload": {"type": "message", "role": "user", "content": content}}


def test_codex_sessions_are_those_of_the_project(env: dict[str, str], project: Path, tmp_path: Path) -> None:
    rollout(env, "2026-11-20T10", meta(ONE, project), message("<environment_context>x", "fix it"), day="2026/11/20")
    event = {"type": "event_msg", "payload": {"type": "user_message", "message": "the docs"}}
    rollout(env, "2026-11-21T10", meta(TWO, project), message("# AGENTS.md instructions"), event)
    rollout(env, "2026-11-21T11", meta(TWO, tmp_path), message("elsewhere"))
    rollout(env, "2026-11-21T12", {"id": ONE[:-1] + "9", "cwd": str(project)}, message("an older format"))
    found = [(s.id, s.title) for s in codex.sessions(env, project)]
    assert found == [(ONE[:-1] + "9", "an older format"), (TWO, "the docs"), (ONE, "fix it")]


@pytest.mark.parametrize(
    "first",
    [{}, {"type": "session_meta"}, meta("--yolo", Path("/x")), {"type": "session_meta", "payload": {"id": ONE}}],
)
def test_a_rollout_that_is_none_is_left_out(first: Any, env: dict[str, str], project: Path) -> None:
    rollout(env, "a", first)
    rollout(
        env, "b", meta(ONE, project), {"payload": 3}, {"payload": {"type": "message", "role": "user", "content": [4]}}
    )
    (codex.folder(env) / "2026/11/21/rollout-c.jsonl").symlink_to("/dev/zero")
    assert [(s.id, s.title) for s in codex.sessions(env, project)] == [(ONE, "")]


# ---------------------------------------------------------------- ids and titles


@pytest.mark.parametrize("value", ["-x", "--resume", "", "a", "a b c d", "x" * 129, "a/b/c/d", 7, None, "abc\n"])
def test_what_is_no_id(value: Any) -> None:
    assert not is_id(value)


def test_titles_are_cut() -> None:
    assert len(title("word " * 1000)) <= TITLE
