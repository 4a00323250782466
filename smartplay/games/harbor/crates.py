"""Planning: six crates on three quays, to be brought into order in as few moves as possible."""

from __future__ import annotations

from functools import lru_cache

from smartplay.games.harbor.kind import MOVES, Kind, shuffled

QUAYS = ("left", "middle", "right")
CRATES = (
    "almonds", "barley", "candles", "dates", "feathers", "ginger", "honey", "lemons", "mustard",
    "nails", "olives", "paper", "rice", "silk", "tea", "wool",
)  # fmt: skip
WAYS = tuple((a, b) for a in range(3) for b in range(3) if a != b)
Stacks = tuple[tuple[int, ...], ...]
GOALS: tuple[Stacks, ...] = (((0, 1, 2), (3, 4, 5), ()), ((0, 1, 2, 3, 4, 5), (), ()))


class Crates(Kind):
    """Stacks whose first three best moves are the only best ones, as far away as the level says.

    Crates and quays are drawn anew each round, so every move is right equally often. After a wrong
    move the round goes on from where that has led.
    """

    actions = tuple(f"Move a crate from the {QUAYS[a]} to the {QUAYS[b]} quay" for a, b in WAYS)
    values = tuple(range(3, 14))
    size = 2 * (3 * 6 + 3)
    rules = (
        "Six crates stand in stacks on three quays. A move takes the topmost crate of one quay and "
        "puts it on top of the stack of another; from an empty quay nothing can be taken. A move "
        "is right if it begins a way to the wanted stacks that takes as few moves as possible. "
        "After three moves the round is over, even if the stacks are not done."
    )

    def draw(self) -> None:
        """Draw start and goal; quay q of them stands at quay `_quays[q]` of the harbor."""
        self._goal = self.rng.choice(GOALS)
        self._stacks = self.rng.choice(_starts(self._goal)[int(self.value)])
        self._quays = shuffled(self.rng, len(QUAYS))
        self._names = self.rng.sample(range(len(CRATES)), 6)

    @property
    def right(self) -> int:
        """The first of the best moves from where the crates are."""
        far = _distances(self._goal)
        goal = far[self._stacks] - 1
        for way in WAYS:
            after = moved(self._stacks, way)
            if after is not None and far[after] == goal:
                return WAYS.index((self._quays[way[0]], self._quays[way[1]]))
        return 0  # the stacks are done, which is possible after a wrong move only

    def move(self, action: int) -> str:
        """Move a crate; from an empty quay nothing is moved."""
        here = [self._quays.index(quay) for quay in WAYS[action]]
        after = moved(self._stacks, (here[0], here[1]))
        nothing = "" if after is not None else "Nothing was moved."
        self._stacks = after or self._stacks
        super().move(action)
        return nothing

    def text(self) -> str:
        """The stacks as they are and as they are wanted."""
        left = MOVES - len(self.done)
        return (
            f"{left} move{'s are' if left > 1 else ' is'} left in this round.\n"
            f"Now, from bottom to top: {self._told(self._stacks)}.\n"
            f"Wanted: {self._told(self._goal)}."
        )

    def _told(self, stacks: Stacks) -> str:
        parts = []
        for place, quay in enumerate(QUAYS):
            stack = stacks[self._quays.index(place)]
            names = ", ".join(CRATES[self._names[crate]] for crate in stack)
            parts.append(f"{quay} quay {names or 'empty'}")
        return "; ".join(parts)

    def numbers(self) -> list[int]:
        """Per quay the number of crates and the crates from the bottom, now and as wanted."""
        found = []
        for stacks in (self._stacks, self._goal):
            for place in range(len(QUAYS)):
                stack = stacks[self._quays.index(place)]
                crates = [self._names[crate] for crate in stack]
                found += [len(crates), *crates, *[-1] * (6 - len(crates))]
        return found


def moved(stacks: Stacks, way: tuple[int, int]) -> Stacks | None:
    """The stacks after a move, or None where there is nothing to take."""
    source, target = way
    if not stacks[source]:
        return None
    after = list(stacks)
    after[target] += (stacks[source][-1],)
    after[source] = stacks[source][:-1]
    return tuple(after)


@lru_cache(maxsize=len(GOALS))
def _distances(goal: Stacks) -> dict[Stacks, int]:
    """Moves from each arrangement to a goal; moves can be taken back, so also from it."""
    far: dict[Stacks, int] = {goal: 0}
    edge = [goal]
    while edge:
        following = []
        for stacks in edge:
            for way in WAYS:
                after = moved(stacks, way)
                if after is not None and after not in far:
                    far[after] = far[stacks] + 1
                    following.append(after)
        edge = following
    return far


@lru_cache(maxsize=len(GOALS))
def _starts(goal: Stacks) -> dict[int, list[Stacks]]:
    """By distance the arrangements whose next three best moves have no equals."""
    far = _distances(goal)
    found: dict[int, list[Stacks]] = {}
    for stacks, moves in far.items():
        if moves >= MOVES and _alone(stacks, far):
            found.setdefault(moves, []).append(stacks)
    return found


def _alone(stacks: Stacks, far: dict[Stacks, int]) -> bool:
    for _ in range(MOVES):
        near = [after for way in WAYS if (after := moved(stacks, way)) is not None]
        best = [after for after in near if far[after] < far[stacks]]
        if len(best) != 1:
            return False
        stacks = best[0]
    return True
