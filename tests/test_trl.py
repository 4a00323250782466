"""Training in a game: what TRL asks for, without TRL; and with it, where it is installed."""

from __future__ import annotations

import inspect
import subprocess
import sys
import typing
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from smartplay import DrivenRun, UsageError
from smartplay.adapters.trl import (
    GameEnvironment,
    Generated,
    TextRollouts,
    Tokens,
    environments,
    scores,
    text_rows,
    tool_rows,
)
from smartplay.leaderboard.verify import verify_run
from smartplay.records import EpisodeRecord
from smartplay.records.folder import RunFolder
from smartplay.runner.driven import ENDED, OVER
from tests.outside import GAMES, STEPS, check_as_the_runner, reply

GAME = "Hanoi3Disk"
EOS = 256
TEMPLATE = (
    "{% for m in messages %}{{ '[' + m['role'] + ']' + m['content'] + eos_token + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '[assistant]' }}{% endif %}"
)


class Bytes:
    """A tokenizer of bytes, with what is used of a real one."""

    eos_token_id = EOS

    def apply_chat_template(self, messages: Sequence[dict[str, str]], **_: Any) -> str:
        return (
            "".join(f"[{each['role']}]{each['content']}\0\n" for each in messages) + "[assistant]"
        )

    def encode(self, text: str, **_: Any) -> list[int]:
        return [token or EOS for token in text.encode()]

    def decode(self, tokens: list[int], **_: Any) -> str:
        return bytes(token for token in tokens if token < EOS).decode()


class Trainer:
    processing_class = Bytes()


def untimed(record: EpisodeRecord) -> EpisodeRecord:
    return msgspec.structs.replace(record, seconds=0.0)


def driven(protocol: str, replies: Iterator[str], episodes: int) -> list[EpisodeRecord]:
    """The same replies, driven without an adapter."""
    found = []
    with DrivenRun("x", adapter="trl", protocol=protocol, split="train", keep=False) as run:
        for _ in range(episodes):
            episode = run.start(GAME, 0)
            while not episode.over:
                reply = next(replies)
                (episode.act if protocol == "tools" else episode.reply)(reply)
            found.append(episode.record)
    return found


def test_the_environment_has_the_form_that_trl_asks_for() -> None:
    public = {name for name in vars(GameEnvironment) if name[0] != "_"}
    assert public == {"reset", "act", "get_reward"}, "every other public method is a tool"
    assert typing.get_type_hints(GameEnvironment.act) == {"action": str, "return": str}
    told = inspect.getdoc(GameEnvironment.act) or ""
    assert "Args:\n    action: " in told
    with DrivenRun("x", adapter="trl", protocol="tools", keep=False) as run:
        made = environments(run)
        assert made() is not made(), "one per rollout"
        assert not inspect.signature(made).parameters


def test_tool_calls_play_the_games_of_any_run(tmp_path: Path) -> None:
    names = [f"Move the top disk of rod {a} to rod {b}" for a, b in ("AC", "AB", "CB", "AC")]
    names += ["fly away", "nothing"]
    with DrivenRun("x", adapter="trl", protocol="tools", split="train", out=tmp_path / "r") as run:
        one, other = environments(run)(), environments(run)()
        (row,) = tool_rows(GAME, 1, first=0)
        told = one.reset(**row)
        assert told == other.reset(**row), "rows of a group have the same world"
        assert told.startswith("Tower of Hanoi") or "Hanoi" in told
        assert one.get_reward() == 0.0
        number = 0
        for environment in (one, other):
            while True:
                answer = environment.act(names[number % len(names)])
                number += 1
                if answer == ENDED:
                    break
            with pytest.raises(ValueError, match=OVER):
                environment.act(names[0])
        records = [untimed(each) for each in sorted(found_in(run), key=lambda each: each.repeat)]
        assert one.get_reward() == records[0].score
    again = driven("tools", (names[k % len(names)] for k in range(10_000)), 2)
    assert records == [untimed(each) for each in again]
    assert verify_run(run.path).verified, verify_run(run.path).problems


def found_in(run: DrivenRun) -> list[EpisodeRecord]:
    from smartplay import load_run

    return load_run(run.path).episodes


def of_the_runner(out: Path) -> dict[str, list[dict[str, str]]]:
    """The messages that a run's model was asked last, by game: all of a conversation."""
    folder, found = RunFolder(out), {}
    for record in folder.episodes():
        _, steps = folder.steps(record.game, record.episode)
        name = record.game.removeprefix("smartplay/").rpartition("-")[0]
        found[name] = steps[-1].calls[-1].messages
    return found


@pytest.mark.slow
def test_tool_calls_play_every_game_as_the_runner_does(tmp_path: Path) -> None:
    told: dict[str, list[str]] = {}
    with DrivenRun("me", adapter="trl", protocol="tools", steps=STEPS, out=tmp_path / "r") as run:
        environment = GameEnvironment(run)
        for row in (row for game in GAMES for row in tool_rows(game, 1)):
            said = told[row["game"]] = [environment.reset(**row)]
            while said[-1] != ENDED:
                said.append(environment.act(reply(len(said) - 1)))
    check_as_the_runner(tmp_path / "r", "trl", "tools", GAMES, tmp_path / "ran")
    for game, talk in of_the_runner(tmp_path / "ran").items():
        results = [each["content"] for each in talk if each["role"] == "tool"]
        assert told[game] == [f"{talk[0]['content']}\n\n{talk[1]['content']}", *results, ENDED]


@pytest.mark.slow
def test_words_play_every_game_as_the_runner_does(tmp_path: Path) -> None:
    number = 0

    def generate(prompts: list[list[int]]) -> list[list[int]]:
        nonlocal number
        number += 1
        return [[*reply(number - 1).encode(), EOS] for _ in prompts]

    with DrivenRun("me", adapter="trl", steps=STEPS, out=tmp_path / "r") as run:
        rollouts, found = TextRollouts(run, longest=10**7, generate=generate), {}
        for game in GAMES:
            number = 0
            found[game] = rollouts([row["prompt"] for row in text_rows(game, 1)], Trainer())
    check_as_the_runner(tmp_path / "r", "trl", "chat", GAMES, tmp_path / "ran")
    for game, talk in of_the_runner(tmp_path / "ran").items():
        (prompt,), (tokens,), (mask,) = (
            found[game][key] for key in ("prompt_ids", "completion_ids", "env_mask")
        )
        asked = [each for each in talk if each["role"] != "assistant"]
        first = next(k for k, each in enumerate(talk) if each["role"] == "assistant")
        assert prompt == Bytes().encode(Bytes().apply_chat_template(talk[:first]))
        later = [f"\n[user]{each['content']}" for each in asked[first:]]
        said = bytes(t for t, own in zip(tokens, mask, strict=True) if not own and t != EOS)
        assert said.decode() == "".join(f"{each}\n[assistant]" for each in later)


def test_the_other_protocol_is_refused_at_once() -> None:
    tools, chat = (DrivenRun("x", adapter="trl", protocol=p, keep=False) for p in ("tools", "chat"))
    with pytest.raises(UsageError, match='protocol="tools"'):
        environments(chat)
    with pytest.raises(UsageError, match='protocol="chat"'):
        TextRollouts(tools)


def test_an_episode_that_is_left_is_unscored(tmp_path: Path) -> None:
    with DrivenRun("x", adapter="trl", protocol="tools", out=tmp_path / "r") as run:
        environment = GameEnvironment(run)
        with pytest.raises(ValueError, match="over"):
            environment.act("Rock")
        environment.reset(GAME, 0, prompt="p")
        environment.reset(GAME, 1, prompt="p")
    assert [each.status for each in found_in(run)] == ["unscored", "unscored"]


def test_replies_in_words_play_them_too(tmp_path: Path) -> None:
    replies = ["Answer: 2", "I cannot say.", "Answer: 1", "2"]
    said = iter(replies * 1000)

    def generate(prompts: list[list[int]]) -> list[list[int]]:
        assert all(bytes(t for t in each if t < EOS).endswith(b"[assistant]") for each in prompts)
        return [[*next(said).encode(), EOS] for _ in prompts]

    with DrivenRun("x", adapter="trl", split="train", out=tmp_path / "r") as run:
        rollouts = TextRollouts(run, longest=10**6, generate=generate)
        (row,) = text_rows(GAME, 1, first=0)
        found = rollouts([row["prompt"]], Trainer())
    (record,) = found_in(run)
    assert untimed(record) == untimed(driven("chat", iter(replies * 1000), 1)[0])
    assert scores(reward=found["reward"], completions=[]) == [record.score]
    (completion,), (mask,) = found["completion_ids"], found["env_mask"]
    assert len(completion) == len(mask)
    own = bytes(t for t, mine in zip(completion, mask, strict=True) if mine and t < EOS).decode()
    assert own.startswith("".join(replies))
    game = [t for t, mine in zip(completion, mask, strict=True) if not mine]
    assert bytes(t for t in game if t < EOS).startswith(b"\n[user]"), "the template goes on"
    assert verify_run(run.path).verified


class Serving(Trainer):
    """A trainer whose answers come from a server: it is asked once for prompts that are alike."""

    asked: list[Tokens] = []

    def _generate_single_turn(
        self, prompts: list[Tokens], images: None, fields: dict[str, Any], num_generations: int
    ) -> Generated:
        self.asked = [each for each in prompts[::num_generations] for _ in range(num_generations)]
        answers = [[49 + len(each) % 2, EOS] for each in self.asked]
        return answers, [[-0.5 - len(each) % 2, -0.25] for each in self.asked]


def test_every_conversation_is_answered_and_keeps_the_probabilities(tmp_path: Path) -> None:
    trainer = Serving()
    with DrivenRun("x", adapter="trl", steps=3, out=tmp_path / "r") as run:
        rows = [*text_rows(GAME, 1), *text_rows("BanditTwoArmedHighLowFixed", 1)]
        found = TextRollouts(run)([each["prompt"] for each in rows], trainer)
    assert trainer.asked[0] != trainer.asked[1]
    for prompt, tokens, mask, told in zip(
        *(found[key] for key in ("prompt_ids", "completion_ids", "env_mask", "logprobs")),
        strict=True,
    ):
        before = list(prompt)
        for token, mine, probability in zip(tokens, mask, told, strict=True):
            if mine and token != EOS:
                assert (token, probability) == (49 + len(before) % 2, -0.5 - len(before) % 2)
            assert mine or probability == 0.0
            before.append(token)


class Thinking(Bytes):
    """A template that leaves thoughts out of earlier replies, and thinks unless told not to."""

    def apply_chat_template(self, messages: Sequence[dict[str, str]], **settings: Any) -> str:
        last = max(k for k, each in enumerate(messages) if each["role"] == "user")
        told = [
            each | {"content": f"<think></think>{each['content']}"} if k > last else each
            for k, each in enumerate(messages)
        ]
        return super().apply_chat_template(told) + "no thoughts: " * (not settings["think"])


class ThinkingTrainer:
    """A trainer of a model that sees pictures, too."""

    processing_class = SimpleNamespace(tokenizer=Thinking())
    chat_template_kwargs = {"think": False}


def test_templates_may_leave_thoughts_out_and_take_settings(tmp_path: Path) -> None:
    replies = iter([b"<think>one</think>Answer: 1\xff", b"<think>cut", b"Answer: 1\xff"])

    def generate(asked: list[Tokens]) -> list[Tokens]:
        return [[EOS if token == 255 else token for token in next(replies)] for _ in asked]

    with DrivenRun("x", adapter="trl", steps=2, out=tmp_path / "r") as run:
        (row,) = text_rows(GAME, 1)
        found = TextRollouts(run, generate=generate)([row["prompt"]], ThinkingTrainer())
    told = bytes(token % EOS for token in found["prompt_ids"][0] + found["completion_ids"][0])
    assert told.count(b"\0\n[assistant]no thoughts: ") == 3
    assert b"no thoughts: <think>one</think>Answer: 1\0\n[user]" in told
    assert b"no thoughts: <think>cut\0\n[user]" in told, "the template ends what was cut off"


def test_a_reply_that_was_cut_off_counts_as_in_a_run(tmp_path: Path) -> None:
    game, said = "BanditTwoArmedHighLowFixed", b"Pull slot machine 1 is the best action. But"
    with DrivenRun("x", adapter="trl", steps=1, retries=0, out=tmp_path / "r") as run:
        for answer in ([*said, EOS], [*said]):
            prompts = [row["prompt"] for row in text_rows(game, 1)]
            TextRollouts(run, generate=lambda _, answer=answer: [answer])(prompts, Trainer())  # type: ignore[misc]
    assert [each.invalid for each in found_in(run)] == [{}, {"truncated": 1}]


def test_a_conversation_has_an_end(tmp_path: Path) -> None:
    with DrivenRun("x", adapter="trl", out=tmp_path / "r") as run:
        rollouts = TextRollouts(run, longest=100, generate=lambda asked: [[49, EOS] for _ in asked])
        found = rollouts([each["prompt"] for each in text_rows(GAME, 2)], Trainer())
    assert [each.status for each in found_in(run)] == ["unscored"] * 2
    assert found["reward"] == [0.0, 0.0]
    for prompt in ([{"role": "user", "content": "Hanoi"}], "Hanoi3Disk 0", []):
        with pytest.raises(UsageError, match="a prompt is a game and a number"):
            rollouts([prompt], Trainer())


def tiny() -> tuple[Any, Any]:
    """A model of 2 layers with random weights, and a tokenizer of bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    whole = Tokenizer(models.BPE({letter: k for k, letter in enumerate(letters)}, []))
    whole.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    whole.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=whole, eos_token="<end>", pad_token="<pad>", chat_template=TEMPLATE
    )
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=32, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=2, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, max_position_embeddings=8192,
    )  # fmt: skip
    return Qwen2ForCausalLM(config), tokenizer


def odd_tokens(completion_ids: list[list[int]], **_: Any) -> list[float]:
    """A second reward: the replies of a random model name no action, so all score alike."""
    return [float(sum(token % 2 for token in ids)) for ids in completion_ids]


@pytest.mark.slow
def test_grpo_trains_two_steps_in_a_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("trl")
    for name, value in {"TRL_EXPERIMENTAL_SILENCE": "1", "HF_HUB_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's and TRL's own
        from datasets import Dataset
        from trl import GRPOConfig, GRPOTrainer

        model, tokenizer = tiny()
        before = {name: value.clone() for name, value in model.named_parameters()}
        arguments = GRPOConfig(
            output_dir=str(tmp_path / "trained"), max_steps=2, per_device_train_batch_size=4,
            num_generations=4, max_completion_length=8, learning_rate=0.1, report_to="none",
            use_cpu=True, save_strategy="no", logging_steps=1, disable_tqdm=True, bf16=False,
        )  # fmt: skip
        run = DrivenRun("tiny", adapter="trl", split="train", retries=0, steps=3,
                        out=tmp_path / "run")  # fmt: skip
        with run:
            trainer = GRPOTrainer(
                model=model,
                processing_class=tokenizer,
                args=arguments,
                train_dataset=Dataset.from_list(text_rows("BanditTwoArmedHighLowFixed", 2)),
                rollout_func=TextRollouts(run),
                reward_funcs=[scores, odd_tokens],
            )
            trainer.train()
    records = found_in(run)
    assert len(records) == 8, "two steps of a group of four"
    assert {each.status for each in records} == {"scored"}
    assert all(len({r.seed for r in records if r.episode == k}) == 1 for k in (0, 1))
    logged = [each for each in trainer.state.log_history if "reward" in each]
    rewards = [each["rewards/scores/mean"] for each in logged]
    assert sum(rewards) * 4 == pytest.approx(sum(each.score or 0.0 for each in records))
    changed = [
        name for name, value in model.named_parameters() if not (value == before[name]).all()
    ]
    assert changed, "rewards that differ move the weights"
    assert verify_run(run.path).verified


@pytest.mark.slow
def test_the_learning_curve_is_measured_on_worlds_that_no_training_saw(tmp_path: Path) -> None:
    pytest.importorskip("trl")
    sizes = "--levels 2 --upto 2 --most 64 --steps 2 --worlds 2 --episodes 3 --width 16"
    command = [sys.executable, "-m", "tools.learning_curve", str(tmp_path / "out"), *sizes.split()]
    root = Path(__file__).parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows] == [
        "| random weights",
        "| imitation of 64 rounds",
        "| GRPO at level 2",
    ]
    assert "GRPO at level 2" in (tmp_path / "out" / "curves.svg").read_text(encoding="utf-8")
    places = {path.parent for path in (tmp_path / "out").rglob("run.json")}
    seeds: dict[str, set[int]] = {"train": set(), "dev": set()}
    for place in places:
        assert verify_run(place, workers=1).verified
        header = RunFolder(place).header()
        seeds[header.split] |= {record.seed for record in RunFolder(place).episodes()}
    assert len(places) == 1 + 1 + 3 * 2
    assert not seeds["train"] & seeds["dev"]
    groups = Counter(record.episode for record in RunFolder(tmp_path / "out/grpo-2/run").episodes())
    assert set(groups.values()) == {8}, "a group is eight episodes of one world"
