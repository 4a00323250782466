"""How language models are told the past: in chunks and as differences, with nothing lost."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import smartplay
from smartplay.agents.catalog import controls_of, definition_of, find_agent
from smartplay.agents.context import Observation
from smartplay.agents.history import LEGEND, History, difference
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS
from smartplay.core.errors import PromptTooLongError, UnknownNameError, UsageError
from smartplay.games.registry import get_card
from smartplay.leaderboard.tracks import track_of
from smartplay.models.base import converted
from smartplay.models.prefix_cache import BLOCK, LEAST, WIDTH, PrefixCache
from smartplay.models.rehearsal import rehearsal
from smartplay.records import Message
from tests.asking import by_hand, command, kill_at, seeded, transcript
from tests.fake_server import FakeServer
from tests.lent import context, lend
from tests.test_llm_agent import Scripted
from tools.prompt_tokens import DOCS, WAYS, digest, play, read, table_episodes

CHUNKS: dict[str, Any] = {"history_chunk": 4}
BOTH: dict[str, Any] = {"history_chunk": 4, "history_diff": True}
PROTOCOLS = "direct", "chat", "tools"


def asked(
    observations: list[Observation], method: str = "direct", room: int = 10**9, **told: Any
) -> list[list[Message]]:
    """What a model is sent at each step."""
    model = Scripted(room=room)
    history = converted(told, History)
    agent = LLMAgent(context("The rules.", models=lend(model)), METHODS[method](), history=history)

    async def all_of_them() -> None:
        for each in observations:
            await agent.act(each)

    asyncio.run(all_of_them())
    return [[dict(message) for message in messages] for messages in model.heard]


def steps(n: int, history: int, attempt: int = 0) -> list[Observation]:
    texts = [f"Round {k}.\nIt is day in this land of plenty.\nAttempt {attempt}" for k in range(n)]
    return [Observation(text, texts[max(0, k - history) : k]) for k, text in enumerate(texts)]


# Nothing is lost


lines = st.sampled_from(
    ["", "a", "a longer line that all have", "\\", "\\(line 1 as before)", "(line 2 as before)",
     "(lines 1-3 as before)", "Step 3:", "Step 4: on", "You carry: nothing."]
)  # fmt: skip
texts = st.one_of(st.text(max_size=20), st.lists(lines, max_size=8).map("\n".join))


@pytest.mark.parametrize("method", PROTOCOLS)
@given(told=st.lists(texts, min_size=1, max_size=14), history=st.integers(1, 5))
def test_every_observation_can_be_read_from_the_prompt(
    method: str, told: list[str], history: int
) -> None:
    seen = [Observation(text, told[max(0, k - history) : k]) for k, text in enumerate(told)]
    for step, messages in enumerate(asked(seen, method, **BOTH)):
        found = read(messages)
        least = max(step - history, 0)
        assert least - 3 <= found.first <= least, "the game's history, and less than a chunk more"
        assert found.seen == told[found.first : step + 1]


@given(texts, texts)
def test_a_difference_is_never_longer_than_the_text_without_marks(one: str, other: str) -> None:
    assert len(difference(one, other, "Step")) <= len(difference(one, None, "Step"))


def test_the_mark_stands_for_what_stays() -> None:
    stays = "- a cow in the north\n- a tree in the east"
    before = f"You moved.\n{stays}\nIt is day.\nYou carry: nothing."
    now = f"You hit the cow.\n{stays}\nIt is dusk.\nYou carry: nothing."
    assert difference(now, before, "Step") == (
        "You hit the cow.\n(lines 2-3 as before)\nIt is dusk.\n(line 5 as before)"
    )
    system = asked(steps(1, 5), **BOTH)[0][0]["content"]
    assert LEGEND in system
    assert LEGEND not in asked(steps(1, 5), **CHUNKS)[0][0]["content"]


# Chunks


def test_prompts_share_their_beginning_for_a_chunk() -> None:
    pages = [
        messages[1]["content"].removesuffix("What is your answer?")
        for messages in asked(steps(20, history=3), **CHUNKS)
    ]
    grows = [late.startswith(early) for early, late in itertools.pairwise(pages)]
    assert [step for step, same in enumerate(grows, 1) if not same] == [7, 11, 15, 19]
    assert pages[10].startswith("Step 4:\n")
    assert pages[11].startswith("Step 8:\n")


def test_chunks_of_one_are_the_plain_prompts() -> None:
    seen = steps(9, history=3)
    for method in PROTOCOLS:
        assert asked(seen, method, history_chunk=1) == asked(seen, method)


def test_a_history_that_is_kept_whole_stays_whole() -> None:
    seen = steps(9, history=50)
    for method in PROTOCOLS:
        assert asked(seen, method, **CHUNKS) == asked(seen, method)


@pytest.mark.parametrize("history", [1, 2, 5])
def test_another_attempt_begins_anew(history: int) -> None:
    seen = [*steps(6, history), *steps(6, history, attempt=1)]
    for messages in asked(seen, **CHUNKS)[6:]:
        assert "Attempt 0" not in messages[1]["content"]


def test_a_game_that_shows_no_past_goes_on_to_show_none() -> None:
    seen = steps(6, history=0)
    assert asked(seen, **CHUNKS) == asked(seen)


def test_an_ablation_of_the_past_takes_it_all(tmp_path: Path) -> None:
    with FakeServer() as server:
        server.say("Answer: 1")
        settings = {"base_url": server.url, "ablation": "no-history", **BOTH}
        smartplay.run("openai:fake", "Bandit", episodes=1, steps=5, out=tmp_path / "run",
                      agent_settings=settings, progress=False)  # fmt: skip
        sent = [request["messages"][1]["content"] for request in server.requests]
    assert len(sent) == 5
    assert all(page.count("Step ") == 1 for page in sent)


@pytest.mark.parametrize("method", PROTOCOLS)
def test_room_is_made_in_a_chunk_as_in_any_history(method: str) -> None:
    seen = steps(12, history=6)
    rooms = asked(seen, method, room=1000, **BOTH)
    assert len(rooms) == 12
    for step, messages in enumerate(rooms):
        found = read(messages)
        assert found.seen == [each.text for each in seen[found.first : step + 1]]
    with pytest.raises(PromptTooLongError):
        asked(seen, method, room=20, **BOTH)


def test_conversations_drop_what_is_older_than_the_chunk() -> None:
    for method in ("chat", "tools"):
        sent = asked(steps(30, history=3), method, **CHUNKS)
        assert max(map(len, sent)) <= 2 * (3 + 4) + 2
        assert sent[-1][1]["content"].startswith("Step 24:\nRound 24.\nIt is day")


# Who plays so


def test_runs_and_tracks_say_how_the_past_was_told(tmp_path: Path) -> None:
    with FakeServer() as server:
        server.say("Answer: 1")
        options: dict[str, Any] = {"episodes": 1, "steps": 3, "progress": False}
        settings = {"base_url": server.url}
        plain = smartplay.run("openai:fake", "Hanoi3Disk", out=tmp_path / "plain", **options,
                              agent_settings=settings)  # fmt: skip
        other = smartplay.run("openai:fake", "Hanoi3Disk", out=tmp_path / "other", **options,
                              agent_settings=settings | BOTH)  # fmt: skip
        with pytest.raises(smartplay.RunFolderError, match="history"):
            smartplay.run("openai:fake", "Hanoi3Disk", out=plain.path, **options,
                          agent_settings=settings | CHUNKS)  # fmt: skip
    assert not {"history_chunk", "history_diff"} & set(plain.header.agent_settings)
    assert other.header.agent_settings.items() >= BOTH.items()
    assert track_of(plain.header).history == ""
    track = track_of(other.header)
    assert "history in chunks of 4, steps told as differences" in track.title
    assert track != track_of(plain.header)
    assert not track.is_standard
    assert track.without_method().history == ""


@pytest.mark.parametrize("method", ["direct", "think", "chat", "tools", "majority", "correct"])
def test_every_method_takes_the_settings_and_so_do_its_controls(method: str) -> None:
    given = {"method": method, **BOTH}
    with rehearsal():
        assert find_agent("openai:fake", given).settings.items() >= BOTH.items()
        for arm in controls_of("openai:fake", given):
            agent, settings = definition_of(arm, "openai:fake", given)
            assert find_agent(agent, settings).settings.items() >= BOTH.items()


@pytest.mark.parametrize("value", [0, -1, True, 2.5, "many", 10**6])
def test_chunks_are_numbers_of_steps(value: Any) -> None:
    with rehearsal(), pytest.raises(UsageError, match="history_chunk"):
        find_agent("openai:fake", {"history_chunk": value})


def test_only_language_models_are_told_a_past() -> None:
    with pytest.raises(UnknownNameError):
        find_agent("random", CHUNKS)
    with rehearsal(), pytest.raises(UnknownNameError, match="history_chunk"):
        find_agent("openai:fake", {"history_chunks": 4})


@pytest.mark.slow
@pytest.mark.parametrize("method", ["direct", "think", "chat", "tools", "majority"])
def test_an_episode_is_taken_up_with_the_same_prompts(method: str, tmp_path: Path) -> None:
    with FakeServer() as server:
        server.answer(seeded)
        told = [f"--set={key}={str(value).lower()}" for key, value in BOTH.items()]
        options = ["--base-url", server.url, "--method", method, "--steps", "12", *told]
        options += ["--game-set", "RockPaperScissorBasic.history=2"]
        assert by_hand("openai:fake", tmp_path / "calm", *options).returncode == 0
        calls = len(server.requests)
        run = command("openai:fake", tmp_path / "run", *options)
        kill_at(server, run, calls // 2 + 1, seeded)
        assert by_hand("openai:fake", tmp_path / "run", *options).returncode == 0
    assert transcript(tmp_path / "run") == transcript(tmp_path / "calm")


# What it costs, and what it does to who reads no more than the prompt


@pytest.mark.slow
@pytest.mark.parametrize(("game", "window"), [("Crafter", 5), ("MinedojoCreative0", 2)])
def test_who_reads_the_prompt_plays_alike(game: str, window: int) -> None:
    name, taken = f"smartplay/{game}-v0", 20
    found = {
        (way, method, back): play(name, 3, taken, told, method, back)
        for way, told in WAYS.items()
        for method in ("direct", "chat")
        for back in (None, window)
    }
    for (way, method, back), each in found.items():
        plain = found["sliding", "direct", back]
        assert (each.score, each.seen) == (plain.score, plain.seen), (way, method, back)


def test_a_cache_reads_whole_blocks_from_the_least_on() -> None:
    def prompt(tokens: int, other: int = 0) -> bytes:
        return b"same" * tokens + b"else" * other

    assert len(b"same") == WIDTH
    cache = PrefixCache()
    assert cache.read(prompt(2000)) == 0
    assert cache.read(prompt(2000)) == 1920 == 15 * BLOCK
    assert cache.read(prompt(1500, other=900)) == 1408 == 11 * BLOCK
    assert cache.read(prompt(LEAST, other=5)) == LEAST
    assert cache.read(prompt(LEAST - 1, other=500)) == 0
    assert cache.read(b"else" * 3000) == 0


@pytest.mark.parametrize(
    "game", ["Hanoi3Disk", "MessengerL2", "BanditTwoArmedHighLowFixed", "Notices"]
)
def test_the_table_of_tokens_is_that_of_these_prompts(game: str) -> None:
    card = get_card(game)
    rows = [row for row in DOCS.read_text().split("\n") if row.startswith(f"| {card.name} |")]
    assert len(rows) == 1, f"write {DOCS.name} anew: python -m tools.prompt_tokens --table"
    assert rows[0].endswith(f"| `{digest(table_episodes(card.id))}` |"), (
        f"the prompts of {game} have changed: python -m tools.prompt_tokens --table"
    )


def test_the_table_of_tokens_has_every_id() -> None:
    named = {row.split(" | ")[0].removeprefix("| ") for row in DOCS.read_text().split("\n")}
    missing = {
        card.name
        for card in smartplay.cards()
        if card.playable and card.environment.startswith("smartplay.")
    } - named
    assert not missing, "write it anew: python -m tools.prompt_tokens --table"
