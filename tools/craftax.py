"""A batch of Crafter's worlds beside Craftax-Classic, a batch of like worlds compiled by JAX.

    pip install craftax "smartplay[fast]"
    python -m tools.craftax

Random play on the processor, in turns, as processor time a step: median of the rounds. Craftax
plays a whole round in one compiled call and begins no new episode in it; `CrafterBatch` takes a
call for every step, and new episodes are included. The worlds are not the same: Craftax's are
drawn by other rules. The first round, which compiles, is left out.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from smartplay.games.crafter.batch import CrafterBatch

STEPS = 100


def main(sizes: list[int], rounds: int) -> None:
    """Print a line for each size of a batch."""
    for worlds in sizes:
        sides = {"CrafterBatch": _ours(worlds), "Craftax-Classic": _theirs(worlds)}
        spent: dict[str, list[float]] = {name: [] for name in sides}
        for number in range(rounds + 1):
            for name, play in sides.items():
                began = time.process_time()
                play(number)
                if number:
                    spent[name].append((time.process_time() - began) / (STEPS * worlds) * 1e6)
        ours, theirs = map(statistics.median, spent.values())
        print(
            f"{worlds:5} worlds: {ours:8.2f} us a step of CrafterBatch, {theirs:8.2f} of "
            f"Craftax-Classic, {theirs / ours:.1f} x",
            flush=True,
        )


def _ours(worlds: int) -> Callable[[int], object]:
    batch = CrafterBatch(worlds)
    batch.reset(seed=0)

    def play(number: int) -> None:
        for actions in np.random.default_rng(number).integers(17, size=(STEPS, worlds)):
            batch.step(actions)

    return play


def _theirs(worlds: int) -> Callable[[int], object]:
    import jax
    from craftax.craftax_env import make_craftax_env_from_name

    env = make_craftax_env_from_name("Craftax-Classic-Symbolic-v1", auto_reset=False)
    settings = env.default_params
    starts = jax.random.split(jax.random.PRNGKey(0), worlds)
    _, state = jax.jit(jax.vmap(env.reset, (0, None)))(starts, settings)
    step = jax.vmap(env.step, (0, 0, 0, None))

    def take(carried: Any, _: None) -> tuple[Any, Any]:
        key, before = carried
        key, for_actions, for_steps = jax.random.split(key, 3)
        actions = jax.random.randint(for_actions, (worlds,), 0, 17)
        seen, after, *_ = step(jax.random.split(for_steps, worlds), before, actions, settings)
        return (key, after), seen.sum()

    @jax.jit
    def play(number: int) -> Any:
        return jax.lax.scan(take, (jax.random.PRNGKey(number), state), None, STEPS)[1]

    return lambda number: jax.block_until_ready(play(number))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--worlds", type=int, nargs="+", default=[1, 16, 256, 1024])
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    main(chosen.worlds, chosen.rounds)
