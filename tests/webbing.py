"""A browser without a window: keeps cookies, follows redirects, fills in forms."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient
from starlette.types import ASGIApp

from smartplay.web.app import make_app

ROOT = Path(__file__).parents[1]
ADDRESS = "http://127.0.0.1"


_numbers = count(1)


class Visitor:
    """One browser; all of one app share its state, as in life.

    Each comes from an address of its own, for no address may ask too much at once.
    """

    def __init__(self, app: ASGIApp) -> None:
        own = str(ip_address("127.0.0.1") + next(_numbers))
        self.client = TestClient(app, base_url=ADDRESS, client=(own, 50_000))
        self.last: Any = None

    def get(self, path: str, **more: Any) -> str:
        """Open a page."""
        self.last = self.client.get(path, **more)
        return str(self.last.text)

    def send(self, path: str, **fields: object) -> str:
        """Send a form with what the last page held to be sent back."""
        self.last = self.client.post(path, data={"csrf": self.hidden("csrf"), **fields})
        return str(self.last.text)

    def hidden(self, name: str) -> str:
        """A hidden field of the last page."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.last.text)
        assert found, f"no field {name} in {self.last.text[:2000]}"
        return html.unescape(found[1])

    def begin(self, game: str, **fields: object) -> str:
        """Start a run and its first episode; returns the page's path."""
        self.get("/")
        self.send("/play", game=game, **fields)
        assert self.last.status_code == 200, self.last.text
        path = str(self.last.url.path)
        self.send(path, turn=self.hidden("turn"))
        return path

    def act(self, path: str, action: int) -> str:
        """Take an action at the present turn."""
        return self.send(path, turn=self.hidden("turn"), action=action)

    @property
    def playing(self) -> bool:
        """Whether the last page offers actions."""
        return "data-keys" in self.last.text


@contextmanager
def app_of(root: Path, **more: Any) -> Iterator[ASGIApp]:
    """The app, closed at the end."""
    app = make_app(root, **more)
    with TestClient(app, base_url=ADDRESS):
        yield app


@contextmanager
def served(tmp_path: Path, *more: str) -> Iterator[int]:
    """A server of its own; gives its port."""
    command = [sys.executable, "-m", "smartplay", "serve", "--port", "0", *more]
    child = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )  # fmt: skip
    try:
        assert child.stdout is not None
        address = child.stdout.readline()
        found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)\n", address)
        assert found, f"{address!r} is no address alone"
        yield int(found[1])
    finally:
        child.terminate()
        _, err = child.communicate(timeout=30)
        assert child.returncode == 0, err
        assert "Traceback" not in err, err
