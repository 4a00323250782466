"""Whether capability scores measure capabilities.

```
degrees      what a choice of games can tell apart; what the published scores do
matrix       what lesions do to scores, worked out from scores
study        plays lesioned agents and hands their scores to matrix
sensitivity  plays an agent under variants of the prompt: how much of its score is the prompt
```
"""
