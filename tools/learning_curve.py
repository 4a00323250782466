"""Trains a tiny model on a dial, level by level: `python -m tools.learning_curve DIR`.

The model has random weights and a tokenizer of its own: a layer of convolution and one of
attention. It plays Understanding the Odds: which of four doors gives the most coins on average?
First it learns from rounds of the first level that the reference agent answers, until about half
of its own answers are right. Then GRPO trains it at one level after the other, on groups of
episodes with one seed. Before and after each, it plays the levels on seeds of the split `dev`,
which no training sees. What was played are run folders; what it learnt is told as a table and drawn
as curves. Needs `trl`, `transformers`, `torch` and `jmespath`.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Generator, Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import Any

import msgspec

from smartplay import DrivenRun, get_card
from smartplay.adapters.trl import TextRollouts, scores, text_rows
from smartplay.agents.reference import reference
from smartplay.records import Message
from smartplay.report.thresholds import thresholds_svg
from smartplay.scores.intervals import share_interval
from smartplay.scores.thresholds import Threshold, Track, thresholds

GAME = "ContrastUnderstandingTheOdds"
_WHOLE = get_card(GAME).dial
assert _WHOLE
DIAL = msgspec.structs.replace(_WHOLE, rounds=1)
"""Episodes end after a round, so that each answer has its own reward."""
GROUP = 8
"""Episodes of one seed."""
BATCH = 64
"""Rounds that a step of imitation learns from."""
PACE = 8e-3
"""The highest learning rate of imitation."""
WARMING = 40
"""Batches until that rate is reached."""
BATCHES = 8
"""Batches that tell how many answers are right."""
ANSWER = 2
"""Tokens of an answer: itself and the end."""
APART = (
    r"Answer: \d|\[\w+\]|\d+(?= (?:coins|times|in))|(?:red|green|blue|yellow)(?! door\n)|"
    r"(?<=coins|100|Round 1)\. "
)
"""What is a token of its own: answers, roles, numbers, doors and full stops. What stands between
them is one too.
"""
TEMPLATE = (
    "{% for m in messages %}{{ '[' + m['role'] + ']' + m['content'] }}"
    "{% if m['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}"
)
QUIET: dict[str, Any] = {
    "report_to": "none", "use_cpu": True, "bf16": False, "save_strategy": "no",
    "disable_tqdm": True, "logging_strategy": "no", "lr_scheduler_type": "constant",
}  # fmt: skip


def driven(out: Path, split: str, level: int, seed: int = 0) -> DrivenRun:
    """A run of episodes at a level."""
    return DrivenRun("tiny", adapter="trl", split=split, seed=seed, retries=0, out=out,
                     steps=DIAL.rounds, game_settings={GAME: {"level": level}})  # fmt: skip


def examples(out: Path, level: int) -> Generator[list[Message]]:
    """Episodes as conversations in which the reference agent answers, without end."""
    with driven(out, "train", level) as run:
        for number in count():
            episode = run.start(GAME, number)
            rules, asked = episode.messages
            agent = reference(rules["content"], episode.actions, 0)
            action = str(agent.act(asked["content"]))
            answer = f"Answer: {1 + episode.actions.index(action)}"
            episode.reply(answer)
            yield [rules, asked, {"role": "assistant", "content": answer}]


def tokenizer_of(talks: Sequence[Sequence[Message]]) -> Any:
    """A tokenizer for such conversations, which reads numbers to two digits."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    whole = Tokenizer(models.WordLevel(unk_token="<unknown>"))
    whole.normalizer = normalizers.Replace(Regex(r"(?<=\d\d)\d"), "0")
    whole.pre_tokenizer = pre_tokenizers.Split(Regex(APART), "isolated")
    numbers = [f"{digits * 10**zeros} coins" for digits in range(100) for zeros in range(4)]
    whole.train_from_iterator(
        [*numbers, *(f"[{each['role']}]{each['content']}" for talk in talks for each in talk)],
        trainers.WordLevelTrainer(special_tokens=["<end>", "<pad>", "<unknown>"],
                                  show_progress=False),
    )  # fmt: skip
    return PreTrainedTokenizerFast(
        tokenizer_object=whole, eos_token="<end>", pad_token="<pad>", unk_token="<unknown>",
        chat_template=TEMPLATE, padding_side="left",
    )  # fmt: skip


def tiny_model(tokenizer: Any, width: int) -> Any:
    """A model with random weights."""
    import torch
    from transformers import Lfm2Config, Lfm2ForCausalLM

    torch.set_num_threads(1)
    torch.manual_seed(0)
    return Lfm2ForCausalLM(Lfm2Config(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width,
        num_hidden_layers=2, layer_types=["conv", "full_attention"], conv_L_cache=8,
        num_attention_heads=4, num_key_value_heads=4, block_auto_adjust_ff_dim=False,
        initializer_range=0.1, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    ))  # fmt: skip


def imitate(model: Any, tokenizer: Any, talks: Iterator[Any], enough: float, most: int) -> int:
    """Learn the answers of conversations, each seen once.

    Ends when the answers of the last `BATCHES` batches had a probability of `enough` in the mean
    before they were learnt.

    Returns:
        How many conversations it took; at most about `most`.
    """
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), PACE, (0.9, 0.98))
    warming = torch.optim.lr_scheduler.LinearLR(optimizer, 0.02, total_iters=WARMING)
    right: list[float] = []
    while len(right) * BATCH < most and mean(right[-BATCHES:] or [0.0]) < enough:
        batch = tokenizer.pad(
            {"input_ids": [tokenizer.apply_chat_template(talk, tokenize=True, return_dict=False)
                           for talk in islice(talks, BATCH)]},
            return_tensors="pt")  # fmt: skip
        said = model(**batch, logits_to_keep=ANSWER + 1).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(
            said.transpose(1, 2), batch["input_ids"][:, -ANSWER:], reduction="none"
        )
        right.append(losses[:, 0].detach().neg().exp().mean().item())
        optimizer.zero_grad()
        losses.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        warming.step()
    return len(right) * BATCH


def train(model: Any, tokenizer: Any, level: int, steps: int, worlds: int, out: Path) -> None:
    """Learn from the scores of episodes at a level: groups of one world, so many worlds a step."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    arguments = GRPOConfig(
        str(out / "trained"), max_steps=steps, per_device_train_batch_size=GROUP * worlds,
        num_generations=GROUP, max_completion_length=ANSWER, learning_rate=2e-3, **QUIET,
    )  # fmt: skip
    with driven(out / "run", "train", level, seed=1) as run:  # other worlds than were imitated
        GRPOTrainer(
            model, [scores], args=arguments, processing_class=tokenizer,
            train_dataset=Dataset.from_list(text_rows(GAME, steps * worlds)),
            rollout_func=TextRollouts(run),
        ).train()  # fmt: skip


def play(model: Any, tokenizer: Any, levels: int, episodes: int, out: Path) -> Track:
    """What it gets right at each level, on the same worlds whenever it is asked.

    Answers are drawn as in training, at temperature 1.
    """
    import torch

    torch.manual_seed(0)

    def answers_to(prompts: list[list[int]]) -> list[list[int]]:
        asked = tokenizer.pad({"input_ids": prompts}, return_tensors="pt")
        with torch.no_grad():
            said = model.generate(**asked, max_new_tokens=ANSWER, do_sample=True, top_k=0)
        answers = said[:, asked["input_ids"].shape[1] :].tolist()
        return [[token for token in each if token != tokenizer.pad_token_id] for each in answers]

    prompts = [row["prompt"] for row in text_rows(GAME, episodes)]
    track = Track(DIAL)
    for level in range(1, levels + 1):
        with driven(out / f"level-{level}", "dev", level) as run:
            rollouts = TextRollouts(run, generate=answers_to)
            found = rollouts(prompts, SimpleNamespace(processing_class=tokenizer))
        for right in found["reward"]:
            track.add(level, int(right))
    return track


def main() -> None:
    """Train, and tell what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("out", type=Path, help="a new folder for the runs, the table and the figure")
    add("--levels", type=int, nargs="+", default=[1, 2], help="those to train at, in order")
    add("--upto", type=int, default=4, help="the last level that is played before and after")
    add("--enough", type=float, default=0.5, help="the share of right answers that ends imitation")
    add("--most", type=int, default=40_000, help="rounds to imitate at most")
    add("--steps", type=int, default=150, help="steps of GRPO at each level")
    add("--worlds", type=int, default=16, help="worlds per step, each played by a group of 8")
    add("--episodes", type=int, default=300, help="episodes at each level before and after")
    add("--width", type=int, default=64)
    asked = parser.parse_args()
    os.environ |= {"TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}
    warnings.simplefilter("ignore")
    out = asked.out.absolute()
    out.mkdir(parents=True)

    begun = time.process_time()
    found: list[Threshold] = []

    def measure(stage: str) -> None:
        place = out / "dev" / stage.replace(" ", "-")
        track = play(model, tokenizer, asked.upto, asked.episodes, place)
        told = [f"{share_interval(each.right / each.played, asked.episodes):.2f}"
                for each in track.data]  # fmt: skip
        (threshold,) = thresholds({GAME: track})
        found.append(msgspec.structs.replace(threshold, capability=stage))
        line = " | ".join([stage, *told, found[-1].sentence])
        print(f"| {line} | {time.process_time() - begun:.0f} s", flush=True)
        (out / "curves.svg").write_text(thresholds_svg(found), encoding="utf-8")

    talks = examples(out / "reference", asked.levels[0])
    begin = list(islice(talks, BATCH * BATCHES))
    tokenizer = tokenizer_of(begin)
    model = tiny_model(tokenizer, asked.width)
    measure("random weights")
    seen = imitate(model, tokenizer, chain(begin, talks), asked.enough, asked.most)
    talks.close()
    measure(f"imitation of {seen} rounds")
    for level in asked.levels:
        train(model, tokenizer, level, asked.steps, asked.worlds, out / f"grpo-{level}")
        measure(f"GRPO at level {level}")


if __name__ == "__main__":
    main()
