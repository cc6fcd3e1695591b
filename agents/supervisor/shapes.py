"""As what each process of an agent ran: a session may go from one kind to another, and its log must say which when.

Values and look-ups; starts nothing and reads no file. What an incarnation ran as is in its launch record, so that a
replay reads every part of the log with the adapter that part was spoken to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from agents.adapters.registry import Family
from agents.spec import Kind, Spec


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one incarnation ran as, where its spec does not say it.

    ``session`` is the vendor's session it was given; with ``begun`` it is one that can be continued, else a new one
    under an id of ours. ``mode`` and ``model`` are those it had when it came from another kind. ``hooks`` are the
    events it was told to report, ``version`` the program's own where its terminal is read by version.
    """

    kind: str
    family: str
    argv: tuple[str, ...]
    pty: bool = False
    session: str | None = None
    begun: bool = False
    mode: str | None = None
    model: str | None = None
    hooks: tuple[str, ...] = ()
    version: str = ""


class Running(msgspec.Struct, frozen=True):
    """All an adapter is made of."""

    kind: Kind
    spec: Spec
    family: Family


class Shapes(Protocol):
    """What a replica asks about incarnations."""

    def of(self, incarnation: int) -> Shape | None:
        """Return the shape of an incarnation, ``None`` for that of the spec."""

    def running(self, shape: Shape | None) -> Running:
        """Return what an adapter of that shape is made of."""


class Unshaped:
    """An agent that never ran as anything but what its spec says. Implements ``Shapes``."""

    def __init__(self, own: Running) -> None:
        self._own = own

    def of(self, incarnation: int) -> Shape | None:
        """Return ``None``."""
        return None

    def running(self, shape: Shape | None) -> Running:
        """Return what the spec says."""
        return self._own


class Wardrobe:
    """The shapes of one agent, by its launch records. Implements ``Shapes``; owned by one unit."""

    def __init__(
        self,
        own: Running,
        launched: Mapping[int, Shape],
        families: Mapping[str, Family],
        kinds: Callable[[str], Kind | None],
    ) -> None:
        self._own = own
        self._launched = launched
        self._families = families
        self._kinds = kinds
        self._worn: dict[Shape, Running] = {}

    @property
    def own(self) -> Running:
        """Return what the spec says."""
        return self._own

    def at(self, incarnation: int) -> Running:
        """Return what an incarnation is made of."""
        return self.running(self.of(incarnation))

    def of(self, incarnation: int) -> Shape | None:
        """Return the shape of an incarnation; one whose family this version does not know counts as none."""
        shape = self._launched.get(incarnation)
        return shape if shape is not None and shape.family in self._families else None

    def running(self, shape: Shape | None) -> Running:
        """Return what an adapter of that shape is made of; a kind whose file is gone goes on without it."""
        if shape is None:
            return self._own
        if shape not in self._worn:
            self._worn[shape] = self._tailored(shape)
        return self._worn[shape]

    def _tailored(self, shape: Shape) -> Running:
        own = self._own
        kind = own.kind if shape.kind == own.kind.name else self._kinds(shape.kind)
        if kind is None or kind.family != shape.family:
            kind = Kind(name=shape.kind, family=shape.family, sessions=own.kind.sessions)
        spec = msgspec.structs.replace(
            own.spec,
            kind=shape.kind,
            family=shape.family,
            argv=shape.argv,
            pty=shape.pty,
            session_id=shape.session if shape.begun else own.spec.session_id,
            mode=shape.mode or (own.spec.mode if shape.kind == own.kind.name else kind.mode),
            model=shape.model or own.spec.model,
            version=shape.version,
        )
        return Running(kind, spec, self._families[shape.family])
