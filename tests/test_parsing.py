"""What holds for all replies: those that were cut off, decorated, invented, or enormous."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from smartplay.parsing import Cause, Parsed, parse_action
from tests.replies import (
    ACTION_SETS,
    AMBIGUOUS,
    BANDIT,
    CRAFTER,
    EMPTY,
    GRID,
    NESTED,
    NUMBERS,
    RPS,
    SHORT,
    TRUNCATED,
    TWELVE,
    UNPARSABLE,
    Cases,
    named,
)

CUT_OFF: Cases = [
    (GRID, "", TRUNCATED),
    (GRID, "<think>I could Move North", TRUNCATED),
    (GRID, "I will Move North because there is a", TRUNCATED),
    (GRID, "Let us see. I will Move North. But", TRUNCATED),
    (GRID, "The options are:\n1. Move North\n2. Mo", TRUNCATED),
    (GRID, "The options are:\n1. Move North\n2. Move South\n3. Mo", TRUNCATED),
    (GRID, "Answer: Mo", TRUNCATED),
    (GRID, "Answer: ", TRUNCATED),
    (GRID, '{"action": "Mo', TRUNCATED),
    (GRID, '{"action":', TRUNCATED),
    (GRID, "<answer>Move", TRUNCATED),
    (GRID, "\\boxed{Move", TRUNCATED),
    (GRID, "```\nMove", TRUNCATED),
    (GRID, "Answer: Fly\nBecause", UNPARSABLE),
    (GRID, "<answer>Fly</answer> beca", UNPARSABLE),
    (GRID, "Answer: Move North or Move East", AMBIGUOUS),
    (GRID, "Answer: Move North\nBecause Move South wo", "Move North"),
    (GRID, "<answer>Move North</answer> I chose th", "Move North"),
    (GRID, '{"action": "Move North", "why": "Mov', "Move North"),
    (GRID, "Move North", "Move North"),
    (GRID, "Move North\n\nThe reason is that Move South", "Move North"),
    (GRID, "Move North. The reason is that Move South", "Move North"),
    (GRID, "Let me see.\n\nMove North\n\nThe reason is", "Move North"),
    (NESTED, "Do", TRUNCATED),
    (NESTED, "Answer: Do", TRUNCATED),
    (NESTED, "Answer: Do\nBecause", "Do"),
    (NESTED, "Do.", "Do"),
    (NESTED, "<answer>Do</answer>", "Do"),
    (TWELVE, "Answer: Pull slot machine 1", TRUNCATED),
    (TWELVE, "Answer: 1", TRUNCATED),
    (TWELVE, "Answer: 2", "Pull slot machine 2"),
    (BANDIT, "Answer: Pull slot machine 1", "Pull slot machine 1"),
]


@pytest.mark.parametrize(("actions", "reply", "expected"), CUT_OFF)
def test_a_truncated_reply_counts_only_where_it_is_complete(
    actions: list[str], reply: str, expected: str | Cause
) -> None:
    assert named(parse_action(reply, actions, truncated=True), actions) == expected


DECORATIONS = [
    "{}",
    " {}\n",
    "{}.",
    "{}!",
    '"{}"',
    "'{}'",
    "“{}”",
    "`{}`",
    "**{}**",
    "__{}__",
    "- {}",
    "7. {}",
    "7) {}",
    "(b) {}",
    "**7. {}**",
    "> {}",
    "🙂 {} 🙂",
    "\u200b{}\u200b",
    "({})",
    "<answer>{}</answer>",
    '{{"action": "{}"}}',
    "\\boxed{{{}}}",
    "```\n{}\n```",
    "<think>no, yes</think>\n{}",
    "Hm, hard to say.\n\n{}",
    "Answer: {}",
    "**Final answer:** {}.",
    "Action:\n{}",
]


@pytest.mark.parametrize("actions", ACTION_SETS, ids=lambda actions: actions[0])
@pytest.mark.parametrize("decoration", DECORATIONS)
def test_decorations_do_not_matter(actions: list[str], decoration: str) -> None:
    for name in actions:
        reply = decoration.format(name)
        assert named(parse_action(reply, actions), actions) == name, reply


MATTERS = ["Answer:", '{"action":', "<think>", "</think>", "<answer>", "</answer>", "```", "\n"]
MATTERS += ["\\boxed{", "}", "or", "not", "I will", ",", ".", "1", "2.", "if", "?"]

names = st.from_regex(r"[A-Za-z]{2,8}( [A-Za-z0-9]{1,6}){0,3}", fullmatch=True)
action_lists = st.lists(names, min_size=1, max_size=8, unique_by=str.casefold)
replies = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from([*GRID, *RPS, *MATTERS]),
        max_size=20,
    ).map(" ".join),
)


@settings(max_examples=40)
@given(action_lists, st.data())
def test_a_name_means_itself(actions: list[str], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(actions))
    decoration = data.draw(st.sampled_from(["{}", "{}.", "**{}**", "`{}`", "{}\n", "Answer: {}"]))
    assert named(parse_action(decoration.format(name), actions), actions) == name


visible = st.text(st.characters(exclude_categories=["C", "Z", "M"]), min_size=1)


@given(st.lists(visible, min_size=1, unique=True))
def test_any_name_verbatim_means_itself(actions: list[str]) -> None:
    for name in actions:
        assert named(parse_action(name, actions), actions) in (name, AMBIGUOUS)


@given(replies.filter(lambda text: "<" not in text and "[" not in text), st.sampled_from(GRID))
@example("I will not", "Move North")
@example('{"action":', "Move North")
def test_the_answer_at_the_end_beats_all_before_it(before: str, name: str) -> None:
    assert named(parse_action(f"{before}\nAnswer: {name}", GRID), GRID) == name


@pytest.mark.slow
@settings(max_examples=500)
@given(replies, st.lists(st.text(min_size=1), min_size=1, max_size=6), st.booleans())
def test_whatever_comes_in_one_action_or_one_cause_comes_out(
    reply: str, actions: list[str], truncated: bool
) -> None:
    parsed = parse_action(reply, actions, truncated)
    assert parsed == parse_action(reply, tuple(actions), truncated)
    assert (parsed.action is None) != (parsed.cause is None)
    assert parsed.action is None or 0 <= parsed.action < len(actions)
    assert truncated or parsed.cause is not TRUNCATED


@settings(max_examples=300)
@given(replies, st.booleans())
def test_mixtures_of_what_matters_never_raise(reply: str, truncated: bool) -> None:
    for actions in (GRID, RPS, NUMBERS):
        parsed = parse_action(reply, actions, truncated)
        assert (parsed.action is None) != (parsed.cause is None)


NASTY = [
    "<", "{", "}", "[", "(", '"', "\\", "`", "*", " ", "\n", "-", ".", ",", "1", "a", "😀",
    "\u200b", "Answer:", "Answer: ", "Answer\n", "Answer:\n", '{"action":', "{'action': '",
    "<answer>", "</answer>", "<think>", "</think>", "<think></think>", "\\boxed{", "```\n", "1. ",
    "- ", "* ", "Move North ", "Move North, ", "Move North\n", "- Move North\n", "Do ",
    "I will not ", "if ", "I will ", "and ", "so ", "now ", "then, ", "A->", "A to B to ", "1, ",
    '\\"', '{"a":"', "{a:", '{"action": "x"}\n', "'a'a", "<|im_end|>", "<|start|>",
    "<think><reasoning>", "<|channel|>analysis<|message|>", "[THINK]", "◁think▷", "assistantfinal",
    "Step 1:\n", "User:\n", "Answer: x\nStep 1:\n", "Observation: x\n", "Example:\n", "e.g. ",
    "Q: a\nAnswer: 1\n", "Wait, ", "Now,\n", "<action>x", "[answer]", 'f("x")\n', "~~a~~",
    "<plan>", "<plan></plan>", "Answer (", "__a", "Next action: x\n", "x\n\n", "二", "٢", "so, ",
    "the answer ", "|Answer|", "answer for a ", "Move North or ", "'a", "<|", ":\t", "is ",
    "the best action ", "I'll ", "action 1 ", "\\to", ", and ", "Move North, East, ", "Move, no, ",
    "Do, no, ", "action 1 2 ",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("piece", NASTY)
def test_the_time_is_linear_in_the_reply(piece: str) -> None:
    reply, actions = piece * (400_000 // len(piece)), [*CRAFTER, *SHORT, *NUMBERS, "Do Nothing"]
    started = time.process_time()
    parse_action(reply, actions)
    parse_action(reply, actions, truncated=True)
    assert time.process_time() - started < 20, f"400 kB of {piece!r} took too long"


@pytest.mark.parametrize("end", ["Answer: Paper", "I will play Paper.", '{"action": "Paper"}'])
def test_a_usual_reply_takes_a_millisecond(end: str) -> None:
    thoughts = "He has played Rock three times in a row, so Paper may be a good choice. " * 27
    reply = f"{thoughts}\n{end}"
    times = []
    for _ in range(20):
        started = time.process_time()
        assert named(parse_action(reply, RPS), RPS) == "Paper"
        times.append(time.process_time() - started)
    assert min(times) < 0.005


def test_of_an_enormous_reply_the_end_is_read_and_its_reasoning_is_not() -> None:
    assert parse_action("x " * 1_000_000 + "\nMove East", GRID) == Parsed(1, None)
    thought = f"<think>{'Move North. ' * 100_000}"
    assert parse_action(f"{thought}</think>Move East", GRID) == Parsed(1, None)
    assert parse_action(thought, GRID) == Parsed(None, EMPTY)


def test_words_before_a_correction_take_linear_time() -> None:
    started = time.process_time()
    for reply in (", and " * 10_000, ", actually so " * 20_000 + "Paper"):
        parse_action("I will play Rock" + reply, RPS)
    assert time.process_time() - started < 2


@pytest.mark.slow
def test_ten_megabytes_take_seconds() -> None:
    reply = "I could Move North, but I will not. {<Answer: x\n" * 200_000 + "\nAnswer: Move East"
    started = time.process_time()
    assert named(parse_action(reply, GRID), GRID) == "Move East"
    assert time.process_time() - started < 10
