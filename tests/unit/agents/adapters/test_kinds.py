from __future__ import annotations

from pathlib import Path

import pytest

from agents.adapters.kinds import RESOURCES, available, launch_argv, load_kinds
from agents.model import Capability
from agents.spec import Kind


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    folder = tmp_path / "ours"
    folder.mkdir()
    return folder


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    folder = tmp_path / "theirs"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


GOOD = 'family = "acp"\ncommand = ["good", "--acp"]\n'


def test_the_kinds_we_ship_are_sound() -> None:
    found = load_kinds([RESOURCES / "agents"])
    assert found.problems == ()
    assert {"acp", "shell"} <= set(found.kinds)
    assert found.kinds["shell"].family == "terminal"
    assert found.kinds["shell"].command == ()


def test_a_kind_has_all_it_declares(ours: Path) -> None:
    path = write(
        ours,
        "full",
        """
        family = "acp"
        command = ["{python}", "{resources}/demo/agent.py"]
        title = "Full"
        description = "All keys"
        install = "npm i -g full"
        version_probe = ["full", "--version"]
        capabilities = ["prompt", "modes"]
        pty = false
        mode = "ask"
        auth_method = "key"
        resume = false
        demo = true
        hidden = true
        [env]
        HOME_OF_IT = "{resources}"
        [quirks]
        usage = "cumulative"
        """,
    )
    found = load_kinds([ours], python="/py", resources=Path("/res"))
    assert found.problems == ()
    assert found.kinds["full"] == Kind(
        name="full", family="acp", command=("/py", "/res/demo/agent.py"), title="Full", description="All keys",
        install="npm i -g full", version_probe=("full", "--version"), env={"HOME_OF_IT": "/res"},
        capabilities=(Capability.PROMPT, Capability.MODES), mode="ask", auth_method="key", resume=False, demo=True,
        hidden=True, quirks={"usage": "cumulative"}, source=str(path),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('family = "acp"\ncomand = ["x"]\n', 2, "unknown key “comand”, did you mean “command”?"),
        ('family = "acp"\nzzzzz = 1\n', 2, "unknown key “zzzzz”"),
        ('family = "acp"\n\ncommand = "x --acp"\n', 3, "“command” must be a list of non-empty strings"),
        ('command = ["x", ""]\nfamily = "acp"\n', 1, "“command” must be a list of non-empty strings"),
        ('family = "acp"\ncommand = ["x"]\npty = 1\n', 3, "“pty” must be true or false"),
        ('family = "acp"\ncommand = ["x"]\n[env]\nA = 1\n', 3, "“env” must be a table of strings"),
        (
            'family = "apc"\ncommand = ["x"]\n',
            1,
            "unknown family “apc”, did you mean “acp”?; families: acp, claude, codex, terminal",
        ),
        ('command = ["x"]\n', 1, "“family” is missing; one of acp, claude, codex, terminal"),
        ('family = "acp"\ncommand = []\n', 2, "“command” is empty"),
        ('family = "acp"\ncapabilities = ["promt"]\n', 2, "unknown capability “promt”, did you mean “prompt”?"),
        ('family = "acp"\ncommand = ["{pyhton}"]\n', 2, "unknown placeholder “{pyhton}”, did you mean “python”?"),
        ('family = "acp"\nname = "Not A Name"\n', 2, "“Not A Name” is no name"),
        ('family = "acp"\nextends = "nothing"\n', 2, "extends “nothing”, which is not there or has problems"),
        ('family = "acp"\nextends = "bad"\n', 2, "extends “bad”, which is not there"),
        ("family = \n", 1, "is not TOML"),
        ('a = "x"\nb = """\n', 3, "is not TOML"),
    ],
)
def test_problems_name_file_line_and_remedy_and_hide_no_other_kind(ours: Path, text: str, line: int, what: str) -> None:
    path = write(ours, "bad", text)
    write(ours, "good", GOOD)
    found = load_kinds([ours])
    assert set(found.kinds) == {"good"}
    (problem,) = found.problems
    assert problem.startswith(f"{path}:{line}: {what}")


def test_all_problems_of_a_file_are_told_at_once(ours: Path) -> None:
    write(ours, "bad", "pty = 1\nfoo = 2\nfamily = 3\n")
    assert [problem.split(":")[1] for problem in load_kinds([ours]).problems] == ["1", "2", "3"]


def test_files_that_cannot_be_read_are_problems(ours: Path) -> None:
    (ours / "binary.toml").write_bytes(b'family = "acp"\n\xff\xfe\n')
    (ours / "folder.toml").mkdir()
    write(ours, "good", GOOD)
    found = load_kinds([ours, ours / "absent"])
    assert set(found.kinds) == {"good"}
    assert [problem.rsplit("/", 1)[1] for problem in found.problems] == [
        "binary.toml:2: is not UTF-8",
        "folder.toml:1: cannot be read: Is a directory",
    ]


def test_a_users_kind_replaces_ours_and_can_build_on_it(ours: Path, theirs: Path) -> None:
    write(ours, "good", GOOD + 'title = "Good"\n[env]\nA = "1"\nB = "1"\n')
    write(theirs, "good", 'extends = "good"\nmode = "plan"\n[env]\nB = "2"\n')
    kind = load_kinds([ours, theirs]).kinds["good"]
    assert (kind.command, kind.mode, kind.title) == (("good", "--acp"), "plan", "Good")
    assert kind.env == {"A": "1", "B": "2"}
    assert kind.source == str(theirs / "good.toml")


def test_extending_goes_over_several_files_and_titles_are_not_inherited(ours: Path, theirs: Path) -> None:
    write(ours, "good", GOOD + 'title = "Good"\n')
    write(theirs, "better", 'extends = "good"\nmode = "a"\n')
    write(theirs, "best", 'extends = "better"\nname = "best-of-all"\nresume = false\n')
    kinds = load_kinds([ours, theirs]).kinds
    assert (kinds["best-of-all"].mode, kinds["best-of-all"].command) == ("a", ("good", "--acp"))
    assert kinds["better"].title == ""


def test_a_broken_override_leaves_the_kind_it_would_replace(ours: Path, theirs: Path) -> None:
    write(ours, "good", GOOD)
    path = write(theirs, "good", 'extends = "absent"\n')
    found = load_kinds([ours, theirs])
    assert found.kinds["good"].source == str(ours / "good.toml")
    assert found.problems[0].startswith(f"{path}:1: extends “absent”")


def test_circles_are_told(ours: Path) -> None:
    write(ours, "one", 'extends = "two"\n')
    write(ours, "two", 'extends = "one"\n')
    write(ours, "me", 'extends = "me"\n')
    found = load_kinds([ours])
    assert found.kinds == {}
    assert any("extends itself" in problem for problem in found.problems)
    assert len(found.problems) == 3


def test_one_name_twice_in_a_folder_is_a_problem(ours: Path) -> None:
    write(ours, "a", GOOD + 'name = "same"\n')
    write(ours, "b", GOOD + 'name = "same"\n')
    found = load_kinds([ours])
    assert found.kinds["same"].source.endswith("a.toml")
    assert found.problems[0].endswith("b.toml:3: kind “same” is already declared in a.toml")


def test_a_program_that_is_missing_comes_with_its_install_line() -> None:
    kind = Kind("x", "acp", ("x-agent", "--acp"), install="npm i -g x")
    info = available(kind, lambda _: None)
    assert (info.available, info.program) == (False, "x-agent")
    assert info.problem == "“x-agent” is not on PATH; install: npm i -g x"
    assert available(kind, lambda name: f"/bin/{name}").problem == ""
    assert available(Kind("shell", "terminal"), lambda _: None).available


def test_a_program_that_lacks_a_key_says_so_and_can_be_started_all_the_same() -> None:
    kind = Kind("x", "acp", ("x",), wants=("X_KEY", "X_URL"))
    info = available(kind, str, {"PATH": "/bin", "X_KEY": ""})
    assert info.available
    assert info.problem.startswith("no key: set X_KEY or X_URL and start the daemon again")
    assert "extends x" in info.problem
    assert available(kind, str, {"X_URL": "http://x"}).problem == ""
    assert available(kind, str).problem == "", "where nobody knows the environment nothing is missing"
    assert available(Kind("y", "acp", ("y",), env={"K": "1"}, wants=("K",)), str, {}).problem == ""
    assert available(Kind("z", "acp", ("z",), wants=("K",)), str, {}).problem.startswith("no key: set K and")


def test_the_argv_of_a_launch() -> None:
    assert launch_argv(Kind("x", "acp", ("x", "--acp")), ["-m", "y"]) == ("x", "--acp", "-m", "y")
    assert launch_argv(Kind("acp", "acp"), ["mine"]) == ("mine",)
    assert launch_argv(Kind("shell", "terminal"), ["bash", "-c", "x"]) == ("bash", "-c", "x")
    assert launch_argv(Kind("shell", "terminal"), [], shell="/bin/zsh") == ("/bin/zsh",)
    with pytest.raises(ValueError, match="kind “acp” needs a command: give it after “--”"):
        launch_argv(Kind("acp", "acp"), [])


def test_a_kind_that_builds_on_a_broken_one_is_told_apart(ours: Path) -> None:
    write(ours, "base", 'extends = "absent"\n')
    path = write(ours, "top", 'family = "acp"\nextends = "base"\n')
    problems = load_kinds([ours]).problems
    assert f"{path}:2: extends “base”, which has problems" in problems
    assert len(problems) == 2


def test_a_file_nested_beyond_reason_is_a_problem(ours: Path) -> None:
    path = write(ours, "deep", "a = " + "[" * 5000 + "]" * 5000 + "\n")
    (problem,) = load_kinds([ours]).problems
    assert problem.startswith(f"{path}:1: is ")
