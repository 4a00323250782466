"""Replies in the markup of model families: thoughts, channels, calls, wrappers, decoration."""

from __future__ import annotations

import json

import pytest

from smartplay.parsing import Cause, parse_action
from tests.replies import (
    AMBIGUOUS,
    BANDIT,
    CRAFTER,
    EMPTY,
    GRID,
    HANOI,
    RPS,
    TRUNCATED,
    UNPARSABLE,
    Cases,
    by_rule,
    named,
)

CHANNELS: Cases = [
    (
        RPS,
        "<|channel|>analysis<|message|>I will play Rock.<|end|><|start|>assistant"
        "<|channel|>final<|message|>Paper",
        "Paper",
    ),
    (RPS, "<|channel|>analysis<|message|>Answer: Rock<|end|>", EMPTY),
    (RPS, "<|channel|>analysis<|message|>I will play Rock.", EMPTY),
    (RPS, "<|start|>assistant<|channel|>final<|message|>Paper<|return|>", "Paper"),
    (RPS, "<|channel|>final<|message|>Paper<|return|><|start|>user<|message|>Rock", "Paper"),
    (RPS, "<|channel|>final<|message|>Paper<|end|><|start|>assistant<|message|>Rock", "Paper"),
    (RPS, '<|channel|>final <|constrain|>json<|message|>{"action": "Paper"}', "Paper"),
    (
        RPS,
        "<|channel|>commentary<|message|>I will look at Rock.<|end|><|start|>assistant"
        "<|channel|>final<|message|>Paper",
        "Paper",
    ),
    (
        RPS,
        "<|channel|>analysis<|message|>Rock?<|end|><|start|>assistant<|channel|>commentary "
        'to=functions.act <|constrain|>json<|message|>{"action":"Paper"}<|call|>',
        "Paper",
    ),
    (
        RPS,
        "<|channel|>analysis<|message|>Rock.<|end|><|start|>assistant<|channel|>analysis"
        "<|message|>No, Scissors.<|end|><|start|>assistant<|channel|>final<|message|>Paper",
        "Paper",
    ),
    (RPS, "<|channel|>analysis<|message|>Rock.<|end|>Paper", "Paper"),
    (RPS, "final<|message|>Paper", "Paper"),
    (RPS, "analysis<|message|>Rock<|end|><|channel|>final<|message|>Paper", "Paper"),
    (RPS, "analysisWe need one. Rock seems good.assistantfinalPaper", "Paper"),
    (RPS, "analysisWe need one. I will play Rock.", EMPTY),
    (RPS, "Analysis: Rock beats Scissors.\nAnswer: Paper", "Paper"),
    (RPS, "<|channel>thought\nI will play Rock.\n<channel|>Paper<turn|>", "Paper"),
    (RPS, "<|channel>thought\nAnswer: Rock", EMPTY),
    (RPS, "<|channel>thought\n<channel|>Answer: Paper", "Paper"),
]  # fmt: skip

_PAIRS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<THOUGHT>", "</THOUGHT>"),
    ("<thoughts>", "</thoughts>"),
    ("<reason>", "</reason>"),
    ("<reasoning>", "</reasoning>"),
    ("<reflection>", "</reflection>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<inner_monologue>", "</inner_monologue>"),
    ("<chain-of-thought>", "</chain-of-thought>"),
    ("<antThinking>", "</antThinking>"),
    ("<internal_thoughts>", "</internal_thoughts>"),
    ("<analysis>", "</analysis>"),
    ("<cot>", "</cot>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("[THINK]", "[/THINK]"),
    ("[REASONING]", "[/REASONING]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|thinking|>", "<|/thinking|>"),
    ("<|inner_prefix|>", "<|inner_suffix|>"),
    ("<\uff5cthink\uff5c>", "<\uff5c/think\uff5c>"),
    ('<details type="reasoning" done="true">', "</details>"),
    ("Thinking...\n", "...done thinking."),
]

THOUGHTS: Cases = [
    (RPS, "<think>Rock, or <reflection>no, Scissors</reflection> Rock.</think>Paper", "Paper"),
    (RPS, "<thinking>Answer: Rock</think>\nPaper", "Paper"),
    (RPS, "<think>Answer: Rock\nUser: go on\nObservation: x</think>\nPaper", "Paper"),
    (RPS, "<think>It ends with <|im_end|>. Answer: Rock</think>Paper", "Paper"),
    (RPS, "Step 1: look.\nUser: Rock\n</think>\nPaper", "Paper"),
    (RPS, "<think>Rock<|im_end|>\n<|im_start|>assistant\n<think>So.</think>Answer: Rock", EMPTY),
    (RPS, "I [thinking of Scissors] say:\nPaper", "Paper"),
    (RPS, "<|START_THINKING|>Rock<|END_THINKING|><|START_RESPONSE|>Paper<|END_RESPONSE|>", "Paper"),
    (RPS, "<think>Rock</think><plan>Answer: Rock</plan>Paper", "Paper"),
    (RPS, "<action>Paper</action><plan><action>Rock</action></plan>", "Paper"),
    (RPS, "<think></think>", EMPTY),
]

CALLS: Cases = [
    (RPS, '<tool_call>\n{"name": "act", "arguments": {"action": "Paper"}}\n</tool_call>', "Paper"),
    (RPS, '[TOOL_CALLS][{"name": "act", "arguments": {"action": "Paper"}}]</s>', "Paper"),
    (RPS, '[TOOL_CALLS]act[ARGS]{"action": "Paper"}', "Paper"),
    (RPS, '<|python_tag|>{"name": "act", "parameters": {"action": "Paper"}}<|eom_id|>', "Paper"),
    (RPS, '<function=act>{"action": "Paper"}</function>', "Paper"),
    (RPS, "<function=act>\n<parameter=action>\nPaper\n</parameter>\n</function>", "Paper"),
    (RPS, '<invoke name="act"><parameter name="action">Paper</parameter></invoke>', "Paper"),
    (
        RPS,
        "<tool_call>act\n<arg_key>action</arg_key>\n<arg_value>Paper</arg_value>\n</tool_call>",
        "Paper",
    ),
    (
        RPS,
        "<\uff5ctool\u2581calls\u2581begin\uff5c><\uff5ctool\u2581call\u2581begin\uff5c>function"
        '<\uff5ctool\u2581sep\uff5c>act\n```json\n{"action": "Paper"}\n```'
        "<\uff5ctool\u2581call\u2581end\uff5c><\uff5ctool\u2581calls\u2581end\uff5c>",
        "Paper",
    ),
    (
        RPS,
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.act:0"
        '<|tool_call_argument_begin|>{"action": "Paper"}<|tool_call_end|>',
        "Paper",
    ),
    (RPS, '<|tool_call>call:act{action:<|"|>Paper<|"|>}<tool_call|>', "Paper"),
    (RPS, '<|START_ACTION|>[{"parameters": {"action": "Paper"}}]<|END_ACTION|>', "Paper"),
    (RPS, '[act(action="Paper")]', "Paper"),
    (RPS, '```tool_code\nact("Paper")\n```', "Paper"),
    (RPS, 'choose_action("Paper")', "Paper"),
    (RPS, 'I look around.\n```python\nenv.step("Paper")\n```', "Paper"),
    (GRID, '{"name": "move_north", "arguments": {}}', "Move North"),
    (GRID, '<invoke name="move_north"></invoke>', "Move North"),
    (RPS, '{"name": "play", "arguments": {"hand": "Paper"}}', "Paper"),
    (RPS, '{"function_call": {"arguments": "{\\"action\\": \\"Paper\\"}"}}', "Paper"),
    (RPS, '{"action": "Final Answer", "action_input": "Paper"}', "Paper"),
    (RPS, "Action: play\nAction Input: Paper", "Paper"),
    (GRID, "Action: Move North\nAction Input: none", "Move North"),
    (RPS, "\\boxed{\n  \\text{Paper}\n}", "Paper"),
    (RPS, "<|begin_of_box|>Paper<|end_of_box|>", "Paper"),
    (GRID, '{"action": {"type": "move", "direction": "north"}}', "Move North"),
    (GRID, '{"action": {"name": "Move North", "reason": "Move South is blocked"}}', "Move North"),
    (GRID, '{"action": {"id": 1, "name": "Move North"}}', "Move North"),
]  # fmt: skip

OBJECTS: Cases = [
    (RPS, '{"action":"Paper","next_action":"Rock"}', "Paper"),
    (RPS, '{"next_action":"Rock","action":"Paper"}', "Paper"),
    (RPS, '{"action":"Paper","previous_action":"Rock"}', "Paper"),
    (RPS, '{"action":"Paper","opponent_action":"Rock"}', "Paper"),
    (RPS, '{"action":"Paper","plannedMove":"Rock"}', "Paper"),
    (RPS, '{"action":"Paper","plan":{"action":"Rock"}}', "Paper"),
    (RPS, '{"action":"Paper","plan":[{"step":2,"action":"Rock"}]}', "Paper"),
    (RPS, '{"history":[{"action":"Rock"}],"action":"Paper","alternatives":["Scissors"]}', "Paper"),
    (RPS, '{"action":"Paper","if_lost":{"action":"Rock"}}', "Paper"),
    (RPS, '{"last_action":"Rock"}', UNPARSABLE),
    (RPS, '{"previous_move":"Rock","expected_answer":"Scissors"}', UNPARSABLE),
    (RPS, '{"thought":"Hm.","next_action":"Paper"}', "Paper"),
    (RPS, '{"action":"Rock","final_action":"Paper"}', "Paper"),
    (RPS, '{"finalAnswer": "Paper"}', "Paper"),
    (RPS, '{"answer":"Rock","action":"Paper"}', AMBIGUOUS),
    (RPS, '{"response":{"thought":"Rock?","action":"Paper"}}', "Paper"),
    (RPS, '{"thought": "I said "Rock" before", "action": "Paper"}', "Paper"),
    (RPS, '{"thought": "one\ntwo: Answer: Rock", "action": "Paper"}', "Paper"),
    (RPS, "{action: 'Paper', why: 'it's better than Rock'}", "Paper"),
    (RPS, "{“action”: “Paper”}", "Paper"),
    (RPS, '{\\"action\\": \\"Paper\\"}', "Paper"),
    (RPS, '{"action": "Paper", "explanation": "Answer: Rock would lose"}', "Paper"),
    (RPS, '{"action": "Paper"}\n\nThis beats Rock.', "Paper"),
    (RPS, '[{"action": "Rock"}, {"action": "Paper"}]', "Paper"),
    (RPS, '{"steps": [{"action": "Rock"}, {"action": "Paper"}]}', AMBIGUOUS),
    (RPS, '{"actions": ["Paper"]}', "Paper"),
    (RPS, "action: Paper\nnext_action: Rock", "Paper"),
    (RPS, "Action: Paper\nNext action: Rock", "Paper"),
    (RPS, "Next action: Rock", "Rock"),
    (RPS, "Previous action: Rock\nAction: Paper", "Paper"),
    (RPS, "Action: Paper\nPrevious action: Rock", "Paper"),
    (RPS, "<action>Paper</action><next_action>Rock</next_action>", "Paper"),
    (RPS, "<previous_action>Rock</previous_action><action>Paper</action>", "Paper"),
    (RPS, "<action>Paper</action><previous_action>Rock</previous_action>", "Paper"),
    (RPS, '<action name="Paper"/>', "Paper"),
    (HANOI, json.dumps({"action": HANOI[3], "next_move": HANOI[0]}), HANOI[3]),
]

DECORATED: Cases = [
    (RPS, "✅ Answer: Paper", "Paper"),
    (RPS, '"Answer: Paper"', "Paper"),
    (RPS, "<|ACTION|>Paper</|ACTION|>", "Paper"),
    (RPS, "<|ACTION|>Paper<|END|>", "Paper"),
    (RPS, "Rock or not?\n<|action_start|>Paper<|action_end|>", "Paper"),
    (RPS, "[ACTION]Paper[/ACTION]", "Paper"),
    (RPS, "[Action] Paper", "Paper"),
    (RPS, "<<Answer: Paper>>", "Paper"),
    (RPS, "=== Answer: Paper ===", "Paper"),
    (RPS, "「Answer: Paper」", "Paper"),
    (RPS, "👉 **Final Answer:** `Paper` 🎉", "Paper"),
    (RPS, "| Answer | Paper |", "Paper"),
    (RPS, "Answer — Paper", "Paper"),
    (RPS, "Answer (one word): Paper", "Paper"),
    (RPS, "Answer for this turn: Paper", "Paper"),
    (RPS, "Answer: ~~Rock~~ Paper", "Paper"),
    (RPS, "<b>Answer:</b> <i>Paper</i>", "Paper"),
    (RPS, "„Paper“", "Paper"),
    (RPS, "«Paper»", "Paper"),
    (RPS, "‹Paper›", "Paper"),
    (RPS, "『Paper』", "Paper"),
    (RPS, "《Paper》", "Paper"),
    (RPS, "【Paper】", "Paper"),
    (RPS, "答案：Paper", "Paper"),
    (RPS, "最终答案：「Paper」", "Paper"),
    (RPS, "Antwort: Paper", "Paper"),
    (RPS, "Réponse finale : « Paper »", "Paper"),
    (RPS, "Respuesta: Paper", "Paper"),
    (RPS, "Ответ: «Paper»", "Paper"),
    (RPS, "정답: Paper", "Paper"),
    (RPS, "Answer: ２", "Paper"),
    (RPS, "Answer: ٢", "Paper"),
    (RPS, "Answer: २", "Paper"),
    (RPS, "Answer: 二", "Paper"),
    (RPS, "Answer: ❷", "Paper"),
    (RPS, "Answer: ②.", "Paper"),
    (BANDIT, "Pull slot machine ٢", BANDIT[1]),
    (RPS, "✅ 2", "Paper"),
    (GRID, "🎯 Action → Move North ⬆️", "Move North"),
    (CRAFTER, "• Action: Place Table", "Place Table"),
    (RPS, "<|Paper|>", "Paper"),
    (RPS, "Answer: <|Paper|>", "Paper"),
    (RPS, "Answer: <Paper>", "Paper"),
    (RPS, "Answer: \\text{Paper}", "Paper"),
    (RPS, "→ Paper", "Paper"),
    (RPS, "⭐ Answer ⭐: ⭐ Paper ⭐", "Paper"),
    (RPS, "action: Paper # not Rock", "Paper"),
    (RPS, "我选择「Paper」", "Paper"),
    (RPS, "**Reasons:** he likes Rock **Answer:** Paper", "Paper"),
    (RPS, "Assistant: Paper", "Paper"),
    (RPS, "**AI:** Answer: Paper", "Paper"),
]


@by_rule(
    {
        "channels": CHANNELS,
        "thoughts": THOUGHTS,
        "calls": CALLS,
        "objects": OBJECTS,
        "decorated": DECORATED,
    }
)
def test_a_reply_means_the_same_in_every_models_markup(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions), actions) == expected


@pytest.mark.parametrize(("opening", "closing"), _PAIRS)
def test_thoughts_are_no_answers(opening: str, closing: str) -> None:
    def meaning(reply: str) -> str | Cause:
        return named(parse_action(reply, RPS), RPS)

    assert meaning(f"{opening}Answer: Rock{closing}Paper") == "Paper"
    assert meaning(f"{opening}\nAnswer: Rock\n{closing}\n\nAnswer: Paper") == "Paper"
    assert meaning(f"I think of Rock.\nAnswer: Rock{closing}\nPaper") == "Paper"
    assert meaning(f"{opening}Answer: Rock{closing}") == EMPTY
    if closing != "...done thinking.":  # of that one the beginning alone says nothing
        assert meaning(f"{opening}I play Rock. Answer: Rock") == EMPTY


@pytest.mark.parametrize("brackets", ["<{}>", "[{}]", "<|{}|>", "◁{}▷"])
@pytest.mark.parametrize("name", ["my:musing", "Denkraum", "step-back", "x_1"])
def test_a_model_may_have_tags_of_its_own(name: str, brackets: str) -> None:
    opening, closing = brackets.format(name), brackets.format(f"/{name}")
    reply = f"{opening}Answer: Rock\n{closing}"
    tags = [name]
    assert parse_action(f"{reply}Paper", RPS, reasoning_tags=tags).action == 1
    assert parse_action(f"Answer: Rock{closing}\nPaper", RPS, reasoning_tags=tags).action == 1
    assert parse_action(reply, RPS, reasoning_tags=tags).cause is EMPTY
    assert parse_action(f"{opening}Answer: Rock", RPS, True, tags).cause is TRUNCATED
    assert parse_action(reply, RPS).action == 0


def test_a_channel_of_thoughts_that_is_cut_off_plays_nothing() -> None:
    for start in ("<|channel|>analysis<|message|>", "analysis", "<|channel>thought\n", "<think>"):
        for thought in ("We play Rock", "We weigh.\nAnswer: Rock", "Action: Rock\n\nBecause"):
            assert parse_action(start + thought, RPS, True).cause is TRUNCATED
            assert parse_action(start + thought, RPS).cause is EMPTY
