"""How a language model is asked in one step.

`direct` and `think` are the benchmark's own protocols. `smartplay run openai:NAME --method NAME`
plays by any of them; docs/methods.md says what each is and what its results may be held against.
"""

from __future__ import annotations

from smartplay.agents.methods.analogical import Analogical
from smartplay.agents.methods.cascade import Cascade
from smartplay.agents.methods.chat import Chat, Tools
from smartplay.agents.methods.code import Code
from smartplay.agents.methods.correct import Correct
from smartplay.agents.methods.debate import Debate
from smartplay.agents.methods.direct import Direct, Think
from smartplay.agents.methods.dspy_program import Dspy
from smartplay.agents.methods.eco import Eco
from smartplay.agents.methods.foresee import Foresee
from smartplay.agents.methods.fresh import Fresh
from smartplay.agents.methods.heap import Heap
from smartplay.agents.methods.majority import Majority
from smartplay.agents.methods.memory import Recall, Reflect
from smartplay.agents.methods.method import Arm, Method

__all__ = ["METHODS", "PROTOCOLS", "Arm", "Method"]

METHODS: dict[str, type[Method]] = {
    "direct": Direct,
    "think": Think,
    "chat": Chat,
    "tools": Tools,
    "majority": Majority,
    "cascade": Cascade,
    "correct": Correct,
    "debate": Debate,
    "code": Code,
    "reflect": Reflect,
    "recall": Recall,
    "eco": Eco,
    "analogical": Analogical,
    "foresee": Foresee,
    "fresh": Fresh,
    "heap": Heap,
    "dspy": Dspy,
}
PROTOCOLS = ("direct", "think", "chat", "tools")
"""The methods that only say how to ask one model; runs record them as their protocol."""
