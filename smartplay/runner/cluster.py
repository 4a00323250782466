"""Plays on other machines through Dask distributed: any cluster that Dask's tools can start."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from smartplay.core.errors import UsageError
from smartplay.core.loading import optional
from smartplay.core.version import __version__

PATIENCE = 20  # seconds for the scheduler to answer
AT_ONCE = 10_000  # episodes handed over, so that workers that join later find work


@contextmanager
def cluster_executor(address: str) -> Iterator[Executor]:
    """An executor that plays episodes on a cluster.

    Args:
        address: The scheduler's, such as `"tcp://10.0.0.1:8786"`.

    Raises:
        MissingPackageError: If `distributed` is not installed.
        UsageError: If the address is empty, no scheduler answers there, or a worker has another
            version of SmartPlay.
    """
    if not address.strip():
        raise UsageError(
            "the address of the cluster is empty; give that of its scheduler, such as "
            "tcp://10.0.0.1:8786"
        )
    distributed = optional(
        "distributed", 'a cluster needs the package "distributed": pip install "smartplay[cluster]"'
    )
    try:
        host, port = address.rpartition("://")[2].rsplit(":", 1)
        if not host or not 0 < int(port) < 2**16:
            raise ValueError
    except ValueError as error:
        raise UsageError(
            f"no cluster answers at {address}: that is not an address; write tcp://HOST:PORT"
        ) from error
    try:
        client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"no cluster answers at {address}: {told}") from error
    log = logging.getLogger("concurrent.futures")
    log.addFilter(_is_news)
    try:
        with client:
            _check_versions(client)
            executor: Executor = client.get_executor(pure=False)
            yield executor
    finally:
        log.removeFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Whether to log a record: not that Dask cannot cancel an episode, as the scheduler is gone.

    The run says so once; Dask takes forty lines per episode.
    """
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__name__ != "ClosedClientError"


def gave_up(failure: BaseException) -> bool:
    """Whether Dask itself has sent a task to several workers that all died of it.

    Such a task would only kill more workers. The exception is known by its name, since the package
    may be missing.
    """
    return type(failure).__name__ == "KilledWorker"


def version() -> str:
    """This process's version of SmartPlay; every worker is asked for its own."""
    return __version__


def _check_versions(client: Any) -> None:
    try:
        found: dict[str, str] = client.run(version)
    except Exception as error:
        raise UsageError(f"a worker of the cluster cannot import smartplay: {error}") from error
    for worker, other in found.items():
        if other != __version__:
            raise UsageError(
                f"the worker at {worker} has smartplay {other}, this is {__version__}; "
                "install the same version everywhere"
            )
