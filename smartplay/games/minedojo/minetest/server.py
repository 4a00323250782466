"""A Minetest server of its own in a folder of its own, spoken to through two FIFOs.

Nothing is left behind: the server shuts down when its commands' FIFO is closed, which also happens
when this process dies, and the shell that started it then removes the folder.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from importlib import resources
from pathlib import Path

from smartplay.core.errors import GameError, MissingPackageError

# The wrapper in /usr/games writes outside the world's folder, so the server itself comes first.
PLACES = ("/usr/lib/minetest/minetestserver", "minetestserver", "luantiserver")
PATIENCE = 60.0  # seconds without an answer after which a server counts as hung
_TRIES = 3

# Hills are lower than the generator's own, so that all land lies within the levels that are kept;
# caves, mountains, rivers and ores are left out: they cost most of the time and hold no biome.
_SETTINGS = """\
port = {port}
bind_address = 127.0.0.1
server_announce = false
fixed_map_seed = {seed}
mg_name = v7
mg_flags = nocaves, nodungeons, nolight, noores, biomes, decorations
mgv7_np_terrain_base = 4, 30, (600, 600, 600), 82341, 5, 0.6, 2.0
mgv7_np_terrain_alt = 4, 18, (600, 600, 600), 5934, 5, 0.6, 2.0
mgv7_spflags = nomountains, noridges, nofloatlands, nocaverns
water_level = 1
chunksize = 5
num_emerge_threads = 1
emergequeue_limit_total = 4096
liquid_update = 100000
dedicated_server_step = 0.001
debug_log_level = error
secure.enable_security = true
enable_rollback_recording = false
"""
_WORLD = """\
gameid = minetest
backend = dummy
player_backend = dummy
auth_backend = files
mod_storage_backend = dummy
"""


def find_server() -> str:
    """Path of the installed server.

    Raises:
        MissingPackageError: If there is none; says which package brings it.
    """
    for place in PLACES:
        found = shutil.which(place)
        if found:
            return found
    raise MissingPackageError(
        "the minetest engine needs the Minetest server with its game; on Debian or Ubuntu: "
        "apt-get install --no-install-recommends minetest-server minetest-data"
    )


class Server:
    """A running server on a world of its own.

    Args:
        seed: The map's seed.

    Raises:
        MissingPackageError: If no server is installed.
        GameError: If it does not start.
    """

    def __init__(self, seed: int) -> None:
        program = find_server()
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            if self._start(program, seed, suppress_failure=not last):
                return

    def _start(self, program: str, seed: int, suppress_failure: bool) -> bool:
        """Try once: another process may take the port before the server does."""
        self._spawn(program, seed)
        try:
            self._answer()
            self._pipes.append(self._open_commands())
        except GameError:
            self.close()
            if not suppress_failure:
                raise
            return False
        return True

    def _spawn(self, program: str, seed: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="smartplay-minetest-"))
        _write_world(self.folder, seed)
        self._replies = os.open(self.folder / "replies", os.O_RDONLY | os.O_NONBLOCK)
        self._pipes: list[int] = []
        script = '"$0" --world "$1" --config "$1/minetest.conf" --logfile "" >"$1/log" 2>&1; '
        script += 'rm -rf "$1"'
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", script, program, str(self.folder)],
            stdin=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(self.folder), "MINETEST_USER_PATH": str(self.folder)},
            start_new_session=True,
        )
        self._end = weakref.finalize(
            self, _end, self.process, self.folder, self._replies, self._pipes
        )

    def _open_commands(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):  # no one reads yet
                descriptor = os.open(self.folder / "commands", os.O_WRONLY | os.O_NONBLOCK)
                os.set_blocking(descriptor, True)
                return descriptor
            time.sleep(0.001)
        raise GameError("the Minetest server does not listen; try again")

    def ask(self, command: str) -> bytes:
        """Send a command and wait for the answer.

        Raises:
            GameError: If the server has died or does not answer.
        """
        try:
            os.write(self._pipes[0], command.encode() + b"\n")
        except OSError as error:
            raise GameError("the Minetest server has stopped; reset to start a new one") from error
        return self._answer()

    def _answer(self) -> bytes:
        data = b""
        while b"\n" not in data:
            data += self._read(64)
        head, _, payload = data.partition(b"\n")
        length = int(head.split()[1])
        parts, have = [payload], len(payload)
        while have < length:
            parts.append(self._read(min(length - have, 1 << 20)))
            have += len(parts[-1])
        return b"".join(parts)

    def _read(self, limit: int) -> bytes:
        ready, _, _ = select.select([self._replies], [], [], PATIENCE)
        data = os.read(self._replies, limit) if ready else None
        if data:
            return data
        why = "has died" if ready else f"has not answered for {PATIENCE:g} seconds"
        raise GameError(f"the Minetest server {why}; reset to start a new one")

    def close(self) -> None:
        """Shut the server down and wait until its folder is gone."""
        self._end()


def _write_world(folder: Path, seed: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "minetest.conf").write_text(_SETTINGS.format(port=port, seed=seed))
    (folder / "world.mt").write_text(_WORLD)
    mod = folder / "worldmods" / "smartplay"
    mod.mkdir(parents=True)
    bridge = resources.files("smartplay.games.minedojo.minetest") / "bridge.lua"
    (mod / "init.lua").write_bytes(bridge.read_bytes())
    (mod / "mod.conf").write_text("name = smartplay\ndepends = default\n")
    for name in ("commands", "replies"):
        os.mkfifo(folder / name)


def _end(process: subprocess.Popen[bytes], folder: Path, replies: int, commands: list[int]) -> None:
    """Close the FIFOs, which ends the server; make sure of it; leave no folder."""
    for descriptor in (*commands, replies):
        with contextlib.suppress(OSError):
            os.close(descriptor)
    try:
        process.wait(5.0)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
