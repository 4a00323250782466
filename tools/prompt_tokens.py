"""What the prompts of a game cost: `python -m tools.prompt_tokens [--table] [GAME …]`.

Plays games through the agent for language models, with a model that reads nothing but its prompts:
it takes the steps out of the text again and does what the scripted reference agent does after them,
or what a digest of the last few says. So the scores show whether a prompt says as much as another
one, and the prompts what it costs. Tokens are those of the embedded model (the extra `local`).
Cached tokens follow the rule of `smartplay.models.prefix_cache`: blocks of 128, 1024 at least,
within an episode; they are paid at a tenth. `--table` writes the tokens
per step of every id, or of those that are named, into docs/prompt_tokens.md.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import re
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import gymnasium as gym
import msgspec
import numpy as np

import smartplay
from smartplay.agents.context import Context, Observation
from smartplay.agents.history import LEGEND, History
from smartplay.agents.llm import LLMAgent
from smartplay.agents.methods import METHODS
from smartplay.agents.methods.turn import QUESTION, ROLE
from smartplay.agents.reference import reference
from smartplay.games.registry import get_card
from smartplay.models.base import Question, Settings, converted
from smartplay.models.prefix_cache import LEAST, PrefixCache
from smartplay.models.providers import anthropic
from smartplay.models.weights import find_weights
from smartplay.records import Call, Message
from smartplay.runner.episode import judge

DOCS = Path(__file__).parents[1] / "docs" / "prompt_tokens.md"
CACHED = 0.1
"""Price of a cached token, that of any other being 1."""
WRITTEN, BACK = 1.25, 20
"""Anthropic's price of a token that is written to the cache, and how many blocks before a mark its
service looks for what it has kept."""

WAYS: Mapping[str, Mapping[str, Any]] = {
    "sliding": {},
    "chunks": {"history_chunk": 8},
    "differences": {"history_chunk": 8, "history_diff": True},
}
"""Ways to tell the past."""

MEASURED = "Crafter", "MinedojoCreative0"
EPISODES, STEPS = 2, 400
TABLE_STEPS = 30
_STEP = re.compile(r"(?:^|\n\n)Step (\d+):\n")
_MARK = re.compile(r"\(lines? (\d+)(?:-(\d+))? as before\)")
_LISTED = re.compile(r"^\d+\. (.+)$", re.MULTILINE)


# What a prompt says


class Told(NamedTuple):
    """What a prompt tells.

    Attributes:
        manual: The rules.
        actions: Names of the actions.
        first: The first step that is told.
        seen: The observations from that step on.
    """

    manual: str
    actions: list[str]
    first: int
    seen: list[str]


def read(messages: Sequence[Message]) -> Told:
    """Take out of a plain prompt of the protocols direct, chat or tools what it tells."""
    system = str(messages[0]["content"])
    manual, _, rest = system.partition("\n\nYour actions:\n")
    actions = _LISTED.findall(rest.partition("\n\n")[0])
    steps: list[tuple[int, str]] = []
    for message in messages[1:]:
        if message["role"] in ("user", "tool"):
            text = str(message["content"]).removesuffix(f"\n\n{QUESTION}")
            steps += _steps(text, steps[-1][0] + 1 if steps else None)
    seen = [text for _, text in steps]
    return Told(manual, actions, steps[0][0], _whole(seen) if LEGEND in system else seen)


def _steps(text: str, number: int | None) -> Iterator[tuple[int, str]]:
    """The steps of a text with their numbers, which count up."""
    found = []
    for each in _STEP.finditer(text):
        if number is None or int(each[1]) == number:
            number = int(each[1]) + 1
            found.append(each)
    ends = [each.start() for each in found[1:]] + [len(text)]
    for each, end in zip(found, ends, strict=True):
        yield int(each[1]), text[each.end() : end]


def _whole(told: Sequence[str]) -> list[str]:
    """Observations that are told as differences, each as it was."""
    seen: list[str] = []
    for text in told:
        before, lines = seen[-1].split("\n") if seen else [], list[str]()
        for line in text.split("\n"):
            if found := _MARK.fullmatch(line):
                lines += before[int(found[1]) - 1 : int(found[2] or found[1])]
            else:
                lines.append(line.removeprefix("\\"))
        seen.append("\n".join(lines))
    return seen


# Who reads it


class Reader:
    """A model that plays by the steps that its prompts tell, and nothing else.

    Args:
        window: How many steps before the present one it reads. It chooses by a digest of their
            text, so every byte of it counts. None for the reference agent, which is told the
            present step of each prompt and remembers what it likes.
    """

    settings = Settings()

    def __init__(self, window: int | None = None) -> None:
        self.asked: list[list[Message]] = []
        self._window = window
        self._agent: Any = None

    async def chat(self, messages: list[Message], **_: Any) -> list[Call]:
        """Reply."""
        self.asked.append(messages)
        told = read(messages)
        if self._window is None:
            self._agent = self._agent or reference(told.manual, told.actions, 0)
            reply = self._agent.act(Observation(told.seen[-1], told.seen[:-1]))
        else:
            text = "\0".join(told.seen[-self._window - 1 :])
            number = int.from_bytes(hashlib.sha256(text.encode()).digest())
            reply = told.actions[number % len(told.actions)]
        return [Call(messages, f"Answer: {reply}")]


class Episode(NamedTuple):
    """A played episode.

    Attributes:
        asked: The prompts.
        seen: What there was to be seen at each.
        score: The score.
    """

    asked: list[list[Message]]
    seen: list[str]
    score: float


def play(
    game: str,
    seed: int,
    steps: int,
    told: Mapping[str, Any] = {},
    method: str = "direct",
    window: int | None = None,
) -> Episode:
    """Play an episode through the agent for language models.

    Args:
        game: The id.
        seed: Its seed.
        steps: Most steps.
        told: How the past is told, as settings of an agent.
        method: How the model is asked.
        window: As for `Reader`.
    """
    model, seen = Reader(window), list[str]()

    async def played() -> float:
        limit = min(steps, get_card(game).steps)
        env = gym.make(game, max_episode_steps=limit, disable_env_checker=True)
        text, info = env.reset(seed=seed)
        models: Any = {ROLE: model}
        context = Context(
            manual=info["manual"], actions=list(info["actions"]), seed=0, models=models
        )
        agent = LLMAgent(context, METHODS[method](), history=converted(told, History))
        while True:
            seen.append(text)
            reply = await agent.act(Observation(text, list(info["history"])))
            action, _ = judge(reply, info["actions"])
            if action is None:
                raise ValueError(f"{game}: {reply.text!r} names no action")
            text, _, terminated, truncated, info = env.step(action)
            if terminated or truncated:
                env.close()
                return float(info["score"])

    return Episode(model.asked, seen, asyncio.run(played()))


# What it costs

Tokenize = Callable[[Sequence[str]], Iterator[list[int]]]
SEPARATOR = "<|endoftext|>"
AT_ONCE = 16  # texts a request


@contextmanager
def tokenizer() -> Iterator[Tokenize]:
    """That of the embedded model, by its server."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(find_weights())
    params.n_ctx, params.n_parallel = 256, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.hostnames, params.port, params.n_threads_http = ["127.0.0.1"], 0, 1
    params.verbosity, params.ui, params.warmup = -1, False, False
    server = xllamacpp.Server(params)

    def ask(text: str) -> list[int]:
        body = json.dumps({"content": text, "parse_special": True}).encode()
        with urlopen(Request(f"{server.listening_address}/tokenize", body)) as reply:
            tokens: list[int] = json.load(reply)["tokens"]
        return tokens

    [between] = ask(SEPARATOR)

    def tokenize(texts: Sequence[str]) -> Iterator[list[int]]:
        for some in (texts[k : k + AT_ONCE] for k in range(0, len(texts), AT_ONCE)):
            tokens: list[int] = []
            for each in [*ask(SEPARATOR.join(some)), between]:
                if each == between:
                    yield tokens
                    tokens = []
                else:
                    tokens.append(each)

    yield tokenize


class Tokens(NamedTuple):
    """What prompts take, on average over all of them.

    Attributes:
        calls: How many there are.
        prompt: Tokens read.
        cached: Of these, from the cache.
    """

    calls: int
    prompt: float
    cached: float

    @property
    def paid(self) -> float:
        """Tokens at full price that cost as much."""
        return self.prompt - self.cached + CACHED * self.cached


def count(episodes: Sequence[Episode], tokenize: Tokenize) -> Tokens:
    """What the prompts of some episodes take."""
    prompt = cached = 0
    for episode in episodes:
        cache = PrefixCache()
        for tokens in tokenize([_written(messages) for messages in episode.asked]):
            prompt += len(tokens)
            cached += cache.read(array("i", tokens).tobytes())
    calls = sum(len(episode.asked) for episode in episodes)
    return Tokens(calls, prompt / calls, cached / calls)


def _written(messages: Sequence[Message]) -> str:
    """A conversation as the embedded model reads it."""
    parts = [f"<|im_start|>{m['role']}\n{m['content']}<|im_end|>\n" for m in messages]
    return "".join([*parts, "<|im_start|>assistant\n"])


class Marked(NamedTuple):
    """What prompts take at Anthropic's service, on average over all of them.

    Attributes:
        prompt: Tokens read.
        cached: Of these, from the cache.
        written: Of these, written to it.
    """

    prompt: float
    cached: float
    written: float

    @property
    def paid(self) -> float:
        """Tokens at full price that cost as much."""
        other = self.prompt - self.cached - self.written
        return CACHED * self.cached + WRITTEN * self.written + other


def count_marked(episodes: Sequence[Episode], tokenize: Tokenize) -> Marked:
    """What the prompts of some episodes take by the marks that our requests have.

    What stands before a mark is kept. A prompt reads the longest beginning that was kept and ends
    at one of its marks or at most `BACK` blocks before one.
    """
    totals = np.zeros(3)
    calls = 0
    for episode in episodes:
        kept: set[bytes] = set()
        for messages in episode.asked:
            blocks = blocks_of(messages)
            sizes = map(len, tokenize([text for text, _ in blocks]))
            ends = [0, *accumulate(sizes)]
            hashes = list(beginnings([text for text, _ in blocks]))
            marks = [place for place, (_, mark) in enumerate(blocks) if mark]
            seen = {at for mark in marks for at in range(max(0, mark - BACK), mark + 1)}
            found = [ends[at + 1] for at in seen if hashes[at] in kept]
            cached = max((end for end in found if end >= LEAST), default=0)
            whole = ends[-1]
            totals += whole, cached, whole - cached if whole >= LEAST else 0
            calls += 1
            kept |= {hashes[at] for at in marks}
    prompt, cached, written = totals / calls
    return Marked(prompt, cached, written)


def blocks_of(messages: list[Message]) -> list[tuple[str, bool]]:
    """The blocks of a request to Anthropic's service, and which have a mark at their end."""
    settings = anthropic.AnthropicSettings(base_url="http://127.0.0.1:1")
    request = anthropic.Provider("model", settings)._request(
        Question(messages, None, None, None, False)
    )
    contents = [request["system"], *(message["content"] for message in request["messages"])]
    whole = [
        block
        for content in contents
        for block in ([{"text": content}] if isinstance(content, str) else content)
    ]
    told = [(str(block["text"]), "cache_control" in block) for block in whole]
    return [*told[:-1], (told[-1][0], True)]  # the automatic mark


def beginnings(texts: Sequence[str]) -> Iterator[bytes]:
    """A digest of the first block, of the first two, and so on."""
    found = hashlib.sha256()
    for text in texts:
        found.update(hashlib.sha256(text.encode()).digest())
        yield found.digest()


# The table


def table_episodes(game: str) -> list[Episode]:
    """What is played for a row: the beginning of one episode in each way."""
    return [play(game, 0, TABLE_STEPS, told) for told in WAYS.values()]


def digest(episodes: Sequence[Episode]) -> str:
    """What tells whether the prompts behind a row are still the same."""
    asked = msgspec.json.encode([episode.asked for episode in episodes])
    return hashlib.sha256(asked).hexdigest()[:12]


def row(game: str, tokenize: Tokenize) -> str:
    """The row of an id."""
    episodes = table_episodes(game)
    plain, *others = (count([episode], tokenize) for episode in episodes)
    numbers = [plain.prompt, plain.cached, plain.paid, *(each.paid for each in others)]
    cells = [get_card(game).name, plain.calls, *(f"{each:.0f}" for each in numbers)]
    return f"| {' | '.join(map(str, cells))} | `{digest(episodes)}` |"


def write_table(games: Sequence[str], tokenize: Tokenize) -> None:
    """Write the rows of some games into the page; those of the others stay."""
    head, found, rest = DOCS.read_text().partition("| id |")
    lines, _, after = (found + rest).partition("\n\n")
    rows = {line.split(" | ")[0].strip("| "): line for line in lines.split("\n")[2:]}
    rows |= {get_card(game).name: row(get_card(game).id, tokenize) for game in games}
    header = ["id", "steps", "prompt", "cached", *(f"paid, {way}" for way in WAYS), "digest"]
    known = [card.name for card in smartplay.cards() if card.name in rows]
    table = [f"| {' | '.join(header)} |", "| --- " * len(header) + "|", *map(rows.get, known)]
    DOCS.write_text(head + "\n".join(map(str, table)) + "\n" + ("\n" + after if after else ""))


def compare(game: str, tokenize: Tokenize, episodes: int, steps: int) -> None:
    """Print what each way costs, and how who reads no more than it plays."""
    game = get_card(game).id
    window = get_card(game).history
    first: Tokens | None = None
    for name, told in WAYS.items():
        played = [play(game, seed, steps, told) for seed in range(episodes)]
        windowed = [play(game, seed, steps, told, window=window) for seed in range(episodes)]
        found = count(played, tokenize)
        first = first or found
        marked = count_marked(played, tokenize)
        scores, read = ([each.score for each in some] for some in (played, windowed))
        print(
            f"{game}, {name}: {found.calls} steps; a step {found.prompt:.0f} tokens, "
            f"{found.cached:.0f} cached, paid {found.paid:.0f} "
            f"({found.paid / first.paid - 1:+.0%}); at Anthropic's {marked.cached:.0f} cached, "
            f"{marked.written:.0f} written, paid {marked.paid:.0f}; scores of the reference "
            f"{scores}, of one that reads {window} steps back {read}",
            flush=True,
        )


def main() -> None:
    """Compare, or write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="*")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--episodes", type=int, default=EPISODES)
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    with tokenizer() as tokenize:
        if options.table:
            every = [card.id for card in smartplay.cards() if card.playable]
            write_table(options.games or every, tokenize)
        else:
            for game in options.games or MEASURED:
                compare(game, tokenize, options.episodes, options.steps)


if __name__ == "__main__":
    main()
