"""Learning from Interactions: which pool a sign stands for, from outcomes in practice alone."""

from __future__ import annotations

from smartplay.games.harbor.kind import MOVES, Kind, capital

POOLS = 6
SIGNS = (
    "albatross", "cormorant", "crane", "curlew", "dipper", "duck", "eider", "gannet", "goose",
    "grebe", "gull", "heron", "kingfisher", "kite", "lapwing", "loon", "osprey", "pelican",
    "petrel", "plover", "puffin", "raven", "sandpiper", "stork", "swan", "tern", "wagtail",
)  # fmt: skip
FORMS = (
    "{a} {sign} sits on the mole.",
    "This morning {a} {sign} is seen.",
    "The keeper points at {a} {sign}.",
    "You hear the call of {a} {sign}.",
)
NUMBERS = ("", "one pool", "two pools", "three pools", "four pools", "five pools")
ON = ("The shoal rose {} further on.", "The fish were {} further on.")
THERE = ("The net came up full.", "The shoal rose right there.")


class Pools(Kind):
    """As many signs as the level says, each standing for one of six pools.

    In practice every sign is seen at least once, and what is told afterwards is how far away the
    fish were; in the rounds nothing is told.
    """

    actions = tuple(f"Cast into pool {k + 1}" for k in range(POOLS))
    values = (1, 2, 3, 4, 6, 8, 10, 12, 15, 18, 21, 24)
    practice = 24
    size = 2
    rules = (
        "Before each move you see a bird, and then cast your net into one of six pools, which lie "
        "in a ring, pool 1 next to pool 6. Right is the pool where the fish are. Each kind of bird "
        "always stands for the same pool, whatever it does, and several kinds may stand for one. "
        f"First come {practice} moves of practice, after which you are told how far on (from pool "
        "1 to pool 2 and so on) the fish were. They do not count. In the rounds that follow you "
        "are told nothing."
    )

    def begin(self) -> None:
        """Draw the signs, their pools and the practice."""
        rng, number = self.rng, int(self.value)
        self._signs = rng.sample(range(len(SIGNS)), number)
        self._pools = [rng.randrange(POOLS) for _ in self._signs]
        shown = [k % number for k in range(self.practice)]
        rng.shuffle(shown)
        self._practice, self._away = shown, -1

    def draw(self) -> None:
        """Draw three signs, all different if there are as many."""
        number = len(self._signs)
        if number < MOVES:
            self._shown = [self.rng.randrange(number) for _ in range(MOVES)]
        else:
            self._shown = self.rng.sample(range(number), MOVES)
        self.plan = [self._pools[sign] for sign in self._shown]
        self._form = self.rng.randrange(len(FORMS))

    @property
    def _now(self) -> int:
        return self._practice[0] if self._practice else self._shown[len(self.done)]

    @property
    def right(self) -> int:
        """The pool of the present sign."""
        return self._pools[self._now]

    def move(self, action: int) -> str:
        """Cast the net; in practice it is told how far away the fish were."""
        if not self._practice:
            self._away = -1
            return super().move(action)
        self._away = (self.right - action) % POOLS
        self._practice = self._practice[1:]
        self._form = self.rng.randrange(len(FORMS))
        return _outcome(self._away, self.rng.randrange(2))

    def text(self) -> str:
        """The present sign."""
        sign = SIGNS[self._signs[self._now]]
        article = "an" if sign[0] in "aeiou" else "a"
        return capital(FORMS[self._form].format(a=article, sign=sign))

    def numbers(self) -> list[int]:
        """The sign, and how far on the fish of the last move were, -1 if that is not told."""
        return [self._signs[self._now], self._away]


def _outcome(away: int, form: int) -> str:
    if away == 0:
        return THERE[form]
    return ON[form].format(NUMBERS[away])
