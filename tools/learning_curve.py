"""Trains a tiny model on a dial, level by level: `python -m tools.learning_curve DIR`.

The model is a transformer with random weights and a tokenizer of its own. It plays Long Text
Understanding: which door does an animal hang at, after a story? First it learns from conversations
in which the reference agent answers, at the first of the levels. Then GRPO trains it at one level
after the other, on groups of episodes with one seed. Before and after each, it plays all levels on
seeds of the split `dev`, which no training sees. What was played are run folders; what it learnt is
told as a table and drawn as curves. Needs `trl`, `transformers`, `torch` and `jmespath`.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from smartplay import DrivenRun, get_card
from smartplay.adapters.trl import TextRollouts, scores, text_rows
from smartplay.agents.reference import reference
from smartplay.report.thresholds import thresholds_svg
from smartplay.scores.intervals import share_interval
from smartplay.scores.thresholds import Threshold, Track, thresholds

GAME = "ContrastLongTextUnderstanding"
DIAL = get_card(GAME).dial
TEXTS = 50
"""Episodes of each level whose words make the tokenizer."""
GROUP = 8
"""Episodes of one seed."""
APART = r"(?<=the )\w+|\d+|\n|\. |, |\[\w+\]|red|green|blue|yellow"
"""What is a token of its own: animals, doors, numbers, and whose turn it is."""
TEMPLATE = (
    "{% for m in messages %}{{ '[' + m['role'] + ']' }}{% if m['role'] == 'assistant' %}"
    "{% generation %}{{ m['content'] + eos_token }}{% endgeneration %}"
    "{% else %}{{ m['content'] }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}"
)
QUIET: dict[str, Any] = {
    "report_to": "none", "use_cpu": True, "bf16": False, "save_strategy": "no",
    "disable_tqdm": True, "logging_strategy": "no", "lr_scheduler_type": "cosine",
}  # fmt: skip


def driven(out: Path, split: str, level: int, seed: int = 0) -> DrivenRun:
    """A run of episodes at a level."""
    return DrivenRun("tiny", adapter="trl", split=split, seed=seed, retries=0, out=out,
                     game_settings={GAME: {"level": level}})  # fmt: skip


def examples(out: Path, level: int, episodes: int) -> list[list[dict[str, str]]]:
    """Conversations in which the reference agent answers."""
    found = []
    with driven(out, "train", level) as run:
        for number in range(episodes):
            episode = run.start(GAME, number)
            agent = reference(episode.messages[0]["content"], episode.actions, 0)
            while not episode.over:
                action = agent.act(episode.messages[-1]["content"])
                answer = f"Answer: {1 + episode.actions.index(str(action))}"
                talk = [*episode.messages, {"role": "assistant", "content": answer}]
                episode.reply(answer)
            found.append(talk)
    return found


def tokenizer_of(talks: Sequence[Sequence[dict[str, str]]]) -> Any:
    """A tokenizer for such conversations."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    whole = Tokenizer(models.BPE())
    whole.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(APART), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    whole.decoder = decoders.ByteLevel()
    whole.train_from_iterator(
        [f"[{each['role']}]{each['content']}" for talk in talks for each in talk],
        trainers.BpeTrainer(
            vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special_tokens=["<end>", "<pad>"], show_progress=False),
    )  # fmt: skip
    return PreTrainedTokenizerFast(tokenizer_object=whole, eos_token="<end>", pad_token="<pad>",
                                   chat_template=TEMPLATE, padding_side="left")  # fmt: skip


def tiny_model(tokenizer: Any, width: int, layers: int) -> Any:
    """A transformer with random weights."""
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    return Qwen2ForCausalLM(Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=width, intermediate_size=2 * width,
        num_hidden_layers=layers, num_attention_heads=4, num_key_value_heads=4,
        initializer_range=0.05, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, max_position_embeddings=4096,
    ))  # fmt: skip


def imitate(model: Any, tokenizer: Any, talks: Sequence[Any], epochs: int, out: Path) -> None:
    """Learn the answers of conversations."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    rows = [{"messages": talk} for talk in talks]
    arguments = SFTConfig(str(out), num_train_epochs=epochs, per_device_train_batch_size=8,
                          learning_rate=3e-3, assistant_only_loss=True, **QUIET)  # fmt: skip
    SFTTrainer(model, arguments, processing_class=tokenizer,
               train_dataset=Dataset.from_list(rows)).train()  # fmt: skip


def train(model: Any, tokenizer: Any, level: int, steps: int, worlds: int, out: Path) -> None:
    """Learn from the scores of episodes at a level: groups of one world, so many worlds a step."""
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    arguments = GRPOConfig(
        str(out / "trained"), max_steps=steps, per_device_train_batch_size=GROUP * worlds,
        num_generations=GROUP, max_completion_length=8, learning_rate=1e-3, **QUIET,
    )  # fmt: skip
    with driven(out / "run", "train", level, seed=1) as run:  # other worlds than were imitated
        GRPOTrainer(
            model, [scores], args=arguments, processing_class=tokenizer,
            train_dataset=Dataset.from_list(text_rows(GAME, steps * worlds)),
            rollout_func=TextRollouts(run),
        ).train()  # fmt: skip


def play(model: Any, tokenizer: Any, levels: int, episodes: int, out: Path) -> Track:
    """What it gets right at each level, on the same worlds whenever it is asked."""
    import torch

    def likeliest(prompts: list[list[int]]) -> list[list[int]]:
        asked = tokenizer.pad({"input_ids": prompts}, return_tensors="pt")
        with torch.no_grad():
            said = model.generate(**asked, max_new_tokens=8, do_sample=False)
        answers = said[:, asked["input_ids"].shape[1] :].tolist()
        return [[token for token in each if token != tokenizer.pad_token_id] for each in answers]

    prompts = [row["prompt"] for row in text_rows(GAME, episodes)]
    track = Track(DIAL)
    for level in range(1, levels + 1):
        with driven(out / f"level-{level}", "dev", level) as run:
            rollouts = TextRollouts(run, generate=likeliest)
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
    add("--examples", type=int, default=1600, help="episodes of the reference agent to imitate")
    add("--epochs", type=int, default=4, help="how often they are gone through")
    add("--steps", type=int, default=40, help="steps of GRPO at each level")
    add("--worlds", type=int, default=4, help="worlds per step, each played by a group of 8")
    add("--episodes", type=int, default=50, help="episodes at each level before and after")
    add("--width", type=int, default=64)
    add("--layers", type=int, default=2)
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

    talks = examples(out / "reference", asked.levels[0], asked.examples)
    texts = [talk for level in range(1, asked.upto + 1)
             for talk in examples(out / f"texts-{level}", level, TEXTS)]  # fmt: skip
    tokenizer = tokenizer_of(texts)
    model = tiny_model(tokenizer, asked.width, asked.layers)
    measure("random weights")
    imitate(model, tokenizer, talks, asked.epochs, out / "imitated")
    measure("imitation")
    for level in asked.levels:
        train(model, tokenizer, level, asked.steps, asked.worlds, out / f"grpo-{level}")
        measure(f"GRPO at level {level}")


if __name__ == "__main__":
    main()
