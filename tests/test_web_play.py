"""People play in a browser: the same record as any run, no step lost, none taken twice."""

from __future__ import annotations

import base64
import html
import re
import shutil
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gymnasium as gym
import pytest
from PIL import Image

pytest.importorskip("starlette", reason="starlette is not installed")
pytest.importorskip("httpx2", reason="httpx2 is not installed")

import smartplay
from smartplay.cards.card import GameCard
from smartplay.leaderboard import verify_run
from smartplay.play.baseline import human_episodes
from smartplay.play.journal import Journal
from smartplay.records.folder import RunFolder
from smartplay.runner import episode
from smartplay.web import play as web_play
from tests.golden import all_cards, first_of_code
from tests.test_play import HANOI, hanoi_keys
from tests.webbing import Visitor, app_of

FROZEN_LAKE = Path(__file__).parents[1] / "games" / "frozen_lake" / "frozen_lake.toml"
MOVES = [int(key) - 1 for key in hanoi_keys()]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Any]:
    with app_of(tmp_path / "runs") as app:
        yield app


@pytest.fixture
def visitor(app: Any) -> Visitor:
    return Visitor(app)


def folder_of(tmp_path: Path, path: str) -> RunFolder:
    return RunFolder(tmp_path / "runs" / path.split("/")[-1])


def blocks(page: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)]


@pytest.mark.parametrize("shown", ["text", "picture", "both"])
def test_a_game_is_played_and_recorded_as_any_run(
    tmp_path: Path, visitor: Visitor, shown: str
) -> None:
    path = visitor.begin("Hanoi3Disk", name="ann", shown=shown)
    for action in MOVES:
        pictures = re.findall(r'src="data:image/png;base64,([^"]*)"', visitor.last.text)
        sizes = [Image.open(BytesIO(base64.b64decode(each))).size for each in pictures]
        assert sizes == ([] if shown == "text" else [(400, 400)])
        assert "Your score (" not in visitor.last.text
        visitor.act(path, action)
    assert "Your score (disks on rod C at the end): 3" in visitor.last.text
    folder = folder_of(tmp_path, path)
    header = folder.header()
    assert header.agent == "human:ann"
    assert header.agent_settings == {"shown": shown, "score": False}
    (record,) = folder.episodes()
    assert (record.status, record.score, record.steps, record.completed) == ("scored", 3.0, 7, True)
    assert verify_run(folder.path).verified
    (episode,), left_out = human_episodes(folder.path)
    assert (episode.player, episode.shown, episode.sittings, left_out) == ("ann", shown, 1, {})
    smartplay.run("reference", "Hanoi3Disk", episodes=1, out=tmp_path / "other", progress=False)
    assert RunFolder(tmp_path / "other").episodes()[0].seed == record.seed


def test_what_is_read_is_what_agents_read(tmp_path: Path, visitor: Visitor) -> None:
    prompts: list[str] = []

    def agent(prompt: str) -> int:
        prompts.append(prompt)
        return len(prompts) % 3

    smartplay.run(agent, "MessengerL1", episodes=1, steps=4, out=tmp_path / "agent", progress=False)
    path = visitor.begin("MessengerL1")
    for step, prompt in enumerate(prompts, start=1):
        manual, now, *before = blocks(visitor.last.text)
        pages = [*before, now]
        assert prompt.startswith(manual)
        for page in pages:
            assert page in prompt
        assert prompt.endswith(pages[-1])
        names = re.findall(r"<span>(.*?)</span></button>", visitor.last.text)
        assert [f"{k}. {name}" for k, name in enumerate(names, 1)] == re.findall(
            r"^\d+\. .*$", prompt.partition("Your actions:")[2], re.MULTILINE
        )
        visitor.act(path, step % 3)
        if not visitor.playing:
            break


CANARIES = ("CANARYSTATE", "987654.25", "123456.75", "CANARYINFO")


@pytest.mark.parametrize("card", first_of_code(all_cards()))
def test_no_truth_and_no_score_before_the_end(
    card: GameCard, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that is not for agents is replaced by marks that may be on no page."""
    made = gym.make

    class Marked(gym.Wrapper[Any, Any, Any, Any]):
        def reset(self, **more: Any) -> Any:
            shown, info = self.env.reset(**more)
            return shown, self.mark(info)

        def step(self, action: Any) -> Any:
            shown, _, terminated, truncated, info = self.env.step(action)
            return shown, 987654.25, terminated, truncated, self.mark(info)

        def mark(self, info: dict[str, Any]) -> dict[str, Any]:
            told = {key: info[key] for key in ("manual", "actions", "obs", "history")}
            state = {"best": "CANARYSTATE", "scores": {}, "engine": "CANARYINFO"}
            return told | {"score": 123456.75, "state": state, "completed": True}

    marking = SimpleNamespace(make=lambda *given, **more: Marked(made(*given, **more)))
    monkeypatch.setattr(episode, "gym", marking)
    path = visitor.begin(card.id, shown="both" if not card.heavy else "text")
    for step in range(3):
        pages = [visitor.last.text, visitor.get("/"), visitor.get(f"/runs/{path[6:]}")]
        pages += [str(visitor.last.headers), visitor.get(path)]
        if not visitor.playing:
            break
        for page in pages:
            assert not [mark for mark in CANARIES if mark in page]
        visitor.act(path, step % visitor.last.text.count('name="action"'))


def test_late_double_and_foreign_requests_take_no_step(tmp_path: Path, app: Any) -> None:
    visitor = Visitor(app)
    path = visitor.begin("Hanoi3Disk", name="ann")
    first = visitor.hidden("turn")
    visitor.act(path, MOVES[0])
    assert "step 1 " in visitor.last.text
    again = visitor.send(path, turn=first, action=MOVES[0])
    assert "step 1 " in again
    assert web_play.LATE in again
    assert "step 1 " in visitor.get(path), "a reload took a step"
    for action in ("99", "-1", "x", "1e3", "²"):
        visitor.get(path)
        assert "step 1 " not in visitor.send(path, turn=visitor.hidden("turn"), action=action)
        assert visitor.last.status_code == 400
    assert "step 1 " in visitor.get(path)
    blank = visitor.send(path, turn=visitor.hidden("turn"), action=" ")
    assert web_play.LATE in blank, "a blank action is none, as one that is absent"
    stranger = Visitor(app)
    stranger.get("/")
    stranger.send(path, turn=first, action=0)
    assert stranger.last.status_code == 404
    stranger.get(path)
    assert stranger.last.status_code == 404
    moves = Journal(folder_of(tmp_path, path)).moves((HANOI, 0, 0))
    assert [move.action for move in moves] == [None, MOVES[0]]


def test_many_requests_at_once_take_one_step(tmp_path: Path, visitor: Visitor) -> None:
    path = visitor.begin("Hanoi3Disk", name="ann")
    form = {"csrf": visitor.hidden("csrf"), "turn": visitor.hidden("turn"), "action": MOVES[0]}
    threads = [
        threading.Thread(target=visitor.client.post, args=(path,), kwargs={"data": form})
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "step 1 " in visitor.get(path)


def test_two_people_of_one_name_do_not_meet(tmp_path: Path, app: Any) -> None:
    ann, bob = Visitor(app), Visitor(app)
    one, other = ann.begin("Hanoi3Disk"), bob.begin("Hanoi3Disk")
    assert one != other
    for place, action in enumerate(MOVES):
        ann.act(one, action)
        if place == 3:
            bob.act(other, 0)
            bob.act(other, 1)
    assert not ann.playing
    assert "step 2 " in bob.get(other)
    assert folder_of(tmp_path, one).episodes()[0].score == 3
    assert folder_of(tmp_path, other).episodes() == []


def test_a_run_is_taken_up_after_the_server_has_gone(tmp_path: Path) -> None:
    with app_of(tmp_path / "runs") as app:
        visitor = Visitor(app)
        path = visitor.begin("Hanoi3Disk", name="ann", episodes=2, shown="both")
        for action in MOVES[:3]:
            visitor.act(path, action)
    with app_of(tmp_path / "runs") as app:
        later = Visitor(app)
        later.client.cookies.update(visitor.client.cookies)
        later.last = visitor.last  # the page from before, still open
        later.act(path, MOVES[3])
        assert "step 4 " in later.last.text
        for action in MOVES[4:]:
            later.act(path, action)
        assert "Your score" in later.last.text
        later.get("/")
        later.send("/play", game="Hanoi3Disk", name="ann", episodes=2, shown="both")
        assert later.last.url.path == path, "the same run was not found again"
        later.send(path, turn=later.hidden("turn"))
        for action in MOVES:
            later.act(path, action)
        assert "The run is over" in later.last.text
        later.get("/")
        later.send("/play", game="Hanoi3Disk", name="ann", episodes=2, shown="both")
        assert later.last.url.path != path, "no other seed was chosen"
    episodes, left_out = human_episodes(folder_of(tmp_path, path).path)
    assert [(each.score, each.sittings) for each in episodes] == [(3.0, 2), (3.0, 1)]
    assert not left_out


def test_a_run_that_was_deleted_meanwhile_can_be_begun_again(
    tmp_path: Path, visitor: Visitor
) -> None:
    path = visitor.begin("Hanoi3Disk")
    visitor.act(path, MOVES[0])
    shutil.rmtree(folder_of(tmp_path, path).path)
    visitor.get(path)
    assert visitor.last.status_code == 404
    assert visitor.begin("Hanoi3Disk") == path
    assert "step 0 " in visitor.last.text


def test_only_so_many_runs_are_held_open(
    tmp_path: Path, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_play, "IDLE", 0.0)
    monkeypatch.setattr(web_play, "MOST_SITTINGS", 2)
    with app_of(tmp_path / "others") as app:
        other = Visitor(app)
        paths = [other.begin("Hanoi3Disk", seed=seed) for seed in range(4)]
        for path in paths:
            other.get(path)
            other.act(path, MOVES[0])
            assert "step 1 " in other.last.text
        monkeypatch.setattr(web_play, "IDLE", 60.0)
        other.get(paths[0])
        assert other.last.status_code == 503


@pytest.mark.parametrize(
    ("field", "value"),
    [("game", "Nosuch"), ("game", ""), ("name", "a\nb"), ("name", "<script>"), ("seed", "x"),
     ("seed", "-1"), ("episodes", "0"), ("episodes", "9" * 10), ("shown", "state"),
     ("game", "../../x.toml"), ("game", str(FROZEN_LAKE)), ("game", "core")],
)  # fmt: skip
def test_a_run_that_cannot_be_is_refused(visitor: Visitor, field: str, value: str) -> None:
    visitor.get("/")
    visitor.send("/play", **{"game": "Hanoi3Disk", field: value})
    assert visitor.last.status_code == 400
    assert "Traceback" not in visitor.last.text
    assert "<script>&" not in visitor.last.text


def test_the_score_of_a_person_under_way_is_not_watched(
    tmp_path: Path, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is played in the terminal says nothing to a browser beside it of how it goes."""
    from smartplay.runner import live
    from tests.players import Pressing, play

    told: list[str] = []
    ask = Pressing.ask

    def look(display: Pressing, *given: Any) -> str | None:
        told.append(visitor.get("/runs/mine"))
        assert not (tmp_path / "runs" / "mine" / live.LIVE).exists()
        return ask(display, *given)

    monkeypatch.setattr(Pressing, "ask", look)
    play(tmp_path / "runs" / "mine", ["enter", *hanoi_keys(), "enter"])
    assert len(told) == 9
    assert all("human:ann" in page and "Now playing" not in page for page in told)
