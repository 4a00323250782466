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


DECIDED = frozenset({"final", "chosen", "selected", "decided"})
_KINDS = DECIDED | {"best", "recommended", "optimal", "exact", "corrected", "revised", "updated"}
_KINDS |= {"my", "your", "the", "our", "agent", "player", "current", "this", "turn", "game"}
_NEXT = frozenset({"next", "following"})
_NOUNS = frozenset({"answer", "action", "choice", "move", "decision", "selection"})
_DETAILS = frozenset({"name", "id", "index", "number", "value", "text", "label", "type", "choice"})
_LOOSE = frozenset(
    "actions answers moves response solution output result reply command option pick play hand"
    " name tool function tool_name function_name action_input chosen selected decided".split()
)
_ARGUMENTS = frozenset("arguments args kwargs parameters params input inputs tool_input".split())
_SIDE = frozenset(
    "plan plans planned planning next following upcoming previous prev last past history earlier"
    " alternative alternatives alternate options candidate candidates available legal valid"
    " possible allowed example examples opponent opponents enemy expected predicted prediction"
    " rejected considered avoid avoided worst bad future later fallback backup then if would"
    " thought thoughts thinking reason reasons reasoning rationale analysis explanation why"
    " observation observations state memory reflection critique comment note notes evaluation"
    " description summary confidence context goal simulation rollout schema format".split()
)
_WORD = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]+|\d+")


@lru_cache(maxsize=1024)
def words(label: str) -> tuple[str, ...]:
    """The words of a label such as `final_answer`, `finalAnswer` or `final answer`."""
    return tuple(word.lower() for word in _WORD.findall(label))


def weight(label: str) -> Weight | None:
    """How much what is labelled so counts as an answer; None for not at all."""
    told = words(label)
    if told == ("final",):
        return Weight.STRONG
    if "_".join(told) in _LOOSE:
        return Weight.LOOSE
    bare = told[:-1] if told[-1:] == ("name",) else told
    bare = bare[:-2] if bare[-2:] == ("to", "take") else bare
    if len(bare) > 1 and bare[-1] in _DETAILS and bare[-2] in _NOUNS:
        bare, most = bare[:-1], Weight.LOOSE
    else:
        most = Weight.STRONG
    if not bare or bare[-1] not in _NOUNS or not _KINDS.union(_NEXT).issuperset(bare[:-1]):
        return None
    return Weight.NEXT if _NEXT.intersection(bare) else most


def is_decided(label: str) -> bool:
    """Whether a label says that the choice is made (`final_action`)."""
    return not DECIDED.isdisjoint(words(label))


def is_side(label: str) -> bool:
    """Whether what is labelled so is beside the answer: a plan, a reason, the opponent's move."""
    return not _SIDE.isdisjoint(words(label))


def is_arguments(label: str) -> bool:
    """Whether a label names the arguments of a call."""
    return "_".join(words(label)) in _ARGUMENTS
