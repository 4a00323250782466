"""SmartPlay: games as text that show what an agent can do, and what it cannot.

`import smartplay` registers the games with Gymnasium:

```python
import gymnasium as gym
import smartplay

env = gym.make("smartplay/Hanoi3Disk-v0")
observation, info = env.reset(seed=0)
```

`smartplay.run` plays an agent over games, `smartplay.report` reads a run and reports it.
"""

from __future__ import annotations

from smartplay._version import __version__
from smartplay.agents.base import Observation, Reply
from smartplay.capabilities import Capability
from smartplay.errors import SmartPlayError
from smartplay.original import (
    analyze_capabilities,
    benchmark_games_v0,
    env_list,
    normalize_score,
)
from smartplay.registry import cards, get_card, register_cards
from smartplay.runner import Run, run

__all__ = [
    "Capability",
    "Observation",
    "Reply",
    "Run",
    "SmartPlayError",
    "__version__",
    "analyze_capabilities",
    "benchmark_games_v0",
    "cards",
    "env_list",
    "get_card",
    "normalize_score",
    "register_cards",
    "run",
]
