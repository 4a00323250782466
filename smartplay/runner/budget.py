"""What stops a run before its last episode: its limits, or a service that is out of order.

A stopped run is resumable: the same command continues where it stopped.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from smartplay.core.errors import UsageError
from smartplay.games.native import number
from smartplay.models.replies import Replies
from smartplay.records import EpisodeRecord, RunHeader, Usage
from smartplay.records.folder import RunFolder
from smartplay.records.prices import Price, Prices, money, read_prices
from smartplay.runner.episode import NO_ACCESS, NO_REPLY, Outcome, Stopped
from smartplay.runner.jobs import Allowance

IN_A_ROW = 5
LEAST_SHARE = 1e-9
"""The least share that is lent: it admits one call, since the first calls go one by one."""
SPENT = "are spent of at most"
"""Words in the reason why a run stopped if its own limit on tokens or money stopped it."""
OVER = "seconds it was given are over"
"""Likewise for its limit on time."""
ROUNDING = 1e-9  # of a sum of prices, relative
Spent = Mapping[str, Usage]
"""Tokens by model; those of models that an agent asks by itself are under the agent's name."""

_tokens = attrgetter("total")


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
    prices: str | Path | None = None
    seconds: float | None = None

    @property
    def count_tokens(self) -> bool:
        """Whether a limit on tokens or money is set, so that calls must be counted."""
        return self.tokens is not None or self.cost is not None

    def check(self) -> None:
        """Make sure that every limit is positive.

        Raises:
            UsageError: If a limit is not positive.
        """
        for name, value in (("tokens", self.tokens), ("cost", self.cost), ("time", self.seconds)):
            if value is not None and not number(value) > 0:  # false for NaN, too
                raise UsageError(f"the most {name} of a run must be more than 0, not {value!r}")

    def find_prices(self, header: RunHeader, models: Iterable[str]) -> tuple[dict[str, Price], str]:
        """The prices to count with, by model, and their currency.

        Args:
            header: The run.
            models: The models as configured; none for an agent that asks by itself.

        Raises:
            UsageError: If a limit is not positive, or the cost is limited without a price.
        """
        self.check()
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


class _Place:
    """A call that waits to be made, on the event loop it waits on."""

    def __init__(self, model: str, most: Usage) -> None:
        self.model, self.most, self.held = model, most, False
        self._loop = asyncio.get_running_loop()
        self.admitted = self._loop.create_future()

    def admit(self) -> None:
        """Let the call go on; safe to call from any thread."""
        self._loop.call_soon_threadsafe(self._admit)

    def _admit(self) -> None:
        if not self.admitted.done():
            self.admitted.set_result(None)


class Budget:
    """Counts what a run spends and decides when it must stop; safe to use from any thread.

    Under a limit on tokens or money a call is reserved before it is made and settled after it.
    Calls go side by side while the most that each may take fits beside what is spent and reserved.
    A call that does not fit waits until no other is under way. Then it goes alone if there is room
    for the largest call of its model so far; if not, the run stops. So a run exceeds a limit by no
    more than one call takes above the largest before it.

    An episode on an executor is lent a share, which is reserved like a call, with room for the
    largest call so far. So each share exceeds a limit by no more than that.

    Args:
        limits: What the run may cost.
        prices: What tokens cost, by model; empty if costs are not counted.
        currency: The currency of the prices.
        spent: Tokens spent in earlier sessions.
        largest: Most tokens of a call in earlier sessions, by model.

    Attributes:
        spent: Tokens spent so far, by model.
        largest: Most tokens of a call so far, by model; counted if tokens or money are limited.
        currency: As above.
    """

    def __init__(
        self,
        limits: Limits,
        prices: Mapping[str, Price] | None = None,
        currency: str = "",
        spent: Spent | None = None,
        largest: Spent | None = None,
    ) -> None:
        self._limits, self._prices, self.currency = limits, prices or {}, currency
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self.spent = dict(spent or {})
        self.largest = dict(largest or {})
        self._under_way = 0
        self._held_tokens, self._held_cost = 0.0, 0.0
        self._waiting: deque[_Place] = deque()
        self._failures = 0
        self._any_reply, self._cause = False, ""
        self._on_stop: Callable[[], Any] | None = None
        self._reason: Callable[[], str] | None = None
        self._compare()

    @property
    def reason(self) -> str | None:
        """Why the run stops, with the present figures; None while it goes on."""
        return None if self._reason is None else self._reason()

    @property
    def seconds(self) -> float | None:
        """Time left; None if it is not limited."""
        limit = self._limits.seconds
        return None if limit is None else self._started + limit - time.monotonic()

    @property
    def tokens(self) -> int:
        """Tokens spent so far."""
        return sum(map(_tokens, self.spent.values()))

    @property
    def cost(self) -> float:
        """Money spent so far, on models that have a price."""
        return sum(self._cost(model, usage) for model, usage in self.spent.items())

    def check(self) -> None:
        """Make sure that the run goes on.

        Raises:
            Stopped: If it is to stop.
        """
        left = self.seconds
        if left is not None and left <= 0:
            self.time_over()
        if self._reason is not None:
            raise Stopped

    async def reserve(self, model: str, most: Callable[[], Usage]) -> Usage:
        """Wait until a call can be made without passing a limit.

        Args:
            model: Who is called.
            most: Returns the most tokens that the call is expected to take.

        Returns:
            The reservation, for `settle`.

        Raises:
            Stopped: If the run is to stop. It stops if the call does not fit and no other is under
                way that could take less than its reservation.
        """
        self.check()
        if not self._limits.count_tokens:
            return Usage()
        place = _Place(model, most())
        with self._lock:
            self._waiting.append(place)
        self._let_in()
        try:
            await place.admitted
        except asyncio.CancelledError:
            if place.held:
                self.settle(model, place.most, None)
            raise
        finally:
            with self._lock, suppress(ValueError):
                self._waiting.remove(place)
        if not place.held:
            raise Stopped
        return place.most

    def settle(self, model: str, reserved: Usage, usage: Usage | None) -> None:
        """Replace a call's reservation by what it took; None if it brought no reply."""
        if self._limits.count_tokens:
            with self._lock:
                self._hold(reserved.total, self._cost(model, reserved), -1)
                if usage is not None:
                    self._notice({model: usage})
        if usage is not None:
            self.spend(model, usage)
        if self._waiting:
            self._let_in()

    def _let_in(self) -> None:
        """Admit waiting calls, in their order, as far as there is room."""
        stuck = None
        with self._lock:
            while self._waiting and self._reason is None and stuck is None:
                place = self._waiting[0]
                largest = self.largest.get(place.model)
                place.most = max(place.most, largest or Usage(), key=_tokens)
                alone = not self._under_way
                if alone and not self._fits(place.model, largest or Usage()):
                    stuck = place.model, largest or Usage()
                elif alone or (largest is not None and self._fits(place.model, place.most)):
                    self._hold(place.most.total, self._cost(place.model, place.most), 1)
                    place.held = True
                    self._waiting.popleft().admit()
                else:
                    break
            for place in self._waiting if self._reason is not None else ():
                place.admit()
        if stuck is not None:
            self._compare(*stuck)

    def _fits(self, model: str, usage: Usage) -> bool:
        limits, cost = self._limits, self.cost + self._held_cost + self._cost(model, usage)
        tokens = self.tokens + self._held_tokens + usage.total
        return (limits.tokens is None or tokens <= limits.tokens) and (
            limits.cost is None or cost <= limits.cost * (1 + ROUNDING)
        )

    def _hold(self, tokens: float, cost: float, sign: int) -> None:
        self._under_way += sign
        self._held_tokens += sign * tokens
        self._held_cost += sign * cost
        if not self._under_way:
            self._held_tokens = self._held_cost = 0.0  # without what rounding has left

    def _notice(self, calls: Spent) -> None:
        for model, usage in calls.items():
            self.largest[model] = max(usage, self.largest.get(model, Usage()), key=_tokens)

    def _cost(self, model: str, usage: Usage) -> float:
        return self._prices[model].of(usage) if model in self._prices else 0.0

    def spend(self, model: str, usage: Usage) -> None:
        """Count the tokens of a request that was answered just now."""
        with self._lock:
            self.spent[model] = self.spent.get(model, Usage()) + usage
            self._any_reply, self._failures = True, 0
        if not self._limits.count_tokens:
            return
        if not usage.prompt:  # there is no call without any
            self.stop(
                f"{model} does not say how many tokens a call takes, so no limit on tokens or "
                "cost can be kept; run it without one"
            )
        self._compare()

    def _compare(self, model: str = "", following: Usage | None = None) -> None:
        """Stop if a limit is reached, or would be passed by a call that follows."""
        limits, unit, more = self._limits, self.currency, ""
        tokens, cost = self.tokens, self.cost
        if following is not None:
            more = ", and a further call would pass it"
            tokens += following.total
            cost += self._cost(model, following)
        if limits.tokens is not None and tokens >= limits.tokens:
            self._stop(lambda: f"{self.tokens} tokens {SPENT} {limits.tokens}{more}")
        if limits.cost is not None and cost >= limits.cost:
            most = f"{limits.cost:g} {unit}{more}"
            self._stop(lambda: f"{money(self.cost, unit)} {SPENT} {most}")

    def lend(self, most: int) -> Allowance | None:
        """Reserve a share of what is left for an episode on an executor.

        Args:
            most: How many shares there may be at the same time.

        Returns:
            The share; None if another must be given back first to make room.

        Raises:
            Stopped: If the run is to stop. It stops if there is no room and no other share.
        """
        self.check()
        limits, largest = self._limits, self.largest
        if not limits.count_tokens:
            return Allowance()
        with self._lock:
            stuck = next((call for call in largest.items() if not self._fits(*call)), None)
            if self._under_way and (stuck or not largest):
                return None
            if stuck is None:
                parts = most - self._under_way if largest else math.inf
                taken = self.tokens + self._held_tokens, self.cost + self._held_cost
                costs = [self._cost(*call) for call in largest.items()]
                tokens = _share(limits.tokens, taken[0], parts, map(_tokens, largest.values()))
                cost = _share(limits.cost, taken[1], parts, costs)
                self._hold(tokens or 0.0, cost or 0.0, 1)
                return Allowance(tokens, cost, dict(self._prices), dict(largest))
        self._compare(*stuck)
        raise Stopped

    def give_back(self, share: Allowance, spent: Spent, largest: Spent) -> None:
        """End a reservation.

        Args:
            share: The share that was lent.
            spent: The tokens spent of it, by model.
            largest: The largest call made from it, by model.
        """
        for model, usage in spent.items():
            self.spend(model, usage)
        with self._lock:
            self._notice(largest)
            if share.tokens is not None or share.cost is not None:
                self._hold(share.tokens or 0.0, share.cost or 0.0, -1)

    def episode(self, outcome: Outcome) -> None:
        """Stop the run if an outcome shows that its service is out of order: no call succeeds."""
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
        """At the end of a run, note as its reason for stopping if no call succeeded."""
        if self._failures and not self._any_reply:
            self.stop(f"no call succeeded: {self._cause}")

    def time_over(self) -> None:
        """Stop because the time is over."""
        self.stop(f"the {self._limits.seconds:g} {OVER}")

    def stop(self, reason: str) -> None:
        """Stop the run; the first reason counts."""
        self._stop(lambda: reason)

    def _stop(self, reason: Callable[[], str]) -> None:
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            call = self._on_stop
            for place in self._waiting:
                place.admit()
        if call is not None:
            call()

    @contextmanager
    def calling_on_stop(self, wind_up: Callable[[], Any]) -> Iterator[None]:
        """While open, call `wind_up` on the running loop when the run stops or its time is over."""
        loop, seconds = asyncio.get_running_loop(), self.seconds
        with self._lock:
            self._on_stop = lambda: loop.call_soon_threadsafe(wind_up)
            has_stopped = self._reason is not None
        if has_stopped:
            wind_up()
        timer = None if seconds is None else loop.call_later(max(0.0, seconds), self.time_over)
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()
            with self._lock:
                self._on_stop = None


def _share(limit: float | None, taken: float, parts: float, calls: Iterable[float]) -> float | None:
    """A share of what is left of a limit, but no less than the largest of these calls needs."""
    return None if limit is None else max(LEAST_SHARE, (limit - taken) / parts, *calls)


def earlier(
    records: Iterable[EpisodeRecord], agent: str, uses: Mapping[str, Sequence[Usage]]
) -> tuple[dict[str, Usage], dict[str, Usage]]:
    """The tokens that a run spent in earlier sessions, and its largest call, both by model.

    Args:
        records: All attempts at its episodes, for calls that the agent made by itself.
        agent: The agent.
        uses: The tokens of each call to a lent model, by model.
    """
    own = [record.roles[""].usage for record in records if "" in record.roles]
    spent = {agent: sum(own, Usage())} if own else {}
    spent |= {model: sum(calls, Usage()) for model, calls in uses.items()}
    return spent, {model: max(calls, key=_tokens) for model, calls in uses.items()}


def used_up(left: Limits) -> str | None:
    """Which of the limits nothing is left of, the first one: tokens, cost or time."""
    for name, most in (("tokens", left.tokens), ("cost", left.cost), ("time", left.seconds)):
        if most is not None and most <= 0:
            return name
    return None


def left_of(limits: Limits, others: Iterable[RunFolder], seconds: float) -> Limits:
    """What remains of limits that several runs share; 0 or less where nothing does.

    Args:
        limits: Those of all runs together.
        others: The runs that were played before, some of which may not exist.
        seconds: Time that is over.
    """
    tokens, cost = 0, 0.0
    prices = read_prices(limits.prices) if limits.cost is not None and limits.prices else None
    for folder in others if limits.count_tokens else ():
        if not folder.exists:
            continue
        header = folder.header()
        for model, usage in _spent_in(folder, header.agent).items():
            own = header.agent_settings if model == header.agent else {}
            price = prices.find(model, own) if prices else None
            tokens += usage.total
            cost += price.of(usage) if price else 0.0
    spent = {"tokens": tokens, "cost": cost, "seconds": seconds}
    given = {name: getattr(limits, name) for name in spent}
    left = {name: most - spent[name] for name, most in given.items() if most is not None}
    return msgspec.structs.replace(limits, **left)


def _spent_in(folder: RunFolder, agent: str) -> dict[str, Usage]:
    """The tokens that a run has cost so far, by model."""
    lines = folder.lines()
    if folder.replies.exists():
        with Replies(folder.replies) as kept:
            return earlier(lines, agent, kept.uses())[0]
    uses: dict[str, list[Usage]] = {}
    for record in {line.key: line for line in lines}.values():  # the last line has all its calls
        for role, use in record.roles.items():
            if role:
                uses.setdefault(use.model, []).append(use.usage - use.reused)
    return earlier(lines, agent, uses)[0]
