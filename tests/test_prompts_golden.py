"""The prompts of the protocols `direct` and `think` stay what they are, byte for byte.

`tests/prompts.json` holds a digest of every conversation of a few steps of every game. A changed
prompt makes every recorded result another experiment: then it is a new protocol, not a new digest.
`python -m tests.test_prompts_golden` writes the digests of games that have none yet.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from itertools import cycle
from pathlib import Path

import pytest

import smartplay
from smartplay.records.folder import RunFolder
from tests.fake_server import FakeServer

FILE = Path(__file__).with_name("prompts.json")
GAMES = [
    card.name
    for card in smartplay.cards()
    if card.playable and card.family != "minedojo" and not card.source.endswith(".toml")
]
PROTOCOLS = ("direct", "think")
REPLIES = ("I wonder.", "Answer: 1", "", "2", "Answer: nothing of the kind", "1")


def conversations(game: str, protocol: str, folder: Path) -> str:
    """The digest of all that a model is sent in a short episode with invalid replies in it."""
    replies = cycle(REPLIES)
    with FakeServer() as server:
        server.answer(lambda request: next(replies))
        settings = {"base_url": server.url, "protocol": protocol}
        run = smartplay.run("openai:fake", game, episodes=1, steps=6, out=folder, progress=False,
                            agent_settings=settings)  # fmt: skip
        sent = [request["messages"] for request in server.requests]
    _, steps = RunFolder(run.path).steps(run.episodes[0].game, 0)
    kept = [call.messages for step in steps for call in step.calls]
    assert kept == sent, "the record holds other messages than the service was sent"
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("game", GAMES)
def test_prompts_stay_the_same(game: str, protocol: str, tmp_path: Path) -> None:
    known = json.loads(FILE.read_text())
    found = conversations(game, protocol, tmp_path)
    assert found == known[f"{game} {protocol}"], f"{game} is asked otherwise than before"


def main() -> None:
    """Write the missing digests."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    for game in GAMES:
        for protocol in PROTOCOLS:
            if f"{game} {protocol}" not in known:
                with tempfile.TemporaryDirectory() as folder:
                    known[f"{game} {protocol}"] = conversations(game, protocol, Path(folder))
    FILE.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
