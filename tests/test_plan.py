"""What a run takes, reckoned before it is played and without any service."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

import smartplay
from smartplay.cli import main
from smartplay.core.errors import UsageError
from smartplay.games.registry import get_card
from smartplay.report.plan import make_plan
from smartplay.scores.power import episodes_needed
from tests.fake_server import FakeServer

HANOI = "Hanoi3Disk"
PRICES = 'currency = "USD"\ndate = 2026-11-01\n[models.some]\nprompt = 1\ncompletion = 10\n'


@pytest.fixture(autouse=True)
def no_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


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
    assert "random play" in other.games[0].basis, "a run of other lengths tells nothing"


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
        (["openai:other", "--prices", "PRICES"], "name none for openai:other"),
        (["openai:some", "--games", "Hanoy"], "Hanoi"),
        (["opnai:some"], "cannot load opnai"),
        (["openai:some", "--set", "temprature=1"], "temperature"),
        (["openai:some", "--steps", "0"], "steps must be 1 or more"),
        (["openai:some", "--from", "nowhere"], "nowhere"),
    ],
)
def test_what_cannot_be_planned_is_refused(
    words: list[str], said: str, prices: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(prices) if word == "PRICES" else word for word in words]
    games = [] if "--games" in words else ["--games", HANOI]
    assert main(["plan", *given, *games]) in (1, 2)
    assert said in capsys.readouterr().err


def test_planning_leaves_real_models_alone() -> None:
    make_plan("openai:some", HANOI)
    from smartplay.models import open_model

    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        open_model("openai:some")
