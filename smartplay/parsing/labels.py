"""What a label says of what it labels: a JSON key, a tag, an argument of a call."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache


class Weight(IntEnum):
    """How much an explicit answer counts.

    `STRONG` is an answer. `LOOSE` may be one, and is if it names an action and nothing else. What
    is `NEXT` is the action if nothing else is, since models are asked for their next action, and
    otherwise a plan.
    """

    NEXT = 0
    LOOSE = 1
    STRONG = 2


_DECIDED = re.compile(r"final|chosen|selected|decided")
_KIND = re.compile(
    r"final|chosen|selected|decided|best|recommended|optimal|exact|corrected|revised|updated"
    r"|my|your|the|our|agent|player|current|this|turn|game|next|following"
)
_NEXT = re.compile(r"next|following")
_NOUN = re.compile(r"answer|action|choice|move|decision|selection")
_DETAIL = re.compile(r"name|id|index|number|value|text|label|type|choice")
_LOOSE = re.compile(
    r"actions|answers|moves|response|solution|output|result|reply|command|option|pick|play|hand"
    r"|name|tool|function|tool_name|function_name|action_input|chosen|selected|decided"
)
_ARGUMENTS = re.compile(r"arg(?:ument)?s|kwargs|param(?:eter)?s|inputs?|tool_input")
_SIDE = re.compile(
    r"plan(?:s|ned|ning)?|next|following|upcoming|prev(?:ious)?|last|past|history|earlier"
    r"|alternat(?:e|ives?)|options|candidates?|available|legal|valid|possible|allowed|examples?"
    r"|opponents?|enemy|expected|predict(?:ed|ion)|rejected|considered|avoid(?:ed)?|worst|bad|future"
    r"|later|fallback|backup|then|if|would|thoughts?|thinking|reason(?:s|ing)?|rationale|analysis"
    r"|explanation|why|observations?|state|memory|reflection|critique|comment|notes?|evaluation"
    r"|description|summary|confidence|context|goal|simulation|rollout|schema|format"
)
_LONGEST = 100  # in characters: no label of an answer is longer
_WORD = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+|\d+")


@lru_cache(maxsize=1024)
def weight(label: str) -> Weight | None:
    """How much what is labelled so counts as an answer; None for not at all."""
    told = _words(label)
    if told == ("final",):
        return Weight.STRONG
    if _LOOSE.fullmatch("_".join(told)):
        return Weight.LOOSE
    bare = told[:-1] if told[-1:] == ("name",) else told
    bare = bare[:-2] if bare[-2:] == ("to", "take") else bare
    is_detail = len(bare) > 1 and _DETAIL.fullmatch(bare[-1]) and _NOUN.fullmatch(bare[-2])
    *kinds, noun = (bare[:-1] if is_detail else bare) or [""]
    if not _NOUN.fullmatch(noun) or not all(map(_KIND.fullmatch, kinds)):
        return None
    if any(map(_NEXT.fullmatch, kinds)):
        return Weight.NEXT
    return Weight.LOOSE if is_detail else Weight.STRONG


@lru_cache(maxsize=1024)
def is_decided(label: str) -> bool:
    """Whether a label says that the choice is made (`final_action`)."""
    return any(map(_DECIDED.fullmatch, _words(label)))


@lru_cache(maxsize=1024)
def is_side(label: str) -> bool:
    """Whether what is labelled so is beside the answer: a plan, a reason, the opponent's move."""
    return any(map(_SIDE.fullmatch, _words(label)))


def is_arguments(label: str) -> bool:
    """Whether a label names the arguments of a call."""
    return bool(_ARGUMENTS.fullmatch("_".join(_words(label))))


def _words(label: str) -> tuple[str, ...]:
    """The words of a label such as `final_answer`, `finalAnswer` or `final answer`."""
    return tuple(word.lower() for word in _WORD.findall(label[:_LONGEST]))
