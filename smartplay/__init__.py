"""SmartPlay: games as text that show what an agent can do, and what it cannot.

`import smartplay` registers the games with Gymnasium:

```python
import gymnasium as gym
import smartplay

env = gym.make("smartplay/Hanoi3Disk-v0")
observation, info = env.reset(seed=0)
```

`smartplay.run` plays an agent over games and returns the `Run`; `load_run` reads one again, its
method `report` scores it, and `compare` holds several against each other.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from smartplay._version import __version__
from smartplay.capabilities import Capability
from smartplay.errors import SmartPlayError
from smartplay.registry import cards, get_card, register_cards

if TYPE_CHECKING:
    from smartplay.agents.base import Context, Observation, Reply, Trajectory
    from smartplay.models import open_model
    from smartplay.original import (
        analyze_capabilities,
        benchmark_games_v0,
        env_list,
        normalize_score,
    )
    from smartplay.results import Run, compare, load_run, run
    from smartplay.runner import Limits

_LATER = {
    "agents.base": ("Context", "Observation", "Reply", "Trajectory"),
    "models": ("open_model",),
    "original": ("analyze_capabilities", "benchmark_games_v0", "env_list", "normalize_score"),
    "results": ("Run", "compare", "load_run", "run"),
    "runner": ("Limits",),
}
"""What is imported when it is first used, since who only makes environments needs none of it."""

__all__ = [
    "Capability",
    "Context",
    "Limits",
    "Observation",
    "Reply",
    "Run",
    "SmartPlayError",
    "Trajectory",
    "__version__",
    "analyze_capabilities",
    "benchmark_games_v0",
    "cards",
    "compare",
    "env_list",
    "get_card",
    "load_run",
    "normalize_score",
    "open_model",
    "register_cards",
    "run",
]


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            found = getattr(importlib.import_module(f"smartplay.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
