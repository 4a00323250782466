"""Adapts how many calls are under way at once to what the service can take.

The limit starts at its upper bound. It halves whenever calls are refused (status 429 and its kin)
or time out, and grows by one per round of calls that succeed. So it settles around what the service
can take, as TCP does, and follows changes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from smartplay.core.errors import TransientError

T = TypeVar("T")


class Pace:
    """Limits the calls under way, on one event loop.

    Args:
        most: The limit never exceeds it.

    Attributes:
        limit: Calls that may be under way at once now.
    """

    def __init__(self, most: int = 1024) -> None:
        self.set_most(most)

    def set_most(self, most: int) -> None:
        """Start anew with another upper bound, 1 or more."""
        self._most = most
        self.limit = float(most)
        self._round = 0
        self._under_way = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def __str__(self) -> str:
        """Such as `"12 of 64 calls at once"`."""
        return f"{int(self.limit)} of {self._most} calls at once"

    async def call(self, send: Callable[..., Awaitable[T]], *arguments: Any) -> T:
        """Wait for room, make a call, and learn from how it ends."""
        await self._enter()
        started = self._round
        try:
            reply = await send(*arguments)
        except TransientError as error:
            if error.busy:
                self._slower(started)
            raise
        else:
            self._faster()
            return reply
        finally:
            self._under_way -= 1
            self._let_in()

    async def _enter(self) -> None:
        if self._under_way < int(self.limit) and not self._waiting:
            self._under_way += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():  # let in and cancelled at once
                self._under_way -= 1
                self._let_in()
            raise

    def _let_in(self) -> None:
        while self._waiting and self._under_way < int(self.limit):
            place = self._waiting.popleft()
            if not place.done():
                self._under_way += 1
                place.set_result(None)

    def _faster(self) -> None:
        self.limit = min(self._most, self.limit + 1.0 / self.limit)

    def _slower(self, started: int) -> None:
        """Halve the limit, once for all calls that were under way together."""
        if started == self._round:
            self._round += 1
            self.limit = max(1.0, self.limit / 2)
