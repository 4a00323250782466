"""Where a reply ends and what becomes of an answer: later turns, corrections, examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartplay.parsing import Cause, parse_action
from tests.replies import (
    AMBIGUOUS,
    CRAFTER,
    EMPTY,
    GRID,
    RPS,
    TRUNCATED,
    UNPARSABLE,
    Cases,
    by_rule,
    named,
)

ENDS = [
    "<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n",
    "<|im_end|>\n",
    "<|im_start|>assistant\n",
    "<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n{}<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "<|eot|><|header_start|>user<|header_end|>\n\n{}<|eot|>",
    "<end_of_turn>\n<start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n",
    "<start_of_turn>user\n{}\n",
    "<turn|>\n<|turn>user\n{}<turn|>\n<|turn>model\n",
    "</s>[INST] {} [/INST]",
    "[INST]{}[/INST]",
    "</s>\n",
    "<|user|>\n{}<|assistant|>\n",
    "<|end|>\n<|user|>\n{}<|end|>\n<|assistant|>\n",
    "<|end|><|start|>user<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|return|>",
    "<|observation|>\n{}<|assistant|>\n",
    "<|endoftext|>{}\n",
    "<|end_of_text|>\n",
    "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|USER_TOKEN|>{}<|CHATBOT_TOKEN|>",
    "<\uff5cend\u2581of\u2581sentence\uff5c><\uff5cUser\uff5c>{}<\uff5cAssistant\uff5c>",
    "<|im_end|><|im_user|>user<|im_middle|>{}<|im_end|><|im_assistant|>assistant<|im_middle|>",
    "<|end_of_text|><|start_of_role|>user<|end_of_role|>{}<|start_of_role|>assistant<|end_of_role|>",
    "[|endofturn|]\n[|user|]{}\n[|assistant|]",
    "<end_of_utterance>\nUser: {}\nAssistant: ",
    "<seed:eos><seed:bos>user\n{}<seed:eos><seed:bos>assistant\n",
    "[e~[\n]~b]user\n{}[e~[\n]~b]ai\n",
    "<|role_end|><role>HUMAN</role>{}<|role_end|><role>ASSISTANT</role>",
    "<eos>",
    "<eoa>\n<|User|>:{}<eoh>\n<|Bot|>:",
    "\nUser: {}\nAssistant: ",
    "\nUSER: {}\nASSISTANT: ",
    "\n\nHuman: {}\n\nAssistant: ",
    "\n### Instruction:\n{}\n\n### Response:\n",
    "\n**User:** {}\n**Assistant:** ",
    "\nuser\n{}\nassistant\n",
    "assistant\n\n",
    "\n用户：{}\n助手：",
    "\nObservation: {}\nThought: Hm.\n",
    "\nObservation 1: {}\nThought 2: Hm.\nAction 2: ",
    "\nEnvironment: {}\n",
    "\nResult: {}\n",
    "\nStep 2:\n{}\n\n",
    "\n\nStep 17: {}\n",
    "\n**Round 2**\n{}\n",
    "\n<observation>{}</observation>\n",
    "\n<tool_response>\n{}\n</tool_response>\n",
    "\n<user>{}</user>\n",
]  # fmt: skip

OWN = [
    "Answer: Paper",
    "Paper",
    "I think.\n\nPaper",
    '{"action": "Paper"}',
    "<answer>Paper</answer>",
    "<think>Rock</think>Paper",
    "Thought: Rock lost.\nAction: Paper",
    "\\boxed{Paper}",
    "**Paper**",
    "```\nPaper\n```",
]


def meaning(reply: str, truncated: bool = False) -> str | Cause:
    return named(parse_action(reply, RPS, truncated), RPS)


@pytest.mark.parametrize("end", ENDS)
def test_what_comes_after_the_turn_is_not_the_agents(end: str) -> None:
    for own in OWN:
        for later in ("Answer: Rock", "Rock", '{"action": "Rock"}', "Action: Rock"):
            reply = own + end.format("You lost. Rock!") + later
            assert meaning(reply) == "Paper", reply
            assert meaning(reply, truncated=True) == "Paper", reply
            assert meaning(reply + reply) == "Paper", reply


TURNS: Cases = [
    (
        RPS,
        "Answer: Paper<|im_end|>\n<|im_start|>user\nYou lost.<|im_end|>\n"
        "<|im_start|>assistant\nAnswer: Rock",
        "Paper",
    ),
    (RPS, "I am ready.\n\nUser: Go!\nAssistant: Answer: Rock", UNPARSABLE),
    (RPS, "I am ready.<|im_end|>\n<|im_start|>assistant\nAnswer: Rock", UNPARSABLE),
    (RPS, "<|im_end|>\n<|im_start|>assistant\nAnswer: Rock", EMPTY),
    (RPS, "Action: look\nObservation: a stone\nAction: Rock", UNPARSABLE),
    (RPS, "<|im_start|>assistant\nAnswer: Paper<|im_end|>", "Paper"),
    (RPS, "<|start_header_id|>assistant<|end_header_id|>\n\nPaper<|eot_id|>", "Paper"),
    (RPS, "<start_of_turn>model\nPaper<end_of_turn>", "Paper"),
    (RPS, "[/INST] Paper</s>", "Paper"),
    (RPS, "<s> Paper </s>", "Paper"),
    (RPS, "<|assistant|>\nPaper", "Paper"),
    (RPS, "assistant\n\nPaper", "Paper"),
    (RPS, "Finally, I choose Paper.", "Paper"),
    (RPS, "I will play Paper.\nObservation: You lost.\nI will play Rock.", "Paper"),
    (RPS, "I will play Paper.\n\nStep 3:\nYou lost.\n\nI will play Rock.", "Paper"),
    (RPS, "I would play Rock.\n\nStep 1: look again.\nAnswer: Paper", "Paper"),
    (RPS, "Answer: Paper\n\nYou chose Paper. You lost.\n\nAnswer: Rock", "Paper"),
    (RPS, "Answer: Paper\n\nWhat is your answer?\n\nAnswer: Rock", "Paper"),
    (RPS, '{"action":"Paper"}\n{"observation":"You lost"}\n{"action":"Rock"}', "Paper"),
    (RPS, "<|im_start|>think\nRock\n<|im_start|>answer\nPaper<|im_end|>", "Paper"),
    (RPS, "<think/>Paper", "Paper"),
    (RPS, "<think>Rock</think><|assistant|>Paper", "Paper"),
    # Steps and observations of the reasons end nothing.
    (RPS, "Step 1: Rock lost.\nStep 2: Scissors would, too.\nStep 3: so\nAnswer: Paper", "Paper"),
    (RPS, "Observation: he plays Rock.\nThought: hm.\nAction: Paper", "Paper"),
    (RPS, "<observation>He plays Rock.</observation>\n<action>Paper</action>", "Paper"),
    (RPS, "Round 1: Rock\nRound 2: Rock\nRound 3: Scissors\n\nAnswer: Paper", "Paper"),
    (RPS, "Options:\nRock\nPaper\nScissors\nStep 2: he likes Rock.\nAnswer: Paper", "Paper"),
    (RPS, "Game: Rock, Paper, Scissors.\nQuestion: what beats Rock?\nAnswer: Paper", "Paper"),
    (CRAFTER, "Step 1: I need wood.\nStep 2: A tree is near.\nAction: Do", "Do"),
]

CORRECTIONS: Cases = [
    (RPS, "Answer: Rock\n\nWait, actually Answer: Paper", "Paper"),
    (RPS, "Answer: Rock\n\nNo, wait, my answer is: Paper", "Paper"),
    (RPS, "Answer: Rock. Wait, actually Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nHmm, on second thought, I'll play Paper.", "Paper"),
    (RPS, "Answer: Rock\nActually, let me change my answer to Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nCorrection: Paper", "Paper"),
    (RPS, "Answer: Rock\n\nOh wait, I misread. The answer should be Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nEdit: Paper", "Paper"),
    (RPS, "Answer: Rock\n\nWait, one more thing. Paper is better.", AMBIGUOUS),
    (GRID, "I hope to Move North first, then Move East.", AMBIGUOUS),
    (RPS, "Let's play Rock Paper Scissors!", UNPARSABLE),
    (RPS, "Answer: Rock\n\nSorry, I meant Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nWait, Paper would be better.", AMBIGUOUS),
    (RPS, "Answer: Rock\n\nWait, let me check. Paper beats Rock. So I choose Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nWait, let me check. Yes, that is fine.", "Rock"),
    (RPS, "Answer: Rock\n\nWait, could Paper win? No. Rock it is.", "Rock"),
    (RPS, "Answer: Rock\n\nScratch that.", UNPARSABLE),
    (RPS, "Answer: Rock\n\nScratch that. I choose Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nRevised answer: Paper", "Paper"),
    (RPS, "Answer: Rock (no, Paper)", AMBIGUOUS),
    (RPS, '{"action": "Rock"}\n\nWait, I should play Paper.', "Paper"),
    (RPS, "<answer>Rock</answer> Hold on, let me rethink: I will play Paper.", "Paper"),
    (RPS, "\\boxed{Rock} Oops, that's wrong. \\boxed{Paper}", "Paper"),
    (RPS, "I will play Rock. Wait, actually, Paper.", "Paper"),
    (RPS, "I will play Rock. Wait, Paper would be better.", AMBIGUOUS),
    (RPS, "Rock\n\nWait, no. Paper!", "Paper"),
    (RPS, "Rock, no, Paper.", "Paper"),
    (RPS, "Rock... actually Paper", "Paper"),
    (RPS, "Rock, Paper, I mean Scissors.", "Scissors"),
    (RPS, "Answer: Rock, sorry, Paper", "Paper"),
    (RPS, "Rock, no, Paper would be better", AMBIGUOUS),
    (RPS, "Rock - yes, Paper - no, Scissors - no", AMBIGUOUS),
    (RPS, "Rock, no, Paper, no.", AMBIGUOUS),
    (RPS, "I choose Paper, actually. Rock would lose.", "Paper"),
    (RPS, "If he plays Rock, actually, I choose Paper.", UNPARSABLE),
    (RPS, "I'll go with Rock, actually the best against Scissors.", "Rock"),
    (RPS, "I choose Paper, on reflection, because it beats Rock", "Paper"),
    (RPS, "I choose Rock, I mean he always plays Scissors.", "Rock"),
    (RPS, "I choose Paper, sorry Rock fans!", "Paper"),
    (RPS, "I choose Paper because he loves Rock, no, Scissors.", "Paper"),
    (RPS, "Rock, actually maybe Paper", AMBIGUOUS),
    (RPS, "Rock - actually, let's play Paper", "Paper"),
    (GRID, "Move North, wait, Move East", AMBIGUOUS),
    (GRID, "Move North - wait, no, Move East", "Move East"),
    (RPS, "Scratch that: Paper", "Paper"),
    (RPS, "Answer: Rock\nScratch that: Paper", "Paper"),
    (RPS, "Rock. Actually, make that Paper.", "Paper"),
    (RPS, "Answer: Rock\n\nThis beats Scissors, but loses to Paper.", "Rock"),
    (RPS, "Answer: Rock\n\nWait for the result.", "Rock"),
    (["Wait", "Go"], "Answer: Go\nWait would be too slow.", "Go"),
    (["Wait", "Go"], "Answer: Wait", "Wait"),
]

EXAMPLES: Cases = [
    (RPS, "Example:\nHe plays Rock.\nAnswer: Paper\n\nNow my turn.\nAnswer: Rock", "Rock"),
    (RPS, "Example:\nAnswer: Rock\n\nNow for this round: I choose Paper.", "Paper"),
    (RPS, "Example:\nAnswer: Rock\n\nNow let me look at the current round.", UNPARSABLE),
    (RPS, "For example, he may play Scissors.\n\nAnswer: Paper", "Paper"),
    (RPS, "I am to end with a line, e.g. Answer: Rock", UNPARSABLE),
    (RPS, "Question: what beats Rock?\nAnswer: Paper\nReason: the rules.", "Paper"),
]  # fmt: skip

CUT_OFF_EXAMPLES: Cases = [
    (
        RPS,
        "Here is an example of a round:\nHe played Scissors twice.\nAnswer: Rock\n\n"
        "Now in the current round I see that he",
        TRUNCATED,
    ),
    (RPS, "### Example\nHe plays Rock.\nAnswer: Paper\n\nWhat do we kn", TRUNCATED),
    (RPS, "Example 1:\nHe plays Rock.\n<answer>Paper</answer>\n", TRUNCATED),
    (RPS, 'For instance:\n{"action": "Rock"}\n\nMy case is', TRUNCATED),
    (RPS, "**Worked example**\n\nPaper\n\nIn this game he", TRUNCATED),
    (RPS, "Q: He plays Scissors.\nAnswer: Rock\n\nQ: He pl", TRUNCATED),
    (RPS, "Suppose he plays Scissors: I win with Rock.\nAnswer: Rock\n\nNow for this", TRUNCATED),
    (RPS, "Example:\nAnswer: Rock\n\nNow my turn.\nAnswer: Paper\nBecause he", "Paper"),
    (RPS, "Answer: Paper\nFor example, Rock wo", "Paper"),
    (RPS, "Answer: Rock\n\nWait, actually I think Pap", TRUNCATED),
    (RPS, "Answer: Rock\n\nWait, that loses. I choose Paper. He wi", "Paper"),
    (RPS, "Answer: Paper\n\nFor example:\nAnswer: Ro", "Paper"),
    (RPS, "Answer: Paper\n\nRock would have lost, as the opp", "Paper"),
    (GRID, "Situation: a zombie.\nAction: Move North\nReason: it is to the sou", "Move North"),
]


@by_rule({"turns": TURNS, "corrections": CORRECTIONS, "examples": EXAMPLES})
def test_a_reply_means_what_its_own_turn_says_last(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions), actions) == expected


@by_rule({"cut off": CUT_OFF_EXAMPLES})
def test_the_answer_of_an_example_is_not_that_of_a_reply_cut_off(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions, truncated=True), actions) == expected


WRAPPERS = [
    "{}", "**{}**", "*{}*", "_{}_", "`{}`", '"{}"', "'{}'", "“{}”", "„{}“", "«{}»", "「{}」",
    "({})", "[{}]", "✅ {}", "{} 🎉", "👉 {} 👈", "> {}", "- {}", "• {}", "* {}", "### {}",
    "1. {}", "{}.", "{}!", "  {}  ", "\n\n{}\n\n", "```\n{}\n```", "```text\n{}\n```", "<b>{}</b>",
    "<p>{}</p>", "<answer>{}</answer>", "<|ACTION|>{}<|/ACTION|>", "<|ACTION|>{}</|ACTION|>",
    "<output>{}</output>", "{}</s>", "{}<|im_end|>", "<|im_start|>assistant\n{}", "=== {} ===",
    "~ {} ~", "\u200b{}\ufeff",
]  # fmt: skip
RIGHT = ["{}", "Answer: {}", "Final answer: {}", "**Action:** {}", "My choice is: {}"]
THINKING = [
    "<think>{}</think>\n", "<thinking>\n{}\n</thinking>\n\n", "[THINK]{}[/THINK]",
    "◁think▷{}◁/think▷", "<seed:think>{}</seed:think>", "{}</think>\n",
    "<|begin_of_thought|>{}<|end_of_thought|>\n",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
    "<|channel>thought\n{}<channel|>",
]  # fmt: skip
SAID = [
    "Answer: Rock", "Rock", "I will play Scissors.", "User: Rock!", "Observation: a stone.",
    "Step 3:", "Wait, no.", "Example:", '{"action": "Rock"}', "<answer>Rock</answer>",
    "\\boxed{Rock}", "```", "{", "Now,", "- Rock", "So the answer is 1.", "…", "if", '"', "e.g.",
    "Next action: Rock",
]  # fmt: skip
ENDING = st.sampled_from([end.format("You lost.") for end in ENDS])
chatter = st.lists(st.sampled_from(SAID), max_size=6).map("\n".join)


@given(st.sampled_from(RIGHT), st.lists(st.sampled_from(WRAPPERS), max_size=3), st.data())
def test_decoration_never_changes_a_right_reply(
    right: str, wrappers: list[str], data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(CRAFTER))
    reply = right.format(name)
    for wrapper in wrappers:
        reply = wrapper.replace("{}", reply)
    assert named(parse_action(reply, CRAFTER), CRAFTER) == name


@given(st.sampled_from(OWN), st.sampled_from(THINKING), chatter)
def test_thoughts_before_the_answer_never_change_it(own: str, tag: str, thought: str) -> None:
    assert meaning(tag.replace("{}", thought) + own) == "Paper"


@given(st.sampled_from(OWN), ENDING, chatter, st.booleans())
def test_nothing_after_the_first_end_of_the_turn_counts(
    own: str, end: str, later: str, truncated: bool
) -> None:
    assert meaning(own + end + later, truncated) == "Paper"


@given(chatter, st.sampled_from(["<|im_end|>", "<|eot_id|>", "</s>", "<end_of_turn>"]), chatter)
def test_a_token_that_ends_the_turn_ends_it_whatever_was_said(
    said: str, end: str, later: str
) -> None:
    assert meaning(said + end + later) == meaning(said)
