"""``doctor``: every finding names the thing and the next step."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from agents.spec import KindInfo
from agents.vt import libvterm
from agents.wire import DaemonStatus, DoctorFacts, Kinds, Leftover
from app import libraries
from app.cli import doctor
from app.client.launch import DaemonNotStarted
from app.libraries import LIBRARIES, TERMINAL, Library

ROOT = Path(__file__).resolve().parents[4]
STATUS = DaemonStatus(7, "0.1.0", 2, "e", 0.0, 1, "/h", "double-fork", rss=50_000_000)
FACTS = DoctorFacts(STATUS, (), 1000, 10**12)
KINDS = Kinds(
    (
        KindInfo("shell", "terminal", "Shell", "", available=True, program=""),
        KindInfo(
            "opencode", "acp", "opencode", "", available=False, program="opencode", install="npm i -g opencode-ai"
        ),
        KindInfo("demo-edit", "acp", "", "", available=True, program="python", demo=True),
    )
)


def checks(shell, **answers: object) -> dict[str, dict[str, str]]:
    with shell.daemon(
        {"daemon.doctor": FACTS, "kind.list": KINDS, **{k.replace("_", "."): v for k, v in answers.items()}}
    ):
        ran = shell("doctor", "--json")
    assert ran.json["ok"] is (ran.code == 0)
    return {check["name"]: check for check in ran.json["checks"]}


def test_a_sound_installation_has_no_problems(shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**12}))
    found = checks(shell)
    assert {check["state"] for check in found.values()} <= {"ok", "note"}
    for name in (
        "python",
        "pyside6-essentials",
        "pyside6-qtads",
        "libraries",
        "terminal core",
        "git",
        "state",
        "disk",
        "daemon",
        "shell",
    ):
        assert name in found
    assert found["daemon"]["detail"] == "pid 7, version 0.1.0, 2 agents, 50 MB"


def test_a_missing_program_is_a_note_with_its_install_line(shell) -> None:
    missing = checks(shell)["opencode"]
    assert (missing["state"], missing["next"]) == ("note", "npm i -g opencode-ai")


def test_faults_of_kind_files_are_problems_named_by_file_and_line_once(shell) -> None:
    fault = "/c/agents/x.toml:3: family: must be acp or terminal"
    facts = msgspec.structs.replace(FACTS, problems=(fault, "the index is torn"))
    with shell.daemon({"daemon.doctor": facts, "kind.list": msgspec.structs.replace(KINDS, problems=(fault,))}):
        ran = shell("doctor")
    assert ran.code == 1
    assert ran.out.count(fault) == 1
    assert "the index is torn" in ran.out
    assert ran.out.rstrip().endswith("2 problems")


def test_a_fault_in_a_file_of_rules_is_no_fault_of_a_kind(shell) -> None:
    faults = ("/c/status/odd.toml:21: “turn” must be one of idle", "/c/agents/odd.toml:1: is not UTF-8")
    with shell.daemon({"daemon.doctor": FACTS, "kind.list": msgspec.structs.replace(KINDS, problems=faults)}):
        lines = [line.split() for line in shell("doctor").out.splitlines() if "odd.toml" in line]
    assert [line[1:3] for line in lines] == [["rule", "file"], ["kind", "file"]]


def test_leftover_processes_are_listed_with_the_way_to_end_them(shell) -> None:
    facts = msgspec.structs.replace(FACTS, leftovers=(Leftover(99, "a1", "sleep \x1b[31m9"),))
    left = checks(shell, daemon_doctor=facts)["leftover"]
    assert (left["state"], left["detail"], left["next"]) == ("warning", "pid 99 of agent a1: sleep 9", "kill 99")


def test_a_daemon_that_does_not_start_is_a_problem_and_the_rest_is_still_checked(
    shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise DaemonNotStarted("it ended at once")

    monkeypatch.setattr("app.client.blocking.ensure_daemon", fail)
    ran = shell("doctor")
    assert ran.code == 1
    assert "it ended at once" in ran.out
    assert f"read {shell.home.log}" in ran.out
    assert "pyside6-essentials" in ran.out


def test_a_refused_home_is_a_problem(shell) -> None:
    ran = shell("doctor", QUARTERDECK_HOME="relative")
    assert ran.code == 1
    assert "give an absolute path" in ran.out


@pytest.mark.parametrize(("python", "qt", "ads"), [((3, 11), "6.11.2", "5.1.1"), ((3, 13), "6.12.0", "5.1.1.1")])
def test_qt_must_be_the_version_this_python_works_with(python: tuple[int, int], qt: str, ads: str) -> None:
    assert dict(doctor.pins(python)) == {"pyside6-essentials": qt, "pyside6-qtads": ads}
    found = {check.name: check for check in doctor.check_program(python, {"pyside6-essentials": "6.12.1"}.get)}
    assert found["pyside6-essentials"].state == "problem"
    assert found["pyside6-essentials"].detail == f"6.12.1, but {qt} is needed"
    assert f"'pyside6-essentials=={qt}'" in found["pyside6-essentials"].next
    assert found["pyside6-qtads"].detail == f"missing, {ads} is needed"


def test_missing_libraries_are_named_with_their_package() -> None:
    none = list(doctor.check_libraries(()))
    assert [check.state for check in none] == ["ok"]
    gone = (Library("libGL.so.1", "libgl1"), Library("libxcb-cursor.so.0", "libxcb-cursor0", window=True))
    problem, warning = doctor.check_libraries(gone)
    assert (problem.state, warning.state) == ("problem", "warning")
    assert "Debian: libgl1" in problem.detail
    assert problem.next == "sudo apt-get install libgl1 libxcb-cursor0"


def test_a_library_that_does_not_load_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "LIBRARIES", (Library("libc.so.6", "libc6"), Library("libnothere.so.1", "x")))
    assert [library.name for library in libraries.missing("linux")] == ["libnothere.so.1"]
    assert libraries.missing("darwin") == ()


def test_the_libraries_are_those_that_set_up_installs() -> None:
    script = (ROOT / "packaging" / "system-libraries.sh").read_text()
    installed = dict(re.findall(r"(lib[\w.+-]+\.so\.\d+)=([\w.+-]+)", script))
    assert {library.name: library.package for library in (*LIBRARIES, TERMINAL)} == installed


def test_a_missing_terminal_core_is_no_problem_but_named_with_its_package() -> None:
    assert doctor.check_terminal_core("", "linux").state == "ok"
    gone = doctor.check_terminal_core("no terminal core: libvterm.so.0 is not installed", "linux")
    assert (gone.state, gone.next) == ("warning", "sudo apt-get install libvterm0")
    assert "the screens of programs are not read: no terminal core" in gone.detail
    assert doctor.check_terminal_core("no terminal core", "darwin").next == "brew install libvterm"
    assert TERMINAL.name in libvterm.NAMES["linux"]


@pytest.mark.parametrize(("lingers", "states"), [(None, ["ok"]), (True, ["ok", "ok"]), (False, ["ok", "note"])])
def test_lingering(lingers: bool | None, states: list[str]) -> None:
    assert [check.state for check in doctor.check_launcher("systemd-scope", lingers)] == states


@pytest.mark.parametrize(("free", "state"), [(10**9 * 100, "ok"), (2 * 10**9, "warning"), (10**8, "problem")])
def test_little_disk_is_said(shell, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert checks(shell)["disk"]["state"] == state
