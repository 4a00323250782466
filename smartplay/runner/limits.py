"""What ends a run before its last episode: its budget, its time, a service that is out of order.

A stopped run is resumable: the same command takes up where it stopped.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from smartplay.errors import UsageError
from smartplay.prices import Price, Prices, read_prices
from smartplay.records import RunHeader, Usage
from smartplay.runner.episode import NO_ACCESS, Outcome

IN_A_ROW = 5


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may cost.

    Attributes:
        tokens: Most tokens, read and written, of the whole run, over all its sessions.
        cost: Most money of the whole run, in the currency of the prices.
        prices: The file of prices.
        seconds: Most wall-clock time of this session.
    """

    tokens: int | None = None
    cost: float | None = None
    prices: Path | None = None
    seconds: float | None = None

    def price(self, header: RunHeader) -> tuple[Price | None, str]:
        """The price that is counted with, and its currency.

        Raises:
            UsageError: If a limit is not positive, or the cost is limited without a price.
        """
        for name, value in (("tokens", self.tokens), ("cost", self.cost), ("time", self.seconds)):
            if value is not None and not value > 0:  # nor is what is no number
                raise UsageError(f"the most {name} of a run must be more than 0, not {value}")
        if self.prices is None:
            if self.cost is not None:
                raise UsageError("a limit on the cost needs a file of prices: --prices FILE")
            return None, ""
        prices: Prices = read_prices(self.prices)
        found = prices.find(header.agent, header.agent_settings)
        if found is None:
            raise UsageError(f"{self.prices} has no price for {header.agent}")
        return found, prices.currency


class Stopped(BaseException):
    """Ends an episode, between two calls or steps, of a run that is to stop."""


class Watch:
    """Counts what a run spends and notices when it is to stop; safe to use from any thread.

    Args:
        limits: What it may cost.
        price: What tokens cost; None if that is not counted.
        currency: What the price is in.
        spent: Tokens spent in earlier sessions.

    Attributes:
        reason: Why the run stops; None while it goes on.
    """

    def __init__(self, limits: Limits, price: Price | None, currency: str, spent: Usage) -> None:
        self._limits, self._price, self._currency = limits, price, currency
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._spent = spent
        self._failures = 0
        self._any_reply = False
        self._on_stop: Callable[[], Any] | None = None
        self.reason: str | None = None
        self._compare(spent)

    def at_least(self, spent: Usage) -> None:
        """Correct what was spent in earlier sessions, of which there may be two accounts."""
        with self._lock:
            self._spent = max(self._spent, spent, key=_tokens)
        self._compare(self._spent)

    @property
    def seconds(self) -> float | None:
        """Time left; None if it is not limited."""
        limit = self._limits.seconds
        return None if limit is None else self._started + limit - time.monotonic()

    def check(self) -> None:
        """Raise if the run is to stop.

        Raises:
            Stopped: If so.
        """
        left = self.seconds
        if left is not None and left <= 0:
            self.time_over()
        if self.reason is not None:
            raise Stopped

    def spend(self, usage: Usage) -> None:
        """Count the tokens of calls that succeeded just now."""
        with self._lock:
            self._spent = spent = self._spent + usage
            self._any_reply, self._failures = True, 0
        self._compare(spent)

    def _compare(self, spent: Usage) -> None:
        tokens, limits = _tokens(spent), self._limits
        if limits.tokens is not None and tokens >= limits.tokens:
            self.stop(f"{tokens} tokens are spent of at most {limits.tokens}")
        if limits.cost is not None and self._price is not None:
            cost = self._price.of(spent)
            if cost >= limits.cost:
                currency = self._currency
                self.stop(f"{cost:.4g} {currency} are spent of at most {limits.cost:g} {currency}")

    def episode(self, outcome: Outcome) -> None:
        """Notice whether the service is out of order: no call succeeds any more."""
        if not outcome.fault:
            return
        with self._lock:
            self._failures += 1
            failures, hopeless = self._failures, outcome.fault == NO_ACCESS and not self._any_reply
        cause = (outcome.record.error or "").partition(": ")[2]
        if hopeless:
            self.stop(f"no call can succeed: {cause}")
        elif failures >= IN_A_ROW:
            self.stop(f"the calls of {failures} episodes failed and none succeeded: {cause}")

    def time_over(self) -> None:
        """Stop because the time is over."""
        self.stop(f"the {self._limits.seconds:g} seconds it was given are over")

    def stop(self, reason: str) -> None:
        """Stop the run; the first reason counts."""
        with self._lock:
            if self.reason is not None:
                return
            self.reason = reason
            call = self._on_stop
        if call is not None:
            call()

    def on_stop(self, call: Callable[[], Any] | None) -> None:
        """Have this called once, from whatever thread, when the run is to stop."""
        with self._lock:
            self._on_stop = call
            stopped = self.reason is not None
        if call is not None and stopped:
            call()


@contextmanager
def heeded(watch: Watch, wind_up: Callable[[], Any]) -> Iterator[None]:
    """Have this called on the running event loop when the run is to stop, its time included."""
    loop = asyncio.get_running_loop()
    watch.on_stop(lambda: loop.call_soon_threadsafe(wind_up))
    seconds = watch.seconds
    timer = None if seconds is None else loop.call_later(max(0.0, seconds), watch.time_over)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        watch.on_stop(None)


def _tokens(usage: Usage) -> int:
    return usage.prompt + usage.completion
