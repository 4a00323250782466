"""Shallow learners: what counts, places and ranks of words and numbers tell of the right door."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

from smartplay.core.errors import UsageError
from smartplay.scores.statistics import Floats
from smartplay.validity.views import View, words_of

BUCKETS = 64
"""Into so many groups the words of a text are hashed to be counted."""
NUMBERS = 2
NEAR = 12
MISSING = -1.0


def features(view: View) -> tuple[Floats, Floats]:
    """What a shallow learner sees of a round.

    Returns:
        Shape (doors, n), about each door by itself and beside the others; and shape (m,), about the
        text as a whole.
    """
    own = np.array([_of_door(view, door) for door in range(len(view.doors))], dtype=np.float64)
    ranks = np.argsort(np.argsort(own, axis=0, kind="stable"), axis=0).astype(np.float64)
    return np.hstack([own, ranks, own - own.mean(axis=0)]), _of_text(view)


def _of_door(view: View, door: int) -> list[float]:
    name, words = view.doors[door], view.words
    places = [k for k, word in enumerate(words) if word == name]
    told = [each for each in view.sentences if name in words_of(each)]
    first = told[0] if told else ""
    numbers = [float(number) for number in re.findall(r"\d+", first)[:NUMBERS]]
    keys = [k for k, word in enumerate(view.whole) if word in view.keys[:1]]
    everywhere = [k for k, word in enumerate(view.whole) if word == name]
    after = [k - key for key in keys for k in everywhere if k - key > 0]
    before = [key - k for key in keys for k in everywhere if key - k > 0]
    asked = set(view.question)
    return [
        float(len(places)),
        float(len(everywhere)),
        float(view.past.count(f"chose the {name} door")),
        float(view.past.rstrip().endswith(f"chose the {name} door.")),
        float(places[0]) if places else MISSING,
        float(places[-1]) if places else MISSING,
        float(len(first)),
        float(len(told)),
        float(max((len(asked & set(words_of(each))) for each in told), default=0)),
        float(min(after, default=MISSING)),
        float(min(before, default=MISSING)),
        float(sum(each < NEAR for each in (*after, *before))),
        *numbers,
        *[MISSING] * (NUMBERS - len(numbers)),
    ]


def _of_text(view: View) -> Floats:
    counts = np.zeros(BUCKETS)
    for word in view.words:
        counts[zlib.crc32(word.encode()) % BUCKETS] += 1
    sizes = [view.number, len(view.words), len(view.sentences), len(view.whole), len(view.text)]
    named = [float(view.named[k]) if -len(view.named) <= k < len(view.named) else MISSING
             for k in (0, 1, 2, -3, -2, -1)]  # fmt: skip
    return np.concatenate([counts, np.array([*sizes, *named], dtype=np.float64)])


class Data:
    """Rounds as a learner sees them: by door, by round, and which door is right.

    Attributes:
        doors: Shape (rounds, doors, n).
        texts: Shape (rounds, m).
        right: Shape (rounds,).
    """

    def __init__(self, views: Sequence[View], right: Sequence[int]) -> None:
        found = [features(view) for view in views]
        self.doors = np.array([own for own, _ in found])
        self.texts = np.array([text for _, text in found])
        self.right = np.array(right)

    def ranked(self) -> Data:
        """The same without the numbers themselves: of each, only its rank among the doors."""
        other = copy(self)
        number = self.doors.shape[2] // 3
        other.doors = self.doors[:, :, number : 2 * number]
        return other

    @property
    def rounds(self) -> Floats:
        """All of a round in one row."""
        return np.hstack([self.doors.reshape(len(self.doors), -1), self.texts])

    @property
    def rows(self) -> Floats:
        """One row per door, with which door it is."""
        number = self.doors.shape[1]
        which = np.tile(np.eye(number), (len(self.doors), 1))
        return np.hstack([self.doors.reshape(-1, self.doors.shape[2]), which])

    @property
    def labels(self) -> Floats:
        """Per row, whether it is the right door's."""
        return np.asarray(self.right[:, None] == np.arange(self.doors.shape[1])).ravel()


def _by_round(model: Any, train: Data, test: Data) -> Floats:
    return np.asarray(model.fit(train.rounds, train.right).predict(test.rounds))


def _by_door(model: Any, train: Data, test: Data) -> Floats:
    chance = model.fit(train.rows, train.labels).predict_proba(test.rows)[:, 1]
    return np.asarray(chance.reshape(len(test.right), -1).argmax(axis=1))


def learn(train: Data, test: Data) -> dict[str, Floats]:
    """Train linear and boosted learners, to choose among doors or rounds, and let them choose.

    Returns:
        By learner, the door it chooses in each round of `test`.

    Raises:
        UsageError: If scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise UsageError(
            "learners need scikit-learn; install it with pip install 'smartplay[validity]'"
        ) from error
    models: dict[str, Callable[[], Any]] = {
        "linear": lambda: make_pipeline(
            StandardScaler(), LogisticRegression(C=0.05, max_iter=1000)
        ),
        "boosted": lambda: HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=8, random_state=0
        ),
    }
    with threadpool_limits(1):
        return {
            f"{name}, by {what}": choose(make(), train, test)
            for name, make in models.items()
            for what, choose in (("round", _by_round), ("door", _by_door))
        }
