"""Whether capability scores measure capabilities.

```
degrees      what a choice of games can tell apart; what the published scores do
matrix       what ablations do to scores, worked out from scores
study        plays ablated agents and hands their scores to matrix
diagnosis    plays an agent without and with each aid: what it lacks
population   synthetic agents with known thresholds, measured by two games
mtmm         how two measurements of nine capabilities agree: the multitrait-multimethod matrix
probes       whether scores hold on unknown seeds and with other names
minds        agents with limited faculties, in several ways, that play from the text
attacks      programs that play hard settings without what they demand
sensitivity  plays an agent under variants of the prompt: how much of its score is the prompt
```
"""
