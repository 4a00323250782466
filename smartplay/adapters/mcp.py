"""An MCP server: any chat client lists games, starts one and acts.

The protocol is `tools`: what `start` and `act` tell is what a model in a run is told, and an action
is read as a call of `act` is there. A client's episodes go into a run folder of its own, under the
name it gives itself. Rewards, scores and the game's truth stay on this side, also after the end.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import BaseModel, Field

from smartplay.core import printable
from smartplay.core.errors import SmartPlayError, UsageError
from smartplay.core.version import __version__
from smartplay.games.registry import cards, get_card
from smartplay.runner.driven import DrivenEpisode, DrivenRun

IDLE = 3600.0
"""Seconds without an action after which an episode may be given up for another."""
UNDER_WAY = 1000
"""Most episodes under way at once."""
CLIENTS = 100
"""Most names of clients, each of which has a run."""
LONGEST_ACTION = 100_000
"""Characters."""
SUITE = "suite"
UNNAMED = "unnamed"
LONGEST_NAME = 64
INSTRUCTIONS = (
    "Games as text. Choose one with list_games, call start, and then act with its episode until "
    "it is over. Each episode can be played once."
)


class Game(BaseModel):
    """A game that can be started."""

    game: str
    title: str
    steps: int = Field(description="the most actions of an episode")


class Started(BaseModel):
    """A new episode."""

    episode: str = Field(description="names the episode in calls of act")
    told: str = Field(description="the rules, the actions and the first observation")
    actions: list[str]
    over: bool


class Acted(BaseModel):
    """What an action led to."""

    told: str = Field(description="the observation, or why the action was not taken")
    over: bool


class Games:
    """The episodes of all clients, by the names they were given.

    Args:
        out: The run folder; by default each client gets a new one under `runs/`.
        split: The split that is played: `suite`, `train`, `dev` or `test`.
        **how: More arguments of `DrivenRun`.
    """

    def __init__(self, out: Path | None = None, split: str = SUITE, **how: Any) -> None:
        self._how = {"out": out, "split": "" if split == SUITE else split, **how}
        self._runs: dict[str, DrivenRun] = {}
        self._under_way: dict[tuple[str, str], tuple[DrivenEpisode, float]] = {}

    def start(self, client: str, game: str) -> tuple[str, DrivenEpisode]:
        """Start the client's next episode of a game; its name and the episode.

        Raises:
            UsageError: If there is no such game, or too much is under way.
        """
        card = get_card(game)  # a card file could name any code
        self._make_room()
        if client not in self._runs:
            if len(self._runs) >= CLIENTS:
                raise UsageError(f"this server has records of {CLIENTS} clients, which is its most")
            self._runs[client] = DrivenRun(client, adapter="mcp", protocol="tools", **self._how)
        episode = self._runs[client].start(card.id)
        name = secrets.token_hex(8)
        if not episode.over:
            self._under_way[client, name] = episode, time.monotonic()
        return name, episode

    def act(self, client: str, name: str, action: str) -> Acted:
        """Act in an episode; what it leads to.

        Raises:
            UsageError: If the client has none of that name under way.
        """
        if (client, name) not in self._under_way:
            raise UsageError(
                f"no episode {name[:40]!r} is under way: it is over, was given up, or never was; "
                "start another one"
            )
        episode, _ = self._under_way[client, name]
        told = episode.act(action)
        self._under_way[client, name] = episode, time.monotonic()
        if episode.over:
            del self._under_way[client, name]
        return Acted(told=told, over=episode.over)

    def close(self) -> None:
        """Give up what is under way, as unscored, and let go of the run folders."""
        for run in self._runs.values():
            run.close()

    def _make_room(self) -> None:
        idle = time.monotonic() - IDLE
        for key, (episode, since) in list(self._under_way.items()):
            if since < idle:
                episode.give_up()
                del self._under_way[key]
        if len(self._under_way) >= UNDER_WAY:
            raise UsageError(f"{UNDER_WAY} episodes are under way; end one of them first")


def make_server(games: Games) -> MCPServer[Any]:
    """The server with its three tools."""
    server = MCPServer[Any](
        "smartplay", version=__version__, instructions=INSTRUCTIONS, log_level="ERROR"
    )

    @server.tool()
    async def list_games() -> list[Game]:
        """List the games."""
        return [
            Game(game=card.name, title=card.title, steps=card.steps)
            for card in cards()
            if card.playable
        ]

    @server.tool()
    async def start(game: str, context: Context[Any, Any]) -> Started:  # noqa: D417
        """Start a game; the answer tells its rules.

        Args:
            game: Which, as list_games names it.
        """
        with _telling():
            name, episode = games.start(_client(context), game)
        return Started(episode=name, told=episode.told, actions=episode.actions, over=episode.over)

    @server.tool()
    async def act(  # noqa: D417
        episode: str,
        action: Annotated[str, Field(max_length=LONGEST_ACTION)],
        context: Context[Any, Any],
    ) -> Acted:
        """Take one of your actions in a game.

        Args:
            episode: Which, as start named it.
            action: The action, word for word.
        """
        with _telling():
            return games.act(_client(context), episode, action)

    return server


async def serve_stdio(server: MCPServer[Any], games: Games) -> None:
    """Serve over standard input and output until the client leaves, or a signal comes.

    After a signal the process ends here: a thread waits for input, which nothing can end.
    """
    loop, signalled = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(signalled.set))
    serving = asyncio.ensure_future(server.run_stdio_async())
    waiting = asyncio.ensure_future(signalled.wait())
    await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    games.close()
    if signalled.is_set():
        os._exit(0)
    waiting.cancel()
    await serving


def _client(context: Context[Any, Any]) -> str:
    """What the client calls itself, as part of a file's name; some names hold addresses."""
    parameters = context.session.client_params
    name = parameters.client_info.name if parameters else ""
    return UNNAMED if printable.is_blank(name) else re.sub(r"[/\\:]", "-", name[:LONGEST_NAME])


@contextmanager
def _telling() -> Iterator[None]:
    """Tell the client of what it can mend."""
    try:
        yield
    except SmartPlayError as error:
        raise ToolError(str(error)) from error
