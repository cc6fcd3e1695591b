"""The file the rules lie in: JSON lines, appended and synced, never rewritten; what was taken away can be put back.

Judges nothing (``agents.status.rules`` does). A file of a newer version counts as no rules at all: then all is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from agents.jsonrpc import ErrorCode, RpcError
from agents.model import Rule
from agents.status.rules import problem

#: Version of the file; its first line says it.
VERSION = 1


class Rulebook:
    """Owned by the supervisor. ``revision`` grows with every change."""

    def __init__(self, path: Path, wall: Callable[[], float]) -> None:
        self._path = path
        self._wall = wall
        self._rules: dict[int, Rule] = {}
        self._removed: dict[int, Rule] = {}
        self._is_foreign = False
        self._is_torn = False
        self.problems: tuple[str, ...] = ()
        self.revision = 0

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules there are, also expired ones."""
        return tuple(self._rules.values())

    @property
    def removed(self) -> tuple[Rule, ...]:
        """Return what was taken away and can be put back."""
        return tuple(self._removed.values())

    def load(self) -> None:
        """Read the file; what is wrong with it is in ``problems`` and is skipped."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            self._is_foreign = True
            self.problems = (f"{self._path} cannot be read ({error.strerror}): no rule applies, everything is asked",)
            return
        self._is_torn = bool(data) and not data.endswith(b"\n")
        lines = data.split(b"\n")
        problems = []
        for number, line in enumerate(lines[:-1], 1):
            wrong = self._read(line, number)
            if self._is_foreign:
                self._rules, self._removed = {}, {}
                self.problems = (f"{self._path}: {wrong}",)
                return
            if wrong:
                problems.append(f"{self._path}:{number}: {wrong}; skipped")
        self.problems = tuple(problems)

    def _read(self, line: bytes, number: int) -> str:
        """Take one line; return what is wrong with it."""
        try:
            record: dict[str, Any] = msgspec.json.decode(line, type=dict[str, Any])
            if number == 1:
                self._is_foreign = record.get("v") != VERSION
                return "" if not self._is_foreign else "it is of another version: no rule applies, everything is asked"
            self._take(record)
        except (KeyError, TypeError, ValueError, msgspec.DecodeError) as error:
            self._is_foreign = number == 1
            return f"not understood ({error!r})"
        return ""

    def _take(self, record: dict[str, Any]) -> None:
        match record["t"]:
            case "added":
                rule = msgspec.convert(record["rule"], Rule)
                wrong = problem(rule)
                if wrong:
                    raise ValueError(wrong)
                self._rules[rule.id] = rule
            case "removed":
                self._removed[int(record["id"])] = self._rules.pop(int(record["id"]))
            case "restored":
                self._rules[int(record["id"])] = self._removed.pop(int(record["id"]))
            case other:
                raise ValueError(f"unknown record {other!r}")
        self.revision += 1

    # -- changing

    def add(self, rule: Rule) -> Rule:
        """Add a rule under a number no other ever had. Raises RpcError saying why it cannot be."""
        wrong = problem(rule)
        if wrong:
            raise RpcError(ErrorCode.INVALID_PARAMS, wrong)
        now = self._wall()
        if rule.expires is not None and rule.expires <= now:
            raise RpcError(ErrorCode.INVALID_PARAMS, "the rule would have expired already")
        number = 1 + max((*self._rules, *self._removed), default=0)
        rule = msgspec.structs.replace(rule, id=number, created_at=now)
        self._write({"t": "added", "at": now, "rule": msgspec.to_builtins(rule)})
        return rule

    def remove(self, number: int, *, undo: bool = False) -> Rule:
        """Take a rule away, or put it back. Raises RpcError when there is none of that number."""
        held = self._removed if undo else self._rules
        rule = held.get(number)
        if rule is None:
            known = ", ".join(str(one) for one in held) or "none"
            what = "removed rule" if undo else "rule"
            raise RpcError(ErrorCode.NOT_FOUND, f"there is no {what} {number}; there are: {known}")
        self._write({"t": "restored" if undo else "removed", "at": self._wall(), "id": number})
        return rule

    def _write(self, record: dict[str, Any]) -> None:
        if self._is_foreign:
            raise RpcError(ErrorCode.NOT_POSSIBLE, f"{self.problems[0]}; move the file away first")
        try:
            self._append(record)
        except OSError as error:
            text = f"{self._path} cannot be written ({error.strerror}); nothing was changed"
            raise RpcError(ErrorCode.NOT_POSSIBLE, text) from error
        self._take(record)

    def _append(self, record: dict[str, Any]) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            head = b"\n" if self._is_torn else b"" if size else msgspec.json.encode({"v": VERSION}) + b"\n"
            data = head + msgspec.json.encode(record) + b"\n"
            if os.write(descriptor, data) != len(data):
                os.ftruncate(descriptor, size)
                raise OSError(28, "no space left")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._is_torn = False
