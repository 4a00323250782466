"""Nine contrasts: for each capability an easy and a hard setting that differ in it alone.

All eighteen settings are one game, Four Doors: in each round one of four doors is right, and the
text tells which. The two settings of a capability are made from the same seeds, with the same right
doors as far as the game does not depend on what is played; what is told is as long, but only the
hard one asks for the capability. Whether a door was right is not told, so nothing can be learnt
from outcomes, except in the two settings that are about that.

```
house     what the kinds have in common: the doors, and the interface of a kind
env       the native environment and its describer
signs     Long Text Understanding, Learning from Interactions (chronicle writes the long text)
boxes     Reasoning
rules     Instruction Following
rooms     Planning
words     Generalization
offers    Understanding the Odds
log       Error/Mistake Handling
walks     Spatial Reasoning
```
"""
