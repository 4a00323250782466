"""What a run takes, reckoned before it is played and without any service."""

from __future__ import annotations

import json
import math
import socket
import statistics
from pathlib import Path
from typing import Any, NoReturn

import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.report.plan import make_plan
from smartplay.runner.rehearse import source_of
from smartplay.scores.power import episodes_needed
from tests.fake_server import FakeServer

HANOI = "Hanoi3Disk"
PRICES = 'currency = "USD"\ndate = 2026-11-01\n[models.some]\nprompt = 1\ncompletion = 10\n'


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(PRICES)
    return path


def planned(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["plan", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_neither_key_nor_network_is_needed(
    prices: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a plan calls no service")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    words = ["openai:some", "--games", f"{HANOI},MessengerL1", "--prices", str(prices)]
    plan = planned(capsys, *words)
    hanoi, messenger = plan["games"]
    assert hanoi["scale"] == "normalised"
    assert hanoi["needed"] > 100 > hanoi["usual"]
    assert hanoi["steps"] == 30
    assert hanoi["calls"] == 30 * hanoi["episodes"]
    assert plan["calls"] == hanoi["calls"] + messenger["calls"]
    for span in (plan["written"], plan["cost"]):
        assert 0 < span["least"] < span["most"]
    assert plan["written"]["most"] == 1024 * plan["calls"]
    at_least = plan["read"] * 1e-6 + plan["written"]["least"] * 1e-5
    assert plan["cost"]["least"] == pytest.approx(at_least)
    assert planned(capsys, *words) == plan, "the same plan each time"
    think = planned(capsys, *words, "--set", "protocol=think")
    assert think["calls"] == 2 * plan["calls"]
    assert think["read"] > 2 * plan["read"]


def test_the_table_says_what_it_rests_on(prices: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "openai:some", "--games", HANOI, "--prices", str(prices)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Cost (USD)" in told
    assert "in at least 80 of 100 cases" in told
    assert "from the scores of random play" in told
    assert "two episodes of random play" in told


def test_smaller_differences_and_more_games_take_more() -> None:
    one = make_plan("random", HANOI).games[0]
    assert one.needed is not None
    assert one.spread is not None
    assert one.needed == episodes_needed(0.1, [one.spread], [1], 1)
    assert one.calls == 0
    finer = make_plan("random", HANOI, detect=0.05).games[0]
    assert finer.needed is not None
    assert 3.5 * one.needed < finer.needed < 4.5 * one.needed
    both = make_plan("random", f"{HANOI},MessengerL1")
    assert both.games[0].needed is not None
    assert both.games[0].needed > one.needed, "they share the false alarms"
    assert both.overall is not None
    assert both.overall < both.games[0].needed


def test_the_scale_is_over_chance_without_a_human_score() -> None:
    plan = make_plan("random", "ContrastReasoningHard")
    assert plan.games[0].scale == "over chance"
    assert plan.overall is None
    assert get_card("ContrastReasoningHard").anchors.human is None


def test_other_steps_have_no_scale_and_no_spread() -> None:
    plan = make_plan("random", HANOI, steps=7)
    (game,) = plan.games
    assert (game.scale, game.needed, game.spread) == ("its own score", None, None)
    assert game.steps == 7
    assert game.episodes == game.usual
    assert any("--from" in note for note in plan.notes)


def test_earlier_runs_give_the_spread(tmp_path: Path) -> None:
    runs = []
    for name, agent in (("a", "random"), ("b", "constant:2"), ("short", "random")):
        steps = 5 if name == "short" else None
        smartplay.run(agent, HANOI, episodes=8, steps=steps, out=tmp_path / name, progress=False)
        runs.append(tmp_path / name)
    one, two = (make_plan("random", HANOI, earlier=runs[:number]) for number in (1, 2))
    assert "an earlier run in 8 episodes" in one.games[0].basis
    assert "paired differences of 2 earlier runs" in two.games[0].basis
    assert one.games[0].spread != two.games[0].spread
    other = make_plan("random", HANOI, earlier=runs[2:])
    assert other.notes[0].startswith(f"{runs[2]} is not used: it played no game of the plan")
    assert not any("not used" in note for note in two.notes)
    assert "random play" in other.games[0].basis, "a run of other lengths tells nothing"


def test_a_run_with_repeats_gives_the_spread_of_single_plays(tmp_path: Path) -> None:
    run = smartplay.run(
        "random", HANOI, episodes=6, repeats=4, out=tmp_path / "run", progress=False
    )
    own = [record.score for record in run.scored if record.repeat == 0 and record.score is not None]
    (game,) = make_plan("random", HANOI, earlier=[tmp_path / "run"]).games
    human = get_card(HANOI).anchors.human
    assert human is not None
    assert len(own) == 6
    spread = statistics.stdev(own) * math.sqrt(2) / (human - get_card(HANOI).anchors.min)
    assert game.spread == pytest.approx(spread)


def test_earlier_runs_of_the_agent_give_its_calls(
    tmp_path: Path, prices: Path, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    smartplay.run("openai:some", HANOI, episodes=3, out=tmp_path / "run", progress=False)
    records = smartplay.load_run(tmp_path / "run").scored
    from smartplay.records.prices import read_prices

    plan = make_plan("openai:some", HANOI, earlier=[tmp_path / "run"], prices=read_prices(prices))
    (game,) = plan.games
    assert game.written is not None
    assert game.cost is not None
    share = game.episodes / len(records)
    assert game.read == pytest.approx(share * sum(r.usage.prompt for r in records))
    assert game.written.least == game.written.most
    assert game.cost.least == game.cost.most
    assert any("earlier episodes of this agent" in note for note in plan.notes)
    think = make_plan(
        "openai:some", HANOI, earlier=[tmp_path / "run"], agent_settings={"protocol": "think"}
    )
    assert think.games[0].written is not None
    assert think.games[0].written.least < (think.games[0].written.most or 0), "it asks otherwise"


ASKING = """
class Asking:
    def __init__(self, context):
        self.models = context.models

    async def act(self, observation):
        await self.models["first"].chat([{"role": "user", "content": "x" * 400}])
        calls = await self.models["second"].chat([{"role": "user", "content": "y"}], samples=3)
        return calls[0].text
"""
ALONE = """
def alone(prompt):
    raise AssertionError("a plan does not call what may ask a service by itself")
"""


def test_agents_of_ones_own(
    tmp_path: Path, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.py").write_text(ASKING + ALONE)
    words = [f"{tmp_path / 'mine.py'}:Asking", "--games", HANOI]
    words += ["--model", "first=openai:some", "--model", "second=openai:some"]
    words += ["--set", "models.second.temperature=1"]
    plan = planned(capsys, *words, "--prices", str(prices))
    assert plan["calls"] == 4 * 30 * plan["games"][0]["episodes"]
    alone = planned(capsys, f"{tmp_path / 'mine.py'}:alone", "--games", HANOI)
    assert alone["calls"] is None
    assert alone["games"][0]["steps"] == 30
    assert any("lent no models" in note for note in alone["notes"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["openai:some", "--detect", "0"], "a number above 0"),
        (["openai:some", "--detect", "nan"], "a number above 0"),
        (["openai:some", "--detect", "1.01"], "only 1 at most; ask for less"),
        (["openai:some", "--games", "Hanoy"], "Hanoi"),
        (["opnai:some"], "cannot load opnai"),
        (["openai:some", "--set", "temprature=1"], "temperature"),
        (["openai:some", "--steps", "0"], "steps must be 1 or more"),
        (["openai:some", "--from", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    games = [] if "--games" in words else ["--games", HANOI]
    assert main(["plan", *words, *games]) in (1, 2)
    assert said in capsys.readouterr().err


def test_planning_leaves_real_models_alone() -> None:
    make_plan("openai:some", HANOI)
    from smartplay.models import open_model

    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        open_model("openai:some")


# A dry run


def dry_run(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main(["run", *words, "--dry-run", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_dry_run_calls_nobody_and_writes_nothing(
    prices: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise AssertionError("a dry run calls no service")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    words = ["openai:some", "--games", f"{HANOI},MessengerL1", "--episodes", "3"]
    found = dry_run(capsys, *words, "--prices", str(prices))
    assert [each["episodes"] for each in found["games"]] == [3, 3]
    hanoi, use = found["games"][0]["use"], found["use"]
    assert hanoi["calls"] == 3 * 30
    assert 0 < hanoi["cached"] < hanoi["read"]
    at_least = use["read"] * 1e-6 + use["written"]["least"] * 1e-5
    assert use["cost"]["least"] == pytest.approx(at_least)
    assert sorted(tmp_path.rglob("*")) == before
    thrice = dry_run(capsys, *words, "--repeats", "3")
    assert thrice["use"]["calls"] == 3 * use["calls"]
    assert thrice["use"]["cost"] is None


@pytest.mark.parametrize(
    ("words", "calls"),
    [
        (["--method", "direct"], 60),
        (["--method", "think"], 120),
        (["--method", "majority", "--set", "samples=4"], 240),
        (["--method", "correct", "--set", "rounds=2"], 300),
        (["--method", "reflect"], 61),  # lessons before the second episode
        (["--method", "reflect", "--repeats", "2"], 122),
        (["--method", "chat", "--set", "attempts=2", "--set", "again=always"], 120),
        (["--quick"], 10),
    ],
)
def test_a_dry_run_counts_the_calls_of_each_method(
    words: list[str], calls: int, capsys: pytest.CaptureFixture[str]
) -> None:
    found = dry_run(capsys, "openai:some", "--games", HANOI, "--episodes", "2", *words)
    assert found["use"]["calls"] == calls


def test_a_dry_run_is_what_a_plan_and_a_real_run_say(
    tmp_path: Path, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["openai:some", "--games", HANOI, "--prices", str(prices)]
    plan = planned(capsys, *words)
    dry = dry_run(capsys, *words, "--episodes", str(plan["games"][0]["episodes"]))["use"]
    for what in ("calls", "read", "cached", "written", "cost"):
        assert dry[what] == plan[what], what
    with FakeServer() as server:
        server.say("Answer: 1")
        run = smartplay.run("openai:some", HANOI, episodes=2, steps=6, out=tmp_path / "run",
                            agent_settings={"base_url": server.url}, progress=False)  # fmt: skip
        served = ["--base-url", server.url]
    there = [*words, *served, "--steps", "6", "--out", str(run.path)]
    left = dry_run(capsys, *there, "--episodes", "2")
    assert (left["games"][0]["episodes"], left["games"][0]["done"]) == (0, 2)
    assert left["use"]["calls"] == 0
    assert main(["run", *there, "--episodes", "3", "--dry-run"]) == 2, "another run is there"


def test_a_dry_run_finds_what_was_played_at_the_environments_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with FakeServer() as server:
        server.say("Answer: 1")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        smartplay.run("openai:some", HANOI, episodes=1, steps=2, progress=False)
    left = dry_run(capsys, "openai:some", "--games", HANOI, "--episodes", "1", "--steps", "2")
    assert left["games"][0]["done"] == 1


def test_a_model_has_the_same_name_and_settings_when_rehearsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    model = source_of("local", {}).models["player"]
    assert model.name == "local:smollm2-135m"
    assert model.settings.base_url is None


def test_samples_of_one_request_read_the_prompt_once(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["openai:some", "--games", HANOI, "--episodes", "1", "--set", "temperature=1"]
    one = dry_run(capsys, *words)["use"]
    many = dry_run(capsys, *words, "--method", "majority", "--set", "samples_per_request=true")
    assert many["use"]["calls"] == 5 * one["calls"]
    assert many["use"]["read"] == one["read"]
    assert many["use"]["written"] == {key: 5 * n for key, n in one["written"].items()}


def test_a_model_that_no_rehearsed_reply_calls_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["cascade", "--games", HANOI, "--model", "weak=openai:a", "--model", "strong=openai:b"]
    told = "No reply led to a call of openai:b (strong), so its calls are not counted."
    for found in (planned(capsys, *words), dry_run(capsys, *words)):
        assert [note for note in found["notes"] if "led to a call" in note] == [told]


def test_a_reply_is_as_long_as_further_fields_of_the_request_allow(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["openai:some", "--games", HANOI, "--episodes", "1"]
    longer = ["--set", "extra.max_completion_tokens=2000"]
    for more in ([], ["--set", "max_tokens=none"]):
        use = dry_run(capsys, *words, *longer, *more)["use"]
        assert use["written"]["most"] == 2000 * use["calls"]


def test_a_price_that_is_not_known_is_said_to_be_unknown(
    prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("plan", "run --dry-run"):
        words = [*command.split(), "openai:other", "--games", HANOI, "--prices", str(prices)]
        assert main(words) == 0
        told = capsys.readouterr().out
        assert "unknown" in told
        assert "The prices name none for openai:other." in told


def test_an_agent_that_may_ask_by_itself_is_not_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = tmp_path / "own.py"
    agent.write_text("def own(prompt):\n    raise SystemExit\n")
    found = dry_run(capsys, f"{agent}:own", "--games", HANOI)
    assert found["use"] is None
    assert "not known before it plays" in " ".join(found["notes"])
    assert dry_run(capsys, "reference", "--games", HANOI)["use"]["calls"] == 0


def test_a_dry_run_refuses_what_a_run_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--steps", "0"], ["--repeats", "0"], ["--games", "Hanoy"]):
        games = [] if "--games" in words else ["--games", HANOI]
        assert main(["run", "openai:some", "--dry-run", *games, *words]) == 2
        assert capsys.readouterr().err
