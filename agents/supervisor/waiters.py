"""People and programs waiting for a state: looked at now, then at every change, so that nothing is missed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Waiters(Generic[T]):
    """Owned by one unit; ``check`` is called whenever anything about it may differ."""

    def __init__(self) -> None:
        self._open: list[tuple[Callable[[], T | None], asyncio.Future[T]]] = []

    def __bool__(self) -> bool:
        """Tell whether anybody waits."""
        return bool(self._open)

    async def until(self, reached: Callable[[], T | None], timeout_s: float | None) -> T:
        """Return the first value of ``reached`` that is not ``None``. Raises TimeoutError after ``timeout_s``."""
        now = reached()
        if now is not None:
            return now
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        entry = (reached, future)
        self._open.append(entry)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        finally:
            self._open.remove(entry)

    def check(self) -> None:
        """Wake those whose state is reached."""
        for reached, future in tuple(self._open):
            if not future.done():
                value = reached()
                if value is not None:
                    future.set_result(value)
