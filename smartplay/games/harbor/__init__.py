"""Harbor Days: nine other tasks for the nine capabilities, in another world than Four Doors.

A second method: what both games measure of a capability is unlikely to be a habit of either. All
nine kinds are one game of twelve rounds of three moves; a round is right if all its moves are. Each
kind has a dial of levels that demand more and more of its capability in texts that are equally long
(but where length is the demand).

```
kind      what the kinds have in common: rounds, moves, and the interface of a kind
env       the native environment and its describer
voyage    Long Text Understanding: a ship's log with later corrections
calendar  Reasoning: days told by days before and after
orders    Instruction Following: standing orders that move a berth on or back
market    Planning: the shortest way through trades of a market
bells     Generalization: a made-up grammar of tunes
urns      Understanding the Odds: six urns to draw from
pools     Learning from Interactions: what a cue stands for, from outcomes alone
drift     Error/Mistake Handling: steps of a tug that slipped
dive      Spatial Reasoning: turns of a diver in three dimensions
```
"""
