"""Whether capability scores measure capabilities.

```
degrees      what a choice of games can tell apart; what the published scores do
matrix       what ablations do to scores, worked out from scores
study        plays ablated agents and hands their scores to matrix
diagnosis    plays an agent without and with each aid: what it lacks
sensitivity  plays an agent under variants of the prompt: how much of its score is the prompt
```
"""
