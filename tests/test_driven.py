"""Episodes driven from outside: the runner's own messages, records and verification."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import gymnasium as gym
import msgspec
import pytest

import smartplay
from smartplay import cards
from smartplay.agents.catalog import AgentSource, find_agent
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS, PROTOCOLS
from smartplay.core.errors import ModelError, RunFolderError, UnknownNameError, UsageError
from smartplay.leaderboard.tracks import track_of
from smartplay.leaderboard.verify import verify_run
from smartplay.models.base import Settings
from smartplay.models.pace import Pace
from smartplay.records import (
    Call,
    EpisodeHeader,
    EpisodeRecord,
    ToolCall,
    Usage,
)
from smartplay.records.folder import RunFolder
from smartplay.runner.driven import DrivenEpisode, DrivenRun
from smartplay.runner.jobs import SPLITS, episode_seeds, split_seed
from tests.folders import without

REPLIES = ("I wonder.", "Answer: 1", "", "2", "Answer: nothing of the kind", "1")
USAGE = Usage(100, 40, 7, 3)
GAMES = [card for card in cards() if card.playable and card.shipped]
QUICK = {next(c.name for c in GAMES if c.family == f) for f in {c.family for c in GAMES}}
QUICK -= {card.name for card in GAMES if card.family in ("crafter", "minedojo")}


class Replies:
    """The same replies whoever asks: texts, and calls of a tool where there is one."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    def next(self, messages: list[Any], tools: Any) -> dict[str, Any]:
        number = len(self.heard)
        self.heard.append(msgspec.json.decode(msgspec.json.encode([messages, tools])))
        text = REPLIES[number % len(REPLIES)]
        called: dict[str, Any] = {"text": text, "usage": USAGE, "model": "served"}
        if tools and number % 2:
            action = msgspec.json.encode({"action": text.removeprefix("Answer: ")}).decode()
            called["tools"] = [ToolCall(f"id{number}", "act", action)]
        if number % 7 == 6:
            called["finish"] = "length"
        return called


class Told:
    """A model of a run that is told what to reply."""

    notes: list[str] = []
    settings, concurrency, pace = Settings(temperature=None, max_tokens=None), 1, Pace()

    def __init__(self, name: str, replies: Replies) -> None:
        self.name, self.replies = name, replies

    async def chat(self, messages: list[Any], *, tools: Any = None, **_: Any) -> list[Call]:
        return [Call(messages=messages, **self.replies.next(messages, tools))]

    async def aclose(self) -> None:
        pass


def by_the_runner(game: str, protocol: str, out: Path, **options: Any) -> list[Any]:
    """Play as `smartplay run` does; what the model was asked."""
    replies = Replies()
    source = AgentSource(
        name="test:me",
        settings={"protocol": protocol, "adapter": "test"},
        make=lambda context: LLMAgent(context, METHODS[protocol]()),
        models={"player": Told("test:me", replies)},
        asynchronous=True,
    )
    smartplay.run(source, game, episodes=1, out=out, progress=False, **options)
    return replies.heard


def driven(game: str, protocol: str, out: Path, **options: Any) -> list[Any]:
    """The same, driven from outside."""
    replies = Replies()
    with DrivenRun("me", adapter="test", protocol=protocol, out=out, **options) as run:
        drive(run.start(game), replies)
    return replies.heard


def drive(episode: DrivenEpisode, replies: Replies) -> None:
    while not episode.over:
        episode.reply(**replies.next(episode.messages, episode.tools))


def kept(out: Path) -> tuple[dict[str, Any], EpisodeRecord, EpisodeHeader, Any]:
    """All that a run folder says, but for times."""
    folder = RunFolder(out)
    header = msgspec.to_builtins(folder.header()) | {"started": "", "arguments": {}}
    [record] = folder.episodes()
    first, steps = folder.steps(record.game, record.episode)
    timeless = without(msgspec.to_builtins(steps), "seconds")
    return header, msgspec.structs.replace(record, seconds=0.0), first, timeless


def check_the_same(game: str, protocol: str, folder: Path, **options: Any) -> None:
    runner, driver = folder / f"{protocol} runner", folder / f"{protocol} driver"
    asked = by_the_runner(game, protocol, runner, **options)
    assert driven(game, protocol, driver, **options) == asked
    assert kept(driver) == kept(runner)
    verification = verify_run(driver, workers=1)
    assert verification.verified, str(verification)
    assert verification.complete


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("game", sorted(QUICK))
def test_a_driven_episode_is_the_runners(game: str, protocol: str, tmp_path: Path) -> None:
    check_the_same(game, protocol, tmp_path, steps=7)


@pytest.mark.slow
@pytest.mark.parametrize("game", [card.name for card in GAMES])
def test_driven_episodes_of_every_game_are_the_runners(game: str, tmp_path: Path) -> None:
    for protocol in PROTOCOLS:
        check_the_same(game, protocol, tmp_path, steps=12)


@pytest.mark.slow
def test_whole_episodes_with_pictures_are_the_runners(tmp_path: Path) -> None:
    shown = {"messenger": {"observation": "both"}}
    for protocol in ("direct", "tools"):
        check_the_same("MessengerL1", protocol, tmp_path, game_settings=shown)


def test_messages_that_are_new_make_up_the_conversation() -> None:
    for protocol in ("chat", "tools"):
        run = DrivenRun("me", adapter="test", protocol=protocol, keep=False)
        replies, episode = Replies(), run.start("Hanoi3Disk")
        told = list(episode.new)
        while not episode.over:
            assert told == episode.messages
            episode.reply(**replies.next(episode.messages, episode.tools))
            told = [*told, *episode.messages[len(told) :][:1], *episode.new]
        assert not episode.messages
        assert not episode.told


def test_the_present_step_says_what_the_last_action_brought() -> None:
    episode = DrivenRun("me", adapter="test", keep=False).start("RockPaperScissorBasic")
    assert "Rock" in episode.told
    steps = [episode.step]
    for reply in ("Answer: Paper", "no idea"):
        episode.reply(reply)
        steps.append(episode.step)
    before, first, same = steps
    assert before is None
    assert first is not None
    assert (first.name, first.valid, first.step) == ("Paper", True, 1)
    assert same is first
    assert episode.told.startswith("Your last reply did not name one of the actions.")
    with pytest.raises(UsageError, match="not over"):
        _ = episode.record


ODD = ["\ud800", "a\x00b", "\x1b[2J", "x" * 10**5, 5, 1.5, None, True, ["1"], {"action": "1"}]


@pytest.mark.parametrize("odd", ODD, ids=lambda each: repr(each)[:12])
def test_odd_actions_and_replies_end_no_episode(odd: Any, tmp_path: Path) -> None:
    for protocol in PROTOCOLS:
        out = tmp_path / protocol
        with DrivenRun("me", adapter="test", protocol=protocol, steps=3, out=out) as run:
            episode = run.start("Hanoi3Disk")
            if protocol == "tools":
                assert episode.act(odd)
                arguments = msgspec.json.encode({"act": str(odd).replace("\ud800", "?")}).decode()
                episode.reply(
                    "", tools=[ToolCall(str(odd), "fly", arguments), ToolCall("", "", "")]
                )
            else:
                with pytest.raises(UsageError, match='protocol="tools"'):
                    episode.act(odd)
            while not episode.over:
                episode.reply(str(odd), reasoning=str(odd), model=str(odd), finish="odd")
        assert episode.record.status == "scored", episode.record.error
        assert verify_run(out, workers=1).complete


@pytest.mark.parametrize("usage", [Usage(prompt=1, cached=5), Usage(completion=10**9)])
def test_tokens_that_no_call_takes_are_not_recorded(tmp_path: Path, usage: Usage) -> None:
    with DrivenRun("me", adapter="mine", out=tmp_path, steps=1) as run:
        episode = run.start("Hanoi3Disk")
        episode.reply("Answer: 1", usage=usage)
    assert (episode.record.calls, episode.record.usage) == (1, Usage())
    assert verify_run(tmp_path).verified


def test_a_run_plans_what_is_asked_for(tmp_path: Path) -> None:
    with DrivenRun("me", adapter="test", out=tmp_path, steps=2) as run:
        started = [run.start(game, number) for game, number in
                   [("Hanoi3Disk", 1), ("Hanoi3Disk", 1), ("Hanoi3Disk", None),
                    ("BanditTwoArmedHighLowFixed", None), ("Hanoi3Disk", 0)]]  # fmt: skip
        for episode in started[::-1]:
            drive(episode, Replies())
        assert run.path == tmp_path
        with pytest.raises(UsageError, match="over"):
            started[0].reply("1")
    keys = [(e.record.game.split("/")[1], e.record.episode, e.record.repeat) for e in started]
    assert keys == [("Hanoi3Disk-v0", 1, 0), ("Hanoi3Disk-v0", 1, 1), ("Hanoi3Disk-v0", 2, 0),
                    ("BanditTwoArmedHighLowFixed-v0", 0, 0), ("Hanoi3Disk-v0", 0, 0)]  # fmt: skip
    assert started[0].record.seed == started[1].record.seed
    assert started[0].record.agent_seed != started[1].record.agent_seed
    header = RunFolder(tmp_path).header()
    assert header == run.header
    assert header.repeats == 2
    assert {game: plan.episodes for game, plan in header.games.items()} == {
        "smartplay/Hanoi3Disk-v0": 3, "smartplay/BanditTwoArmedHighLowFixed-v0": 1}  # fmt: skip
    verification = verify_run(tmp_path, workers=1)
    assert verification.verified or verification.incomplete, str(verification)
    assert verification.episodes == 5
    with pytest.raises(RunFolderError, match="holds files"):
        DrivenRun("me", adapter="test", out=tmp_path).start("Hanoi3Disk")


def test_after_the_last_episode_there_are_others() -> None:
    with DrivenRun("me", adapter="test", split="train", keep=False) as run:
        for asked, number in [(2**31 - 1, 2**31 - 1), (0, 0), (None, 1), (2, 2), (None, 3)]:
            assert run.start("Hanoi3Disk", asked).job.episode == number


def test_what_is_given_up_is_unscored(tmp_path: Path) -> None:
    with DrivenRun("me", adapter="test", out=tmp_path) as run:
        left, failed, done = (run.start("Hanoi3Disk") for _ in range(3))
        left.reply("1")
        failed.give_up(ModelError("the service is gone"))
        drive(done, Replies())
        done.give_up()
    records = RunFolder(tmp_path).results(run.header)
    assert [record.error for record in records] == [
        "AgentError: the episode was given up before its end",
        "ModelError: the service is gone", None]  # fmt: skip
    assert left.record.steps == 1
    assert verify_run(tmp_path, workers=1).unscored == 2


def test_the_track_tells_protocol_and_adapter(tmp_path: Path) -> None:
    with DrivenRun("a\nclient", adapter="mcp", protocol="tools", out=tmp_path) as run:
        drive(run.start("Hanoi3Disk"), Replies())
    assert "\n" not in run.header.agent
    assert track_of(run.header).method == "tools protocol through mcp"
    plain = find_agent("random", {})
    assert "through" not in track_of(msgspec.structs.replace(
        run.header, agent_settings=plain.settings | {"protocol": "tools"})).method  # fmt: skip


def test_wrong_requests_say_what_is_there() -> None:
    with pytest.raises(UnknownNameError, match="protocol"):
        DrivenRun("me", adapter="test", protocol="majority")
    run = DrivenRun("me", adapter="test", keep=False)
    for nothing in ("header", "path"):
        with pytest.raises(UsageError, match=r"no (episode|folder)"):
            getattr(run, nothing)
    with pytest.raises(UnknownNameError, match="unknown game"):
        run.start("Chess")
    with pytest.raises(UsageError, match="games; name one"):
        run.start("hanoi")
    with pytest.raises(UsageError, match="number"):
        run.start("Hanoi3Disk", -1)
    with pytest.raises(UnknownNameError, match="split"):
        DrivenRun("me", adapter="test", split="exam", keep=False).start("Hanoi3Disk")


def split_ranges() -> Iterator[tuple[str, int, int]]:
    yield "suite", 0, 2**31
    for split, (first, bits) in SPLITS.items():
        yield split, first, first + 2**bits


def test_splits_share_no_seed_with_each_other_or_a_suite() -> None:
    ranges = sorted((first, end) for _, first, end in split_ranges())
    assert all(end <= first for (_, end), (first, _) in pairwise(ranges))
    assert ranges[-1][1] <= 2**32
    generator = random.Random(0)
    for split, first, end in split_ranges():
        for _ in range(2000):
            suite, episode = generator.randrange(2**31), generator.randrange(2**31)
            game = generator.choice(GAMES).id
            if split == "suite":
                seed = episode_seeds(suite, game, episode)[0]
            else:
                seed = split_seed(split, suite, game, episode)
            assert first <= seed < end
    drawn = {split_seed("train", 0, GAMES[0].id, k) for k in range(5000)}
    assert len(drawn) > 4990


def check_the_largest_seed(game: str) -> None:
    env = gym.make(smartplay.get_card(game).id)
    first = [env.reset(seed=seed)[0] for seed in (2**32 - 1, 2**31, 2**32 - 1)]
    env.close()
    assert first[0] == first[2]


@pytest.mark.parametrize("game", sorted(QUICK))
def test_games_take_the_largest_seed(game: str) -> None:
    check_the_largest_seed(game)


@pytest.mark.slow
@pytest.mark.parametrize("game", [card.name for card in GAMES])
def test_every_game_takes_the_largest_seed(game: str) -> None:
    check_the_largest_seed(game)


def test_a_run_on_a_split_is_verified_on_it(tmp_path: Path) -> None:
    with DrivenRun("me", adapter="test", split="train", out=tmp_path / "a", steps=3) as run:
        drive(run.start("Hanoi3Disk"), Replies())
        drive(run.start("MessengerL1"), Replies())
    seeds = {r.game: r.seed for r in RunFolder(run.path).episodes()}
    assert seeds == {game: split_seed("train", 0, game, 0) for game in seeds}
    assert verify_run(run.path, workers=1).verified
    track = track_of(run.header)
    assert "split train" in track.title
    assert not track.is_standard
    moved = msgspec.structs.replace(run.header, split="dev")
    RunFolder(run.path).plan_more(moved)
    assert "seeds do not follow" in str(verify_run(run.path, workers=1))


def test_an_episode_may_be_driven_inside_an_event_loop(tmp_path: Path) -> None:
    async def play() -> float | None:
        run = DrivenRun("me", adapter="test", keep=False)
        episodes = [run.start("Hanoi3Disk", 0) for _ in range(3)]
        replies = [Replies() for _ in episodes]
        while not all(episode.over for episode in episodes):
            for episode, reply in zip(episodes, replies, strict=True):
                if not episode.over:
                    episode.reply(**reply.next(episode.messages, episode.tools))
                    await asyncio.sleep(0)
        assert len({episode.record.score for episode in episodes}) == 1
        return episodes[0].record.score

    inside = asyncio.run(play())
    run = DrivenRun("me", adapter="test", keep=False)
    outside = run.start("Hanoi3Disk", 0)
    drive(outside, Replies())
    assert outside.record.score == inside


def test_driven_from_threads(tmp_path: Path) -> None:
    with (
        DrivenRun("me", adapter="test", out=tmp_path, steps=4) as run,
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda _: drive(run.start("Hanoi3Disk"), Replies()), range(16)))
    assert {r.episode for r in RunFolder(tmp_path).episodes()} == set(range(16))
    assert verify_run(tmp_path, workers=1).complete
