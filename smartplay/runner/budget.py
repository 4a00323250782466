"""What ends a run before its last episode: its limits, or a service that is out of order.

A stopped run is resumable: the same command takes up where it stopped.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from smartplay.core.errors import UsageError
from smartplay.records import EpisodeRecord, RunHeader, Usage
from smartplay.records.prices import Price, Prices, read_prices
from smartplay.runner.episode import NO_ACCESS, NO_REPLY, Allowance, Outcome, Stopped

IN_A_ROW = 5
LEAST_SHARE = 1e-9
SPENT = "are spent of at most"
"""What is in the reason why a run stopped if it was its own limit."""
Spent = Mapping[str, Usage]
"""Tokens by model; those of models that an agent asks by itself under the agent's name."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may cost.

    Attributes:
        tokens: Most tokens, read and written, of the whole run, over all its sessions.
        cost: Most money of the whole run, in the currency of the prices.
        prices: The file of prices.
        seconds: Most wall-clock time of this session.
    """

    tokens: float | None = None
    cost: float | None = None
    prices: Path | None = None
    seconds: float | None = None

    @property
    def count_tokens(self) -> bool:
        """Whether it matters what calls cost."""
        return self.tokens is not None or self.cost is not None

    def find_prices(self, header: RunHeader, models: Iterable[str]) -> tuple[dict[str, Price], str]:
        """The prices that are counted with, by model, and their currency.

        Args:
            header: The run.
            models: The models as configured; none for an agent that asks by itself.

        Raises:
            UsageError: If a limit is not positive, or the cost is limited without a price.
        """
        for name, value in (("tokens", self.tokens), ("cost", self.cost), ("time", self.seconds)):
            if value is not None and not value > 0:  # nor is what is no number
                raise UsageError(f"the most {name} of a run must be more than 0, not {value}")
        if self.prices is None:
            if self.cost is not None:
                raise UsageError("a limit on the cost needs a file of prices: --prices FILE")
            return {}, ""
        prices: Prices = read_prices(self.prices)
        found = {}
        for name in list(models) or [header.agent]:
            price = prices.find(name, header.agent_settings if name == header.agent else {})
            if price is None:
                raise UsageError(f"{self.prices} has no price for {name}")
            found[name] = price
        return found, prices.currency


class Budget:
    """Counts what a run spends and notices when it is to stop; safe to use from any thread.

    Args:
        limits: What it may cost.
        prices: What tokens cost, by model; empty if that is not counted.
        currency: What the prices are in.
        spent: Tokens spent in earlier sessions.

    Attributes:
        spent: Tokens spent so far, by model.
        currency: As above.
    """

    def __init__(
        self,
        limits: Limits,
        prices: Mapping[str, Price] | None = None,
        currency: str = "",
        spent: Spent | None = None,
    ) -> None:
        self._limits, self._prices, self.currency = limits, prices or {}, currency
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self.spent = dict(spent or {})
        self._lent: list[Allowance] = []
        self._failures = 0
        self._any_reply, self._cause = False, ""
        self._on_stop: Callable[[], Any] | None = None
        self._reason: Callable[[], str] | None = None
        self._compare()

    @property
    def reason(self) -> str | None:
        """Why the run stops, in present figures; None while it goes on."""
        return None if self._reason is None else self._reason()

    @property
    def seconds(self) -> float | None:
        """Time left; None if it is not limited."""
        limit = self._limits.seconds
        return None if limit is None else self._started + limit - time.monotonic()

    @property
    def tokens(self) -> int:
        """Tokens spent so far."""
        return sum(usage.prompt + usage.completion for usage in self.spent.values())

    @property
    def cost(self) -> float:
        """Money spent so far, of what has a price."""
        return sum(self._prices[m].of(use) for m, use in self.spent.items() if m in self._prices)

    def check(self) -> None:
        """Raise if the run is to stop.

        Raises:
            Stopped: If so.
        """
        left = self.seconds
        if left is not None and left <= 0:
            self.time_over()
        if self._reason is not None:
            raise Stopped

    def spend(self, model: str, usage: Usage) -> None:
        """Count the tokens of a request that was answered just now."""
        with self._lock:
            self.spent[model] = self.spent.get(model, Usage()) + usage
            self._any_reply, self._failures = True, 0
        if self._limits.count_tokens and usage.prompt + usage.completion == 0:
            self.stop(
                f"{model} does not say how many tokens a call takes, so no limit on tokens or "
                "cost can be kept; run it without one"
            )
        self._compare()

    def _compare(self) -> None:
        limits, unit = self._limits, self.currency
        if limits.tokens is not None and self.tokens >= limits.tokens:
            self._stop(lambda: f"{self.tokens} tokens {SPENT} {limits.tokens}")
        if limits.cost is not None and self.cost >= limits.cost:
            most = f"{limits.cost:g} {unit}"
            self._stop(lambda: f"{self.cost:.4g} {unit} {SPENT} {most}")

    def lend(self, others: int) -> Allowance:
        """Reserve a share of what is left for an episode that is played elsewhere.

        Args:
            others: How many more may yet ask for a share at the same time.
        """
        with self._lock:
            allowance = Allowance(
                _share(self._limits.tokens, self.tokens, [a.tokens for a in self._lent], others),
                _share(self._limits.cost, self.cost, [a.cost for a in self._lent], others),
                dict(self._prices),
            )
            self._lent.append(allowance)
        return allowance

    def give_back(self, allowance: Allowance) -> None:
        """End a reservation; what was spent of it is counted by `spend`."""
        with self._lock:
            self._lent.remove(allowance)

    def episode(self, outcome: Outcome) -> None:
        """Notice whether the service is out of order: no call succeeds any more."""
        if outcome.fault not in (NO_ACCESS, NO_REPLY):
            return
        with self._lock:
            self._failures += 1
            self._cause = (outcome.record.error or "").partition(": ")[2]
            failures, hopeless = self._failures, outcome.fault == NO_ACCESS and not self._any_reply
        if hopeless:
            self.stop(f"no call can succeed: {self._cause}")
        elif failures >= IN_A_ROW:
            self.stop(f"the calls of {failures} episodes failed and none succeeded: {self._cause}")

    def end(self) -> None:
        """Notice at the end of a run that no call of it succeeded."""
        if self._failures and not self._any_reply:
            self.stop(f"no call succeeded: {self._cause}")

    def time_over(self) -> None:
        """Stop because the time is over."""
        self.stop(f"the {self._limits.seconds:g} seconds it was given are over")

    def stop(self, reason: str) -> None:
        """Stop the run; the first reason counts."""
        self._stop(lambda: reason)

    def _stop(self, reason: Callable[[], str]) -> None:
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            call = self._on_stop
        if call is not None:
            call()

    def on_stop(self, call: Callable[[], Any] | None) -> None:
        """Have this called once, from whatever thread, when the run is to stop."""
        with self._lock:
            self._on_stop = call
            stopped = self._reason is not None
        if call is not None and stopped:
            call()


def _share(
    limit: float | None, spent: float, lent: Iterable[float | None], others: int
) -> float | None:
    """An equal part of what is neither spent nor lent, and enough for one call in any case."""
    if limit is None:
        return None
    return max(LEAST_SHARE, limit - spent - sum(filter(None, lent))) / (others + 1)


def own_spent(records: Iterable[EpisodeRecord], agent: str) -> dict[str, Usage]:
    """Tokens of the calls that the run did not lend, over all attempts at its episodes."""
    uses = [record.roles[""].usage for record in records if "" in record.roles]
    return {agent: sum(uses, Usage())} if uses else {}


@contextmanager
def calling_on_stop(budget: Budget, wind_up: Callable[[], Any]) -> Iterator[None]:
    """Have this called on the running event loop when the run is to stop, its time included."""
    loop = asyncio.get_running_loop()
    budget.on_stop(lambda: loop.call_soon_threadsafe(wind_up))
    seconds = budget.seconds
    timer = None if seconds is None else loop.call_later(max(0.0, seconds), budget.time_over)
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
        budget.on_stop(None)
