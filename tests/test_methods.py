"""Every method does what its formula says, in runs of synthetic models through the real runner."""

from __future__ import annotations

import math
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import smartplay
from smartplay import Run
from smartplay.agents.methods import METHODS
from smartplay.agents.methods.cascade import accepted_by_chance
from smartplay.agents.methods.code import program_in
from smartplay.agents.methods.heap import _LINE
from smartplay.agents.methods.memory import most_similar
from smartplay.agents.methods.method import _LAST, vote
from smartplay.cli import main
from smartplay.leaderboard.verify import verify_run
from smartplay.report.analysis import analyze_runs
from smartplay.runner import Limits
from tests.asking import by_hand, command, kill_at, same, seeded, transcript
from tests.fake_server import FakeServer
from tests.synthetic import synthetic

__all__ = ["synthetic"]

DOORS = "ContrastReasoningEasy"
ROUNDS = 12
EPISODES = 40
"""480 steps: a share of one half has a standard error of .023."""

Asked = list[tuple[str, str]]


def play(out: Path, method: str, agent: str = "synthetic:one", **settings: Any) -> Run:
    options = {key: settings.pop(key) for key in ("executor", "limits", "cache") if key in settings}
    episodes, games = settings.pop("episodes", EPISODES), settings.pop("games", DOORS)
    told = {"method": method} | settings
    return smartplay.run(
        agent, games, episodes=episodes, out=out, agent_settings=told, progress=False, **options
    )


def share(run: Run) -> float:
    """Of all steps, those that were right."""
    assert not run.unscored, run.unscored[0].error
    scores = [record.score or 0.0 for record in run.episodes]
    return sum(scores) / (ROUNDS * len(scores))


def close(run: Run, expected: float, errors: float = 3.5) -> bool:
    """Whether a share of right steps is what it should be, within sampling error."""
    steps = ROUNDS * len(run.episodes)
    error = math.sqrt(max(expected * (1 - expected), 0.01) / steps)
    found = share(run)
    assert abs(found - expected) < errors * error, f"{found:.4f}, expected {expected:.4f}"
    return True


# Voting


@pytest.mark.parametrize(
    ("names", "winner", "votes"),
    [
        (["b", "a", "a", "b"], "b", 2),  # a tie goes to the first named
        ([None, None, "a"], "a", 1),
        ([None, None], None, 0),
        (["a", "b", "b", None], "b", 2),
    ],
)
def test_a_vote(names: list[str | None], winner: str | None, votes: int) -> None:
    assert vote(names)[:2] == (winner, votes)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "samples", "expected"),
    [(0.4, 3, 0.448), (0.4, 9, 0.59859), (0.6, 5, 0.81056)],
)
def test_a_majority_of_scattered_errors(
    p: float, samples: int, expected: float, synthetic: Asked, tmp_path: Path
) -> None:
    run = play(tmp_path / "run", "majority", samples=samples, p=p)
    assert close(run, expected)
    assert len(synthetic) == samples * ROUNDS * EPISODES


@pytest.mark.slow
def test_a_majority_of_the_same_error_is_worse_than_one_call(
    synthetic: Asked, tmp_path: Path
) -> None:
    """Two answers, K = 9, p = .4: the sum of the binomial tail."""
    assert close(play(tmp_path / "one", "direct", p=0.4, sure=True), 0.4)
    assert close(play(tmp_path / "run", "majority", samples=9, p=0.4, sure=True), 0.26657)


# Cascades


def cascade(out: Path, **settings: Any) -> tuple[Run, float, float]:
    """A run, the share of steps sent to the strong model, and the weak calls a step."""
    weak = {"agent": "synthetic:weak", "p": 0.95, "hard": 0.3} | settings.pop("weak", {})
    strong = {"agent": "synthetic:strong", "p": 0.98}
    run = play(out, "cascade", "cascade", models={"weak": weak, "strong": strong}, **settings)
    steps = ROUNDS * len(run.episodes)
    calls = {role: sum(r.roles[role].calls for r in run.episodes if role in r.roles)
             for role in ("weak", "strong")}  # fmt: skip
    return run, calls["strong"] / 3 / steps, calls["weak"] / steps


@pytest.mark.parametrize(
    ("agree", "score", "sent"),
    [
        pytest.param(5, 0.9400, 0.671 / 3, marks=pytest.mark.slow),
        pytest.param(6, 0.9857, 0.911 / 3, marks=pytest.mark.slow),
        (8, 0.9994, 0.340),
    ],
)
def test_a_cascade(agree: int, score: float, sent: float, synthetic: Asked, tmp_path: Path) -> None:
    run, found, weak = cascade(tmp_path / "run", agree=agree)
    assert close(run, score)
    assert abs(found - sent) < 0.045
    assert weak == 10


@pytest.mark.slow
def test_agreement_is_not_correctness(synthetic: Asked, tmp_path: Path) -> None:
    """A weak model that is wrong in the same way nine times of ten is believed."""
    run, sent, _ = cascade(tmp_path / "run", weak={"hard": 0.1, "hard_sure": True})
    assert close(run, 2 / 3)
    assert sent < 0.01


@pytest.mark.slow
def test_a_cascade_that_verifies(synthetic: Asked, tmp_path: Path) -> None:
    """Both halves of five samples must agree; of one sample each: p² + (1-p)²/3 do."""
    run, sent, weak = cascade(
        tmp_path / "run", rule="verify", samples=2, agree=1, weak={"p": 0.6, "hard": 0.6}
    )
    agreed = 0.36 + 0.16 / 3
    assert abs(sent - (1 - agreed)) < 0.07
    assert close(run, 0.36 + (1 - agreed) * 0.99908)
    assert weak == 2
    assert {label for name, label in synthetic if name == "synthetic:weak"} == {
        "answer",
        "in steps",
    }


@pytest.mark.parametrize(
    ("actions", "samples", "agree", "chance"),
    [(2, 5, 3, 1.0), (2, 5, 4, 0.375), (3, 5, 3, 0.63), (3, 20, 11, 0.113), (6, 5, 4, 0.020)],
)
def test_what_is_accepted_by_chance(actions: int, samples: int, agree: int, chance: float) -> None:
    assert accepted_by_chance(actions, samples, agree) == pytest.approx(chance, abs=0.0005)


# Self-correction


@pytest.mark.slow
@pytest.mark.parametrize(("rounds", "mends", "expected"), [(1, 0.2, 0.725), (2, 0.4, 0.7875)])
def test_a_review(
    rounds: int, mends: float, expected: float, synthetic: Asked, tmp_path: Path
) -> None:
    run = play(tmp_path / "run", "correct", rounds=rounds, p=0.75, mends=mends, spoils=0.1)
    assert close(run, expected)
    assert len(synthetic) == (1 + 2 * rounds) * ROUNDS * EPISODES
    [headers] = [run.header.agent_settings]
    assert (headers["method"], headers["rounds"], headers["by"]) == ("correct", rounds, "review")


@pytest.mark.slow
def test_the_flips_of_a_review_are_in_the_record(synthetic: Asked, tmp_path: Path) -> None:
    run = play(tmp_path / "run", "correct", p=0.75, mends=0.2, spoils=0.1)
    kept = wrong_to_right = right_to_wrong = 0
    for head, *steps in transcript(run.path).values():
        for step, before in zip(steps, [head, *steps], strict=False):
            first, _, last = (call["text"] for call in step["attempts"][0]["calls"])
            assert step["attempts"][0]["reply"] == last
            kept += first == last
            right = step["score"] > before.get("score", 0.0)
            wrong_to_right += right and first != last
            right_to_wrong += not right and first != last
    steps = ROUNDS * EPISODES
    assert abs(wrong_to_right / steps - 0.05) < 0.03
    assert abs(right_to_wrong / steps - 0.075) < 0.04
    assert kept + wrong_to_right + right_to_wrong == steps


@pytest.mark.slow
def test_asking_again_changes_nothing_on_average(synthetic: Asked, tmp_path: Path) -> None:
    run = play(tmp_path / "run", "correct", by="again", p=0.75, mends=1.0)
    assert close(run, 0.75)
    assert len(synthetic) == 2 * ROUNDS * EPISODES


@pytest.mark.slow
def test_an_oracle_never_spoils(synthetic: Asked, tmp_path: Path) -> None:
    run = play(tmp_path / "run", "correct", by="oracle", p=0.75, mends=0.2, spoils=1.0)
    assert close(run, 0.80)
    assert len(synthetic) < 1.7 * ROUNDS * EPISODES, "what is right is not reviewed"


# Debates


@pytest.mark.slow
def test_a_debate(synthetic: Asked, tmp_path: Path) -> None:
    """Copies that draw anew each round are right in the end as a vote of as many samples is."""
    run = play(tmp_path / "run", "debate", copies=3, rounds=2, p=0.6)
    assert close(run, 0.712)
    assert len(synthetic) == 6 * ROUNDS * EPISODES


# Code

needs_sandbox = pytest.mark.skipif(find_spec("pydantic_monty") is None, reason="no sandbox")


@pytest.mark.slow
@needs_sandbox
@pytest.mark.parametrize(("run", "expected"), [("real", 1.0), ("predicted", 0.7), ("none", 0.4)])
def test_programs(run: str, expected: float, synthetic: Asked, tmp_path: Path) -> None:
    """Each right by construction: 1 where they run, 1 - e where their output is made up."""
    laws: dict[str, Any] = {"coding": run != "none", "predicts": 0.7, "p": 0.4}
    assert close(play(tmp_path / "run", "code", run=run, blocks=1, episodes=20, **laws), expected)


@pytest.mark.slow
@needs_sandbox
def test_a_mixture_of_thoughts(synthetic: Asked, tmp_path: Path) -> None:
    """One sample that answers and one that programs: accepted where the answer is right, p."""
    weak = {"p": 0.6, "hard": 0.6, "coding": True}
    run, sent, _ = cascade(tmp_path / "run", rule="mixture", samples=2, agree=2, weak=weak,
                           episodes=20)  # fmt: skip
    assert abs(sent - 0.4) < 0.11
    assert close(run, 0.6 + 0.4 * 0.99908)


# Memory


def test_lessons_are_drawn_once_an_episode(synthetic: Asked, tmp_path: Path) -> None:
    run = play(tmp_path / "run", "reflect", p=0.25, shown=0.9, episodes=20)
    assert close(run, (0.25 + 19 * 0.9) / 20)
    assert Counter(label for _, label in synthetic) == {"answer": 20 * ROUNDS, "lessons": 19}
    heads = [head for head, *_ in transcript(run.path).values()]
    assert [bool(head["memory"]) for head in heads] == [False] + 19 * [True]
    assert len({head["memory"] for head in heads}) == 20


def test_only_what_was_won_is_recalled(synthetic: Asked, tmp_path: Path) -> None:
    """The first episode is won, and its example spoils the others; without a win there is none."""
    run = play(tmp_path / "run", "recall", p=1.0, shown=0.5, episodes=20)
    assert run.episodes[0].completed
    assert close(run, (1 + 19 * 0.5) / 20)
    never = play(tmp_path / "never", "recall", p=0.25, shown=1.0, episodes=5)
    assert close(never, 0.25)


def test_the_most_similar() -> None:
    texts = ["a red door and a blue key", "a lake of ice", "a red lake", "a red lake"]
    assert most_similar("the lake is ice", texts) == 1
    assert most_similar("a red lake", texts) == 3, "the latest of equals"
    assert most_similar("nothing like it", texts) is None
    assert most_similar("a", []) is None
    assert most_similar("alone", ["alone"]) == 0


# Parts under headings


@pytest.mark.parametrize("method", ["analogical", "foresee"])
def test_the_answer_is_read_from_the_last_part(
    method: str, synthetic: Asked, tmp_path: Path
) -> None:
    run = play(tmp_path / "run", method, p=0.6)
    assert close(run, 0.6)
    assert len(synthetic) == ROUNDS * EPISODES, "one call a step"
    assert not any(record.rejected for record in run.episodes)


@pytest.mark.parametrize("method", ["analogical", "foresee"])
def test_the_answer_of_an_example_is_none(method: str, synthetic: Asked, tmp_path: Path) -> None:
    settings = {"method": method, "stops": True}
    run = smartplay.run(
        "synthetic:one", DOORS, episodes=2, out=tmp_path / "run", retries=0, progress=False,
        agent_settings=settings,
    )  # fmt: skip
    assert [record.rejected for record in run.episodes] == [{"truncated": ROUNDS}] * 2


def test_examples_once_an_episode(synthetic: Asked, tmp_path: Path) -> None:
    run = play(tmp_path / "run", "analogical", per="episode", p=0.6, episodes=10)
    assert close(run, 0.6)
    assert Counter(label for _, label in synthetic) == {"examples": 10, "answer": 10 * ROUNDS}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("order", "expected"), [("ascending", 1.0), ("descending", 0.1), ("given", 0.1 + 0.9 / 4)]
)
def test_who_reads_the_last_notice(
    order: str, expected: float, synthetic: Asked, tmp_path: Path
) -> None:
    """Of four signed notices on a thing the newest counts; a tenth of the things never was."""
    run = play(tmp_path / "run", "fresh", order=order, keep=10, reads=True, games="Notices")
    assert close(run, expected)


def test_the_newest_notices_alone_may_miss_the_thing(synthetic: Asked, tmp_path: Path) -> None:
    few = play(tmp_path / "few", "fresh", keep=1, reads=True, games="Notices", episodes=10)
    assert share(few) < 0.6


# Plans


@pytest.mark.parametrize(
    ("plan", "policies"),
    [
        ("1. reach: the door\n2. Use: the key", 2),
        ("avoid: the dog", 1),
        ("<think>\nreach: the dog\nuse: it\n</think>\n- avoid: the dog", 1),
        ("<plan>\navoid: the dog\n</plan>", 1),
    ],
)
def test_what_a_plan_costs(plan: str, policies: int, synthetic: Asked, tmp_path: Path) -> None:
    """Each plan is one call, and one more for each policy that says DONE."""
    play(tmp_path / "run", "heap", plan=plan, p=0.6, episodes=5)
    found = Counter(label for _, label in synthetic)
    done = (ROUNDS - 1) // 2  # policies that are done before the last step
    assert found["plan"] == 5 * (1 + done // policies)
    assert sum(found.values()) == 5 * ROUNDS + found["plan"] + 5 * done


# Replies that nobody asked for


@pytest.mark.parametrize(("method", "label"), [("reflect", "lessons"), ("analogical", "examples")])
def test_what_is_asked_once_is_asked_once_if_the_reply_is_empty(
    method: str, label: str, synthetic: Asked, tmp_path: Path
) -> None:
    settings = {"per": "episode"} if method == "analogical" else {}
    play(tmp_path / "run", method, musing="", episodes=3, **settings)
    assert Counter(each for _, each in synthetic)[label] == 3 - (method == "reflect")


def test_thoughts_are_not_passed_on(synthetic: Asked, tmp_path: Path) -> None:
    told = "<think>Hm, a lesson?</think>Open the right door."
    run = play(tmp_path / "run", "reflect", musing=told, episodes=2)
    _, (_, *steps) = transcript(run.path).values()
    asked = [step["attempts"][0]["calls"][-1]["messages"][-1]["content"] for step in steps]
    assert all("Open the right door." in each and "Hm" not in each for each in asked)


@pytest.mark.parametrize("blank", ["\n", "-\n", "1.\n", "#\n", "```python"])
def test_long_replies_without_words_are_read_at_once(blank: str) -> None:
    """Reading them used to take the square of their length."""
    text, began = blank * 20_000, time.monotonic()
    assert not _LINE.findall(text) + _LAST.findall(text)
    assert program_in(text) is None
    assert time.monotonic() - began < 2


# What holds for every method

INSTALLED = [
    pytest.param(name, marks=pytest.mark.skipif(name == "dspy" and not find_spec("dspy"),
                                                reason="DSPy is an extra"))
    for name in METHODS
]  # fmt: skip
QUICKLY_RESUMED = [
    each
    if each.values[0] in ("direct", "majority", "eco")
    else pytest.param(*each.values, marks=[*each.marks, pytest.mark.slow])
    for each in INSTALLED
]
"""One with a call a step, one with several, one that remembers; the others are slow tests."""


def settings_for(method: str) -> dict[str, Any]:
    """Few calls, and models for all roles."""
    small: dict[str, Any] = {"p": 0.5, "episodes": 2}
    if method == "code":
        small |= {"coding": True, "blocks": 1, "run": "predicted"}
    if method in ("cascade", "eco"):
        weak, strong = {"agent": "synthetic:weak"}, {"agent": "synthetic:strong"}
        small |= {"agent": method}
        small |= {"samples": 4, "agree": 3} if method == "cascade" else {"seed": "episode"}
        small |= {"models": {"weak": weak, "strong": strong}}
    return small


@pytest.mark.parametrize("method", QUICKLY_RESUMED)
def test_a_method_resumes_elsewhere_and_from_a_cache(
    method: str, synthetic: Asked, tmp_path: Path
) -> None:
    settings, cache = settings_for(method), tmp_path / "replies.sqlite"
    calm = play(tmp_path / "calm", method, cache=cache, **settings)
    assert not calm.unscored, calm.unscored[0].error
    calls = len(synthetic)
    assert verify_run(calm.path).verified

    half = Limits(tokens=sum(record.usage.total for record in calm.episodes) // 2)
    broken = play(tmp_path / "broken", method, limits=half, **settings)
    assert broken.stopped
    assert 0 < len(synthetic) - calls < calls
    again = play(tmp_path / "broken", method, **settings)
    assert len(synthetic) == 2 * calls, "a reply was paid for twice, or not at all"

    with ThreadPoolExecutor(2) as pool:
        spread = play(tmp_path / "spread", method, executor=pool, **settings)
    assert len(synthetic) == 3 * calls
    cached = play(tmp_path / "cached", method, cache=cache, **settings)
    assert len(synthetic) == 3 * calls
    for run in (again, spread, cached):
        same(run, calm)


SAMPLES = {"majority": 5, "debate": 3, "cascade": 4}
"""Samples of the first question; of all other methods there is one."""


@pytest.mark.parametrize("method", INSTALLED)
def test_analyses_read_every_method(method: str, synthetic: Asked, tmp_path: Path) -> None:
    """Each step has first answers, as many as there are samples; a single one is what is played."""
    run = play(tmp_path / "run", method, **settings_for(method))
    [found] = analyze_runs([run.path]).runs[0].games
    assert found.right is not None
    assert found.flips is not None, "no first answers were found"
    flips = found.flips
    judged = flips.right_right + flips.right_wrong + flips.wrong_right + flips.wrong_wrong
    assert judged == found.right.steps
    if method in SAMPLES:
        assert found.agreement is not None
        assert {row.samples for row in found.agreement.votes} == {SAMPLES[method]}
    else:
        assert found.agreement is None
        if method != "correct":
            assert flips.kept == 1


@pytest.mark.slow
def test_the_calibration_of_votes_beside_each_other(
    synthetic: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Samples that err alike agree more than they are right; scattered errors do the reverse."""
    runs = [
        play(tmp_path / "alike", "majority", p=0.4, sure=True, episodes=20),
        play(tmp_path / "scattered", "majority", p=0.4, episodes=20),
        play(tmp_path / "debate", "debate", p=0.4, episodes=20),
    ]
    found = [game.agreement for run in analyze_runs([run.path for run in runs]).runs
             for game in run.games]  # fmt: skip
    assert all(each is not None for each in found)
    gaps = [each.gap for each in found if each]
    # of five samples, of which .4 are right: .31744 are won if errors are alike, .50944 else
    alike = sum(max(k, 5 - k) / 5 * math.comb(5, k) * 0.4**k * 0.6 ** (5 - k) for k in range(6))
    assert abs(gaps[0] - (alike - 0.31744)) < 0.11
    assert gaps[0] > 0.25 > abs(gaps[1])
    assert main(["analyze", *(str(run.path) for run in runs)]) == 0
    assert "Calibration" in capsys.readouterr().out


@pytest.mark.slow
def test_a_killed_run_goes_on(server: FakeServer, tmp_path: Path) -> None:
    """Killed in the middle, it comes to the same, and asks anew only for what was under way."""
    options = ["--method", "debate", "--base-url", server.url, "--concurrency", "1"]
    options += ["--set", "seed=episode", "--set", "max_retries=0"]
    server.answer(seeded)
    assert by_hand("openai:fake", tmp_path / "calm", *options).returncode == 0
    calls = len(server.requests)
    kill_at(server, command("openai:fake", tmp_path / "run", *options), calls // 2 + 1, seeded)
    assert by_hand("openai:fake", tmp_path / "run", *options).returncode == 0
    assert transcript(tmp_path / "run") == transcript(tmp_path / "calm")
    assert len(server.requests) - 2 * calls <= 3, "at most the samples of one question"
