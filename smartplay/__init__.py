"""SmartPlay: games as text that show what an agent can do, and what it cannot.

`import smartplay` registers the games with Gymnasium:

```python
import gymnasium as gym
import smartplay

env = gym.make("smartplay/Hanoi3Disk-v0")
observation, info = env.reset(seed=0)
```

`smartplay.run` plays an agent over games and returns a `Run`, which a notebook shows as a table:

```python
run = smartplay.run(lambda prompt: "Answer: 1", ["Hanoi3Disk", "bandit"], episodes=5)
run.scores["Hanoi3Disk"].score.mean
run.to_frame()
```

`Run.report` gives the whole report, `load_run` reads a run again, `compare` sets several against
each other, `study` plays arms with their controls, and `diagnose` finds out what an agent lacks.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from smartplay.core.errors import AgentError, GameError, RunFolderError, SmartPlayError, UsageError
from smartplay.core.later import later
from smartplay.core.plugins import plugins
from smartplay.core.version import __version__
from smartplay.games.ids import GROUP, register_shipped

if TYPE_CHECKING:
    from smartplay.agents.context import Context, Observation, Reply, Trajectory
    from smartplay.cards.capabilities import Capability
    from smartplay.cards.card import GameCard
    from smartplay.games.registry import get_card, register_cards
    from smartplay.models import open_model
    from smartplay.models.base import Model
    from smartplay.models.lending import EpisodeModel
    from smartplay.original import (
        analyze_capabilities,
        benchmark_games_v0,
        env_list,
        normalize_score,
    )
    from smartplay.records import Call, EpisodeRecord, RunHeader, Usage
    from smartplay.records.prices import Prices, read_prices
    from smartplay.report import Report
    from smartplay.results import Run, compare, load_run, measure, run
    from smartplay.runner.budget import Limits
    from smartplay.runner.driven import DrivenEpisode, DrivenRun
    from smartplay.scores.comparison import Comparison
    from smartplay.scores.contrasts import ContrastScore
    from smartplay.scores.intervals import Interval
    from smartplay.scores.scoring import CapabilityScore, GameScore
    from smartplay.studies import StudyResult, study
    from smartplay.validity.diagnosis import Diagnosis, diagnose

__getattr__ = later(
    __name__,
    {
        "agents.context": ("Context", "Observation", "Reply", "Trajectory"),
        "cards.capabilities": ("Capability",),
        "cards.card": ("GameCard",),
        "games.registry": ("get_card", "register_cards"),
        "scores.comparison": ("Comparison",),
        "scores.contrasts": ("ContrastScore",),
        "models": ("open_model",),
        "models.base": ("Model",),
        "models.lending": ("EpisodeModel",),
        "original": (
            "analyze_capabilities",
            "benchmark_games_v0",
            "env_list",
            "normalize_score",
        ),
        "records.prices": ("Prices", "read_prices"),
        "records": ("Call", "EpisodeRecord", "RunHeader", "Usage"),
        "report": ("Report",),
        "results": ("Run", "compare", "load_run", "measure", "run"),
        "runner.budget": ("Limits",),
        "runner.driven": ("DrivenEpisode", "DrivenRun"),
        "scores.scoring": ("CapabilityScore", "GameScore"),
        "scores.intervals": ("Interval",),
        "studies": ("StudyResult", "study"),
        "validity.diagnosis": ("Diagnosis", "diagnose"),
    },
)  # since who only makes environments needs none of it

__all__ = [
    "AgentError",
    "Call",
    "Capability",
    "CapabilityScore",
    "Comparison",
    "Context",
    "ContrastScore",
    "Diagnosis",
    "DrivenEpisode",
    "DrivenRun",
    "EpisodeModel",
    "EpisodeRecord",
    "GameCard",
    "GameError",
    "GameScore",
    "Interval",
    "Limits",
    "Model",
    "Observation",
    "Prices",
    "Reply",
    "Report",
    "Run",
    "RunFolderError",
    "RunHeader",
    "SmartPlayError",
    "StudyResult",
    "Trajectory",
    "Usage",
    "UsageError",
    "__version__",
    "analyze_capabilities",
    "benchmark_games_v0",
    "cards",
    "compare",
    "diagnose",
    "env_list",
    "get_card",
    "load_run",
    "measure",
    "normalize_score",
    "open_model",
    "read_prices",
    "register_cards",
    "run",
    "study",
]

register_shipped()
if plugins(GROUP):
    importlib.import_module("smartplay.games.registry")  # registers the ids of packs


def cards() -> list[GameCard]:
    """All known cards, shipped ones first, then those of packs, in a fixed order."""
    # Not among those that are imported later: the package of that name would be found instead.
    from smartplay.games import registry

    return registry.cards()


def __dir__() -> list[str]:
    return list(__all__)
