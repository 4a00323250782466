"""Other machines, through Dask distributed: any cluster its own tools can start."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from smartplay._version import __version__
from smartplay.errors import MissingPackageError, UsageError

PATIENCE = 20  # seconds for the scheduler to answer
AT_ONCE = 10_000  # episodes handed over, so that workers that join later find work


@contextmanager
def cluster_executor(address: str) -> Iterator[Executor]:
    """Where to play episodes on a cluster.

    Args:
        address: Of the scheduler, such as `"tcp://10.0.0.1:8786"`.

    Raises:
        MissingPackageError: If `distributed` is not installed.
        UsageError: If nothing answers there, or a worker has another version of SmartPlay.
    """
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise MissingPackageError(
            'a cluster needs the package "distributed": pip install "smartplay[cluster]"'
        ) from error
    try:
        client_class: Any = distributed.Client
        client = client_class(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"no cluster answers at {address}: {told}") from error
    with client:
        _check_versions(client)
        executor: Executor = client.get_executor(pure=False)
        yield executor


def version() -> str:
    """The version of SmartPlay here; asked of every worker."""
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
