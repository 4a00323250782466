"""Analyses of runs: formulas on steps made by hand, and agents whose law is known, played."""

from __future__ import annotations

import gzip
import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

import smartplay
from smartplay.agents.context import Observation, Reply
from smartplay.agents.reference import reference
from smartplay.cards.bounds import Bounds
from smartplay.cli import main
from smartplay.core.errors import RunFolderError
from smartplay.records import Call, Usage
from smartplay.records.folder import RunFolder
from smartplay.report.analysis import GameAnalysis, analyze_runs
from smartplay.scores.analyses import (
    Answer,
    JudgedStep,
    Played,
    agreement,
    correlation,
    episode_lengths,
    flips,
    hierarchy,
    lengths,
    mcnemar_p,
    modality,
    right_steps,
    winner,
)
from tests.folders import put_trace

BEST = frozenset({1})


def step(
    *answers: int | None, action: int | None = 1, number: int = 1, best: Any = BEST
) -> JudgedStep:
    return JudgedStep(("game", 0, 0), number, best, action, [Answer(a, 10, 5) for a in answers])


# Formulas


def test_right_steps_are_a_ratio_of_sums() -> None:
    steps = [step(1, number=1), step(0, action=0, number=1), step(action=None, number=2),
             step(1, best=None), step(2, best=frozenset({1, 2}), action=2, number=2)]  # fmt: skip
    found = right_steps(steps)
    assert found is not None
    assert (found.steps, found.share.mean) == (4, 0.5)
    assert found.first is not None
    assert found.first.mean == pytest.approx(2 / 3)
    assert found.by_step == [(1, 2, 1), (2, 2, 1)]
    assert right_steps([step(1, best=None)]) is None


def test_flips_and_what_follows_from_them() -> None:
    steps = [
        *[step(1, action=1)] * 27, *[step(1, action=0)] * 3,
        *[step(0, action=1)] * 2, *[step(0, action=0)] * 6,
        step(None, action=None), step(0, action=3),
    ]  # fmt: skip
    found = flips(steps)
    assert found is not None
    counts = (found.right_right, found.right_wrong, found.wrong_right, found.wrong_wrong)
    assert counts == (27, 3, 2, 8)
    assert found.correction == pytest.approx(0.2)
    assert found.corruption == pytest.approx(0.1)
    assert found.break_even == pytest.approx(0.1 * 0.75 / 0.25)
    assert found.kept == pytest.approx(34 / 40)
    assert found.p == mcnemar_p(3, 2) == 1.0
    assert flips([step()]) is None
    only_right = flips([step(1)])
    assert only_right is not None
    assert (only_right.correction, only_right.break_even) == (None, None)


@pytest.mark.parametrize(("one", "other"), [(0, 0), (0, 5), (1, 9), (9, 1), (40, 60), (300, 200)])
def test_mcnemar_is_exact(one: int, other: int) -> None:
    number = one + other
    tail = sum(math.comb(number, k) for k in range(min(one, other) + 1)) / 2**number
    assert mcnemar_p(one, other) == pytest.approx(min(1.0, 2 * tail))


def test_a_vote_counts_as_the_methods_do() -> None:
    def named(*actions: int | None) -> Sequence[Answer]:
        return [Answer(action, 1) for action in actions]

    assert winner(named(2, 1, 1, 2)) == (2, 2)
    assert winner(named(None, None, 3)) == (3, 1)
    assert winner(named(None)) == (None, 0)


def test_agreement_is_held_against_being_right() -> None:
    steps = [step(1, 1, 1), step(1, 1, 0), step(0, 0, 1), step(None, None, None), step(1)]
    found = agreement(steps)
    assert found is not None
    rows = [(row.samples, row.agree, row.steps, row.share.mean) for row in found.votes]
    assert rows == [(3, 0, 1, 0.0), (3, 2, 2, 0.5), (3, 3, 1, 1.0)]
    assert found.agreement == pytest.approx((1 + 2 / 3 + 2 / 3 + 0) / 4)
    assert found.share.mean == 0.5
    assert found.gap == pytest.approx(7 / 12 - 0.5)
    assert found.error == pytest.approx((4 / 3 - 1) / 4)
    assert agreement([step(1)]) is None


def states(pays: str, number: int = 2000) -> list[JudgedStep]:
    """Eight replies a state; half of the states are easy, with short replies, half are hard."""
    rng = random.Random(3)
    found = []
    for place in range(number):
        middle, p = ((40, 0.9), (120, 0.4))[place % 2]
        replies = [max(1, round(rng.gauss(middle, 10))) for _ in range(8)]
        longest = sorted(replies)[3]
        right = [(n > longest) if pays == "length" else rng.random() < p for n in replies]
        answers = [Answer(1 if r else 0, n) for r, n in zip(right, replies, strict=True)]
        found.append(JudgedStep(("g", place, 0), 1, BEST, 1, answers))
    return found


def test_length_means_nothing_within_a_state_although_it_does_over_all() -> None:
    found = lengths(states("nothing"), "characters")
    assert found is not None
    assert found.within is not None
    assert abs(found.within.mean) < 0.03
    assert found.within.low is not None
    assert found.within.low < 0 < (found.within.high or 0)
    assert found.pooled == pytest.approx(-0.51, abs=0.03)
    assert (found.states, found.replies) == (2000, 16000)
    # without a reply of the other kind there is no r: .9^8 of the easy states, .1^8, .4^8, .6^8
    assert found.usable / 2000 == pytest.approx(1 - (0.9**8 + 0.4**8 + 0.6**8) / 2, abs=0.03)


def test_a_judge_of_length_alone_is_seen() -> None:
    found = lengths(states("length"), "characters")
    assert found is not None
    assert found.within is not None
    assert found.within.mean > 0.75
    assert lengths(states("length"), "tokens") is None, "no tokens were counted"


def test_correlation() -> None:
    assert correlation([(1, 2), (2, 4), (3, 6)]) == pytest.approx(1)
    assert correlation([(1, 6), (2, 4), (3, 2)]) == pytest.approx(-1)
    assert correlation([(1, 6), (1, 4)]) is None


def test_an_empty_reply_has_a_length() -> None:
    answers = [Answer(0, 4, 1), Answer(None, 0, 0)]
    steps = [JudgedStep(("g", 0, 0), 1, frozenset({0}), 0, answers)]
    found = lengths(steps, "characters")
    assert found is not None
    assert (found.usable, found.replies) == (1, 2)
    assert found.pooled == pytest.approx(1)
    assert lengths(steps, "tokens") is None, "0 tokens are an unknown number"
    whole = episode_lengths([steps[0]._replace(answers=answers[1:])], {("g", 0, 0): 1.0},
                            "characters")  # fmt: skip
    assert whole is not None


def test_lengths_of_episodes() -> None:
    steps = [JudgedStep(("g", k, 0), 1, None, 1, [Answer(0, 10 * (k + 1))]) for k in range(4)]
    returns = {("g", k, 0): float(-k) for k in range(4)}
    found = episode_lengths(steps, returns, "characters")
    assert found is not None
    assert found.episodes == 4
    assert found.r == pytest.approx(-1)
    assert episode_lengths(steps, returns, "tokens") is None


def run_of(seen: str, scores: dict[int, float], tokens: int = 10) -> Played:
    completed = {seed: score >= 1 for seed, score in scores.items()}
    return Played(seen, seen, scores, completed, dict.fromkeys(scores, tokens), 90, 3)


def test_modalities_are_paired_by_seed() -> None:
    one = run_of("text", dict.fromkeys(range(8), 1.0))
    other = run_of("image", {k: float(k < 2) for k in range(7)})
    found = modality(one, other)
    assert found is not None
    assert (found.first, found.second) == ("text", "image")
    assert found.pairs == 7
    assert found.difference.mean == pytest.approx(5 / 7)
    assert found.p == pytest.approx(2 * 0.5**5)
    assert found.read == (30.0, 30.0)
    assert modality(one, one) is None
    assert modality(one, other._replace(agent=b"another")) is None, "not for what was seen alone"
    assert modality(one, run_of("image", {99: 1.0})) is None


def test_the_interval_of_a_modality_agrees_with_its_test() -> None:
    one = run_of("text", dict.fromkeys(range(6), 0.0))
    found = modality(one, run_of("image", dict(enumerate([2.0, 4.0, 2.0, 1.0, 2.0, -0.5]))))
    assert found is not None
    assert found.p == pytest.approx(4 / 64)
    assert found.difference.low is not None
    assert found.difference.high is not None
    assert found.difference.low <= 0 <= found.difference.high
    bounded = [run_of(seen, dict.fromkeys(range(5), 1.0))._replace(bounds=Bounds(0, 1))
               for seen in ("text", "image")]  # fmt: skip
    equal = modality(*bounded)
    assert equal is not None
    assert equal.difference.low is not None, "equal scores have an interval where there are bounds"


def test_a_hierarchy_follows_from_two_runs() -> None:
    cheap, dear = (
        run_of("a", {0: 1, 1: 0, 2: 0.5}, 10),
        run_of("b", {0: 0.5, 1: 1, 2: 1, 3: 1}, 100),
    )
    found = hierarchy(cheap, dear)
    assert found is not None
    assert found.episodes == 3
    assert found.score == pytest.approx((0.5, 2.5 / 3, 1))
    assert found.completed == pytest.approx((1 / 3, 2 / 3, 1))
    assert found.tokens == pytest.approx((10, 100, (10 + 110 + 110) / 3))
    assert found.passed_on == pytest.approx(2 / 3)


# Agents whose law is known, through the runner


class Player:
    """Knows the right action and gives the answers that its law says."""

    p, c, gamma, samples, label = 0.4, 0.0, 0.0, 1, "answer"

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        self._knows = reference(manual, actions, seed)
        self.actions, self.rng = actions, random.Random(seed)

    def wrong(self, right: str) -> str:
        return self.rng.choice([name for name in self.actions if name != right])

    def call(self, question: str, name: str, label: str, sample: int = 0) -> Call:
        messages = [{"role": "user", "content": question}]
        return Call(messages, f"Answer: {name}", role="player", label=label, sample=sample)

    def act(self, observation: Observation) -> Reply:
        right = str(self._knows.act(observation))
        calls = [
            self.call(
                "?", right if self.rng.random() < self.p else self.wrong(right), self.label, k
            )
            for k in range(self.samples)
        ]
        return self.decide(right, calls)

    def decide(self, right: str, calls: list[Call]) -> Reply:
        names = [call.text for call in calls]
        return Reply(max(names, key=names.count), calls=calls)


class Voter(Player):
    samples = 5


class Reviser(Player):
    p, c, gamma = 0.75, 0.2, 0.1

    def decide(self, right: str, calls: list[Call]) -> Reply:
        name = calls[0].text.removeprefix("Answer: ")
        if self.rng.random() < (self.gamma if name == right else self.c):
            name = self.wrong(right) if name == right else right
        review, last = (
            self.call("? !", "It may be wrong.", "review"),
            self.call("? ! ?", name, "answer"),
        )
        return Reply(last.text, calls=[*calls, review, last])


class Thinker(Player):
    """Thinks aloud in a call without a label before it answers in another one."""

    label = ""

    def decide(self, right: str, calls: list[Call]) -> Reply:
        thought = self.call("what do you think?", self.wrong(right), "")
        return Reply(calls[0].text, calls=[thought, *calls])


def analysed(agent: Any, game: str, out: Path, episodes: int = 100, **options: Any) -> GameAnalysis:
    smartplay.run(agent, game, episodes=episodes, out=out, progress=False, **options)
    (found,) = analyze_runs([out]).runs
    return found.games[0]


class Counted(Player):
    """Every episode after the first takes a token more than the one before."""

    made = 0

    def __init__(self, manual: str, actions: list[str], seed: int) -> None:
        super().__init__(manual, actions, seed)
        self.tokens = Counted.made
        Counted.made += 1

    def call(self, question: str, name: str, label: str, sample: int = 0) -> Call:
        call = super().call(question, name, label, sample)
        return msgspec.structs.replace(call, usage=Usage(prompt=self.tokens))


def test_a_mean_of_tokens_over_repeats_is_not_rounded(tmp_path: Path) -> None:
    game, folder = "ContrastInstructionFollowingEasy", tmp_path / "run"
    run = smartplay.run(
        Counted, game, episodes=1, repeats=2, steps=1, out=folder, progress=False, concurrency=1
    )
    (found,) = analyze_runs([folder, folder]).hierarchies[run.scored[0].game]
    assert sum(record.usage.total for record in run.scored) % 2 == 1
    assert found.tokens[0] == sum(record.usage.total for record in run.scored) / 2


def near(share: float, expected: float, number: int) -> bool:
    return abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / number)


@pytest.mark.slow
def test_a_vote_of_five_is_as_right_as_its_formula_says(tmp_path: Path) -> None:
    found = analysed(Voter, "ContrastInstructionFollowingEasy", tmp_path / "run")
    assert found.right is not None
    assert found.right.first is not None
    assert found.agreement is not None
    assert found.right.steps == 1200
    assert near(found.right.share.mean, 0.50944, 1200)  # 4 answers, p = .4, plurality of 5
    assert near(found.right.first.mean, 0.4, 1200)
    assert found.agreement.share == found.right.share
    shares = {row.agree: row.share.mean for row in found.agreement.votes if row.steps > 50}
    assert list(shares.values()) == sorted(shares.values()), "more votes, more often right"
    # P(right | 3 of 5 agree) is proportional to .4^3, P(a wrong one) to .2^3, for each of three
    right, other = 0.4**3 * 0.6**2, 0.2**3 * 0.8**2
    assert near(shares[3], right / (right + 3 * other), 400)


@pytest.mark.slow
def test_a_reviser_flips_as_its_law_says(tmp_path: Path) -> None:
    found = analysed(Reviser, "T4D", tmp_path / "run", 100).flips
    assert found is not None
    assert found.correction is not None
    assert found.corruption is not None
    for share, expected in (
        (found.right_right, 0.675),
        (found.right_wrong, 0.075),
        (found.wrong_right, 0.05),
        (found.wrong_wrong, 0.2),
    ):
        assert near(share / 1200, expected, 1200)
    assert near(found.correction, 0.2, 300)
    assert near(found.corruption, 0.1, 900)
    assert found.break_even is not None
    assert found.break_even > found.correction


def test_the_last_question_without_a_label_is_the_one_answered(tmp_path: Path) -> None:
    found = analysed(Thinker, "T4D", tmp_path / "run", 5)
    assert found.flips is not None
    assert found.flips.kept == 1
    assert found.agreement is None


class Blind(Player):
    """Reads the text; of a picture it understands nothing."""

    p = 1.0

    def act(self, observation: Observation) -> Reply:
        if observation.image is None:
            return super().act(observation)
        return Reply(f"Answer: {self.rng.choice(self.actions)}")


@pytest.mark.slow
def test_who_reads_text_only_is_at_chance_with_pictures(tmp_path: Path) -> None:
    for seen in ("text", "image"):
        smartplay.run(Blind, "T4D", episodes=8, out=tmp_path / seen, progress=False,
                      game_settings={"T4D": {"observation": seen}})  # fmt: skip
    found = analyze_runs([tmp_path / "text", tmp_path / "image"])
    ((pair,),) = found.modalities.values()
    assert (pair.first, pair.second, pair.pairs) == ("text", "image", 8)
    assert near(1 - pair.difference.mean / 12, 0.25, 96)
    assert pair.p is not None
    assert pair.p < 0.01


@pytest.mark.slow
def test_agreement_with_the_reference_is_not_called_right(tmp_path: Path) -> None:
    same = analysed("reference", "MessengerL2", tmp_path / "same", 2)
    other = analysed("random", "MessengerL2", tmp_path / "other", 4)
    assert same.truth == other.truth == "agreement"
    assert same.right is not None
    assert other.right is not None
    assert same.right.share.mean == 1
    assert other.right.share.mean < 0.6
    assert analysed("reference", "MessengerL1", tmp_path / "one", 5).truth == "right"


def test_early_exploring_shows_by_the_number_of_the_pull(tmp_path: Path) -> None:
    found = analysed("reference", "BanditTwoArmedHighLowFixed", tmp_path / "run", 20)
    assert found.truth == "informed"
    assert found.right is not None
    early, late = found.right.by_step[:4], found.right.by_step[-10:]
    assert sum(right for *_, right in early) / 80 < 0.9
    assert sum(right for *_, right in late) / 200 > 0.9


@pytest.mark.slow
def test_where_nobody_knows_what_is_right_it_is_said(tmp_path: Path) -> None:
    smartplay.run("random", "Crafter,Hanoi3Disk", episodes=1, steps=5, out=tmp_path / "run",
                  progress=False)  # fmt: skip
    (found,) = analyze_runs([tmp_path / "run"]).runs
    crafter, hanoi = found.games
    assert (crafter.truth, crafter.right) == (None, None)
    assert hanoi.right is not None
    assert found.notes == ["smartplay/Crafter-v0: nobody knows which of its actions are best"]


def test_runs_whose_levels_were_chosen_are_not_held_against_each_other(tmp_path: Path) -> None:
    for agent in ("random", "constant"):
        smartplay.measure(
            agent, "contrast", capabilities="reasoning", max_calls=24, out=tmp_path / agent,
            progress=False,
        )  # fmt: skip
    found = analyze_runs([tmp_path / "random", tmp_path / "constant"])
    assert found.runs[0].games[0].right is not None
    assert (found.hierarchies, found.modalities) == ({}, {})


def test_a_game_without_a_scored_episode_is_named(tmp_path: Path) -> None:
    def broken(prompt: str) -> str:
        raise ValueError("no")

    run = smartplay.run(broken, "Hanoi3Disk", episodes=1, out=tmp_path / "run", progress=False)
    (found,) = analyze_runs([run.path]).runs
    assert (found.games, found.notes) == ([], ["smartplay/Hanoi3Disk-v0: no episode was scored"])


def test_what_no_longer_plays_as_recorded_is_refused(tmp_path: Path) -> None:
    smartplay.run("random", "T4D", episodes=1, out=tmp_path / "run", progress=False)
    folder = RunFolder(tmp_path / "run")
    header, steps = folder.steps("smartplay/T4D-v0", 0)
    other = msgspec.structs.replace(header, observation="Another story.")
    told = b"\n".join(map(msgspec.json.encode, [other, *steps])) + b"\n"
    put_trace(tmp_path / "run", ("smartplay/T4D-v0", 0, 0), gzip.compress(told))
    with pytest.raises(RunFolderError, match="no longer plays as it was recorded, from step 0 on"):
        analyze_runs([tmp_path / "run"])


def test_the_command_prints_tables_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, agent in (("voter", Voter), ("reviser", Reviser)):
        smartplay.run(agent, "T4D", episodes=3, out=tmp_path / name, progress=False)
    runs = [str(tmp_path / name) for name in ("voter", "reviser")]
    assert main(["analyze", *runs]) == 0
    told = capsys.readouterr().out
    for word in ("Right steps", "McNemar", "3 of 5", "r within a state", "Cheap, then dear"):
        assert word in told
    printed = []
    for _ in range(2):
        assert main(["analyze", *runs, "--json"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    found = json.loads(printed[0])
    assert [run["games"][0]["truth"] for run in found["runs"]] == ["right", "right"]
    assert found["runs"][1]["games"][0]["flips"]["right_right"] > 0
