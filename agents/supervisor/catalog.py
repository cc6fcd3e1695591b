"""The kinds that can be run, read anew from their files whenever somebody asks: users edit them while we run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from agents.adapters.kinds import KindSet, available, load_kinds
from agents.jsonrpc import ErrorCode, RpcError
from agents.spec import Kind, KindInfo, Spec
from agents.wire import Kinds


class Catalog:
    """Owned by the supervisor; ``path`` is the PATH that agents get, ``environ`` all they inherit."""

    def __init__(self, folders: Sequence[Path], path: str | None, environ: Mapping[str, str] | None = None) -> None:
        self._folders = folders
        self._path = path
        self._environ = environ
        self._known = KindSet({}, ())

    def reload(self) -> None:
        """Read the files."""
        self._known = load_kinds(self._folders)

    def listing(self) -> Kinds:
        """Return all kinds, and the problems of files that do not parse."""
        self.reload()
        return Kinds(self.infos(), self._known.problems)

    def infos(self) -> tuple[KindInfo, ...]:
        """Return the kinds as clients see them, as of the last reading."""
        return tuple(available(kind, self._which, self._environ) for kind in self._known.kinds.values())

    def find(self, name: str) -> Kind:
        """Return a kind by name. Raises RpcError naming those there are, and the files that do not parse."""
        self.reload()
        kind = self._known.kinds.get(name)
        if kind is not None:
            return kind
        known = ", ".join(sorted(k.name for k in self._known.kinds.values() if not k.hidden))
        broken = "".join(f"\n{problem}" for problem in self._known.problems)
        raise RpcError(ErrorCode.NOT_FOUND, f"there is no kind “{name}”; kinds: {known}{broken}")

    def all(self) -> tuple[Kind, ...]:
        """Return all kinds as of the last reading."""
        return tuple(self._known.kinds.values())

    def known(self, name: str) -> Kind | None:
        """Return a kind by name as of the last reading."""
        return self._known.kinds.get(name)

    def of(self, spec: Spec) -> Kind:
        """Return the kind of an agent there already is; one whose file is gone goes on without it."""
        return self._known.kinds.get(spec.kind) or Kind(name=spec.kind, family=spec.family)

    def _which(self, program: str) -> str | None:
        return shutil.which(program, path=self._path)
