"""Private suites: episodes drawn from a secret that a published hash commits to.

The hash alone reveals nothing of an episode's world. A run under a private suite records the hash
and, in place of each world's seed, a label that follows from the hash; once the secret is
published, anyone can draw the seeds again and replay the run. The agents' seeds follow from the
hash, so they reveal nothing of the worlds and can be checked before the secret is out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from smartplay.core.errors import UsageError
from smartplay.core.untrusted import HEADER_LIMIT, read_file

RULE: Literal[1] = 1
SECRET_BYTES = 16
SEED_BITS = 53
"""As many as a record's numbers hold, and far too many seeds to try all."""
SECRET = re.compile(f"[0-9a-f]{{{2 * SECRET_BYTES}}}")
HASH = re.compile("[0-9a-f]{64}")


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A secret from which worlds are drawn; the content of a suite's file.

    Attributes:
        secret: 128 bits from the system's source of randomness, as 32 hexadecimal digits.
        rule: How seeds follow from the secret; the hash commits to it as well.
    """

    secret: Annotated[str, msgspec.Meta(pattern=f"^{SECRET.pattern}$")]
    rule: Literal[1] = RULE

    @cached_property
    def hash(self) -> str:
        """SHA-256 of rule and secret, 64 hexadecimal digits; publish it before runs."""
        told = f"smartplay private suite, rule {self.rule}: {self.secret}"
        return hashlib.sha256(told.encode()).hexdigest()

    def seed(self, stream: str, episode: int) -> int:
        """The seed of an episode's world, below `2**SEED_BITS`: HMAC-SHA256 under the secret.

        Args:
            stream: The game's id, and its level where it has a dial.
            episode: The number of the episode.
        """
        told = f"world {stream} {episode}".encode()
        digest = hmac.digest(bytes.fromhex(self.secret), told, "sha256")
        return int.from_bytes(digest, "big") >> (256 - SEED_BITS)


def new_suite() -> Suite:
    """A new suite, drawn from the system's source of randomness."""
    return Suite(secrets.token_hex(SECRET_BYTES))


def seed_label(suite: str, stream: str, episode: int) -> int:
    """What is recorded instead of the seed of a private world: a negative number.

    The same episode of the same suite always has the same label, so runs can be paired by it.

    Args:
        suite: The suite's hash.
        stream: The game's id, and its level where it has a dial.
        episode: The number of the episode.
    """
    digest = hashlib.sha256(f"label {suite} {stream} {episode}".encode()).digest()
    return -1 - (int.from_bytes(digest, "big") >> (256 - SEED_BITS))


def find_suite(given: str | Path) -> Suite:
    """The suite of a file, or of a secret as it was published.

    Raises:
        UsageError: If it is neither.
    """
    if SECRET.fullmatch(str(given)):
        return Suite(str(given))
    path = Path(given)
    try:
        return msgspec.json.decode(read_file(path.parent, path.name, HEADER_LIMIT), type=Suite)
    except OSError as error:
        raise UsageError(f"cannot read the suite {path}: {error.strerror or error}") from error
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path} holds no suite: {error}") from error


def write_suite(suite: Suite, path: Path, mode: int) -> None:
    """Write a suite's file, which must not exist yet.

    Raises:
        UsageError: If it exists or cannot be written.
    """
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(path, flags, mode), "wb") as file:
            file.write(msgspec.json.encode(suite) + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as error:
        raise UsageError(f"{path} exists and is not overwritten; choose another") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
