"""A daemon connection that records what it is asked; the end-to-end tests use the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from agents.wire import METHODS


class RecordingCaller:
    """Implements ``Caller`` and ``Spawner``: keeps calls in order, answers from ``answers`` by method.

    Work is stepped at once where it is spawned, so a test sees its calls without an event loop.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, msgspec.Struct]] = []
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.failures: list[tuple[str, Exception]] = []

    async def call(self, method: str, params: msgspec.Struct) -> Any:
        """Record; the params must be what the wire declares for the method."""
        assert type(params) is METHODS[method].params, f"{method} takes {METHODS[method].params}, got {type(params)}"
        self.calls.append((method, params))
        answer = self.answers.get(method)
        if answer is None:
            # What no test cares about stays unanswered, as with a slow daemon.
            raise Unanswered
        result = answer(params)
        assert isinstance(result, METHODS[method].result)
        return result

    def spawn(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Run ``work`` to its end, which must come without waiting."""
        try:
            work.send(None)
        except StopIteration:
            return
        except Unanswered:
            return
        except Exception as failure:  # noqa: BLE001  (the test looks at it)
            self.failures.append((what, failure))
            return
        work.close()
        raise AssertionError(f"{what} waits for something a test cannot give")

    def of(self, method: str) -> list[Any]:
        """Return the params of all calls of a method."""
        return [params for name, params in self.calls if name == method]


class Unanswered(asyncio.CancelledError):
    """Ends work whose answer no test gives."""
