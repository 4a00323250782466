"""Shared settings and fixtures of the tests."""

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import pytest
from hypothesis import settings

import smartplay
from smartplay.games import registry
from tests.browser import CHROMIUM, DRIVER, Browser, open_browser
from tests.fake_server import FakeServer
from tests.golden import all_cards
from tests.tampering import GAMES

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

_CACHE = tempfile.TemporaryDirectory()  # what a test keeps is forgotten with it
os.environ["SMARTPLAY_CACHE"] = _CACHE.name
for _service in ("OPENAI", "ANTHROPIC"):  # no test asks a service outside
    os.environ.pop(f"{_service}_API_KEY", None)
    os.environ.pop(f"{_service}_BASE_URL", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it starts in the background ignore Ctrl-C, which the tests send.
    signal.signal(signal.SIGINT, signal.default_int_handler)


settings.register_profile("smartplay", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("smartplay")


def pytest_configure(config: pytest.Config) -> None:
    """Quick tests play as after a plain installation: a fresh clone compiles for half a minute."""
    if config.option.markexpr == "not slow":
        sys.modules["numba"] = None  # type: ignore[assignment]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Play quick tests in one process more than there are cores: they often wait."""
    return (os.cpu_count() or 1) + 1 if config.option.markexpr == "not slow" else None


all_cards()  # of `games/` too: known in every test, whichever modules are collected beside it
_KNOWN = set(registry._cards)


def pytest_collection_finish() -> None:
    """Refuse cards that importing a module registers: the tests of other modules would see them."""
    if new := registry._cards.keys() - _KNOWN:
        raise pytest.UsageError(f"register {', '.join(sorted(new))} in a test, not at import")
    gc.freeze()  # thousands of tests are there to the end: no garbage to look for among them


@pytest.fixture(autouse=True)
def _no_card_of_a_test_stays() -> Iterator[None]:
    """Forget the cards a test registers: they would belong to `all` in the tests after it."""
    known = registry._cards.copy()
    yield
    for full_id in registry._cards.keys() - known.keys():
        del registry._cards[full_id]
        for name in (full_id, full_id.removeprefix("smartplay/")):
            if name in gym.registry and "describer" in gym.registry[name].kwargs:
                del gym.registry[name]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded run."""
    path = tmp_path_factory.mktemp("runs") / "random"
    smartplay.run("random", GAMES, episodes=3, steps=12, out=path, progress=False).report()
    return path


@pytest.fixture
def victim(untouched: Path, tmp_path: Path) -> Path:
    """A copy of the recorded run, to be tampered with."""
    return Path(shutil.copytree(untouched, tmp_path / "run"))


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A service on this machine that speaks the OpenAI protocol and says always the same."""
    with FakeServer() as fake:
        yield fake


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that reaches nothing but this machine."""
    pytest.importorskip("selenium", reason="selenium is not installed")
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("no chromium and chromedriver here (Debian: chromium-driver)")
    with open_browser(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver
