"""Four Doors: one game in which each of the nine capabilities can be demanded more or less.

In each round one of four doors is right, and the text tells which. Nine kinds of rounds demand one
capability each, at twelve levels; at the first hardly at all. What is told is as long at every
level, except where the length is the demand, and has nothing in common with what another level
tells of the same seed. Whether a door was right is not told.

```
house     what the kinds have in common: the doors, and the interface of a kind
env       the native environment and its describer
story     Long Text Understanding
boxes     Reasoning
rules     Instruction Following
rooms     Planning
words     Generalization
offers    Understanding the Odds
cues      Learning from Interactions
log       Error/Mistake Handling
walks     Spatial Reasoning
```
"""
