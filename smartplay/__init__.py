"""SmartPlay: games as text that show what an agent can do, and what it cannot.

`import smartplay` registers the games with Gymnasium:

```python
import gymnasium as gym
import smartplay

env = gym.make("smartplay/Hanoi3Disk-v0")
observation, info = env.reset(seed=0)
```
"""

from __future__ import annotations

from smartplay._version import __version__
from smartplay.registry import cards, get_card, register_cards

__all__ = ["__version__", "cards", "get_card", "register_cards"]
