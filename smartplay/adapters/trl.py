"""Games for TRL's `GRPOTrainer` (tested with TRL 1.16), which is not imported here.

For models that call tools:

```python
with DrivenRun("qwen", adapter="trl", protocol="tools", split="train") as run:
    rows = Dataset.from_list(tool_rows("Hanoi3Disk", 100))
    GRPOTrainer(model, train_dataset=rows, environment_factory=environments(run), …).train()
```

For models that answer in words, `rollout_func=TextRollouts(run)`, `reward_funcs=[scores]` and
`text_rows`, with the protocol `chat`. Rows of one prompt make a group: its episodes have the same
world. The reward is the score of the game. The run is a run folder like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from smartplay.core.errors import UsageError
from smartplay.records import Message
from smartplay.runner.driven import OVER, DrivenEpisode, DrivenRun

Tokens = list[int]
Generate = Callable[[list[Tokens]], list[Tokens]]
Generated = tuple[list[Tokens], list[list[float]] | None]
"""Answers, and the logarithm of each token's probability where it is known."""
REPLY = "a reply"  # in a conversation that shows what a template puts after one


def tool_rows(game: str, groups: int, first: int = 0) -> list[dict[str, Any]]:
    """Rows of a data set for `environments`: one per group, each with an episode of its own.

    Args:
        game: An id.
        groups: How many rows.
        first: The number of the first episode, which its world follows from.
    """
    ask = [{"role": "user", "content": ""}]
    return [{"prompt": ask, "game": game, "seed": first + k} for k in range(groups)]


def text_rows(game: str, groups: int, first: int = 0) -> list[dict[str, Any]]:
    """Rows of a data set for `TextRollouts`: one per group, whose prompt names its episode.

    Args:
        game: An id.
        groups: How many rows.
        first: The number of the first episode, which its world follows from.
    """
    return [{"prompt": [{"role": "user", "content": f"{game} {first + k}"}]} for k in range(groups)]


def scores(reward: Sequence[float], **_: Any) -> list[float]:
    """The reward function of `TextRollouts`: the scores that the episodes ended with."""
    return list(reward)


def environments(run: DrivenRun) -> Callable[[], GameEnvironment]:
    """What `environment_factory` takes.

    Args:
        run: The run that the episodes belong to, with the protocol `tools`.

    Raises:
        UsageError: If it has another protocol.
    """
    _check(run, "tools")

    def environment() -> GameEnvironment:
        return GameEnvironment(run)

    return environment


class GameEnvironment:
    """An environment for a model that calls tools; TRL reuses it for one episode after another.

    Args:
        run: The run that the episodes belong to.
    """

    def __init__(self, run: DrivenRun) -> None:
        self._run = run
        self._episode: DrivenEpisode | None = None

    def reset(self, game: str, seed: int, **row: Any) -> str:
        """Start the episode of a row; one that is not over is recorded as unscored.

        Args:
            game: An id.
            seed: The number of the episode, which its world follows from.
            **row: What else the row holds.

        Returns:
            The rules and the first observation.
        """
        if self._episode is not None:
            self._episode.give_up()
        self._episode = self._run.start(game, int(seed))
        return self._episode.told

    def act(self, action: str) -> str:
        """Take one of your actions in the game.

        Args:
            action: The name of the action.

        Returns:
            What happens.

        Raises:
            ValueError: If no episode is under way; TRL shows its text to the model.
        """
        if self._episode is None or self._episode.over:
            raise ValueError(OVER)
        return self._episode.act(action)

    def get_reward(self) -> float:
        """The score of the episode so far, in the game's own unit; 0 before its first step."""
        return score_of(self._episode)


def _check(run: DrivenRun, protocol: str) -> None:
    if run.protocol != protocol:
        raise UsageError(f'this needs DrivenRun(…, protocol="{protocol}"), not {run.protocol}')


def score_of(episode: DrivenEpisode | None) -> float:
    """The score of an episode so far; 0 before its first step."""
    step = episode.step if episode is not None else None
    return 0.0 if step is None else step.score


class TextRollouts:
    """What `rollout_func` takes, for a model that answers in words.

    Each episode is one conversation: its tokens are the model's (mask 1) and the game's (mask 0).
    Episodes of a batch take their turns together. A reply without a token that ends one was cut
    off, and counts as such.

    Args:
        run: The run that the episodes belong to, with the protocol `chat`.
        longest: Most tokens of a conversation after the prompt; an episode that is not over then
            is recorded as unscored, and rewarded with its score so far.
        generate: Continues a batch of prompts; by default the trainer's own generation.

    Raises:
        UsageError: If the run has another protocol.
    """

    def __init__(
        self, run: DrivenRun, longest: int = 4096, generate: Generate | None = None
    ) -> None:
        _check(run, "chat")
        self._run, self._longest, self._generate = run, longest, generate

    def __call__(self, prompts: Sequence[Any], trainer: Any) -> dict[str, list[Any]]:
        """Play an episode for each prompt.

        Args:
            prompts: Those of `text_rows`.
            trainer: The `GRPOTrainer`.

        Returns:
            What TRL asks for, an entry per prompt: the tokens of the prompt, those of the rest of
            the conversation with a mask (1 the model's, 0 the game's), their log probabilities
            where the generation tells them (0 for the game's), and the score as `reward`.

        Raises:
            UsageError: If a prompt names no episode, or the chat template leaves replies out.
        """
        rollouts = [_Rollout(self._start(each), trainer, self._longest) for each in prompts]
        while under_way := [each for each in rollouts if not each.episode.over]:
            asked = [each.prompt + each.completion for each in under_way]
            answers, told = self._answers(asked, trainer)
            none: list[list[float]] = [[]] * len(answers)
            for each, answer, likely in zip(under_way, answers, told or none, strict=True):
                each.take(answer, likely)
        known = all(len(each.logprobs) == len(each.completion) for each in rollouts)
        logprobs: Any = [each.logprobs for each in rollouts] if known else None
        return {
            "prompt_ids": [each.prompt for each in rollouts],
            "completion_ids": [each.completion for each in rollouts],
            "env_mask": [each.mask for each in rollouts],
            "logprobs": logprobs,
            "reward": [score_of(each.episode) for each in rollouts],
        }

    def _answers(self, prompts: list[Tokens], trainer: Any) -> Generated:
        if self._generate is not None:
            return self._generate(prompts), None
        # TRL has no public name for it. One answer to each: every prompt has a past of its own.
        found: Generated = trainer._generate_single_turn(prompts, None, {}, 1)
        return found

    def _start(self, prompt: Any) -> DrivenEpisode:
        try:
            game, _, number = prompt[-1]["content"].rpartition(" ")
        except (TypeError, LookupError, AttributeError):
            game, number = "", ""
        if not number.isdecimal():
            raise UsageError(f"a prompt is a game and a number, as of text_rows, not {prompt!r}")
        return self._run.start(game, int(number))


class _Rollout:
    """An episode as tokens."""

    def __init__(self, episode: DrivenEpisode, trainer: Any, longest: int) -> None:
        self.episode, self._longest = episode, longest
        reader = trainer.processing_class  # of a model that sees, it holds the tokenizer
        self._tokenizer = getattr(reader, "tokenizer", reader)
        self._ends = getattr(trainer, "eos_token_ids", [self._tokenizer.eos_token_id])
        self._settings = getattr(trainer, "chat_template_kwargs", {})
        self.prompt = self._encoded(self._rendered(episode.messages))
        self.completion: Tokens = []
        self.mask: list[int] = []
        self.logprobs: list[float] = []

    def take(self, answer: Tokens, logprobs: Sequence[float]) -> None:
        """Take in a reply, and what the game says to it."""
        whole = bool(answer) and answer[-1] in self._ends
        self._add(answer, 1)
        self.logprobs += logprobs
        text = self._tokenizer.decode(answer, skip_special_tokens=True)
        self.episode.reply(text, finish="stop" if whole else "length")
        if not self.episode.over:
            game = self._continuation(answer)
            self._add(game, 0)
            self.logprobs += [0.0] * len(game)  # as TRL does for what tools return
        if not self.episode.over and len(self.completion) >= self._longest:
            self.episode.give_up()

    def _add(self, tokens: Tokens, own: int) -> None:
        self.completion += tokens
        self.mask += [own] * len(tokens)

    def _rendered(self, messages: Sequence[Message]) -> str:
        text: str = self._tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=True, tokenize=False, **self._settings
        )
        return text

    def _encoded(self, text: str) -> Tokens:
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _continuation(self, answer: Tokens) -> Tokens:
        """The tokens that follow a reply: what the template puts after one, in any conversation.

        Templates may show earlier replies without their thoughts; the model has seen its own whole,
        so only what comes after a reply is taken from them.
        """
        before: list[Message] = [
            {"role": "user", "content": "."},
            {"role": "assistant", "content": REPLY},
        ]
        _, found, after = self._rendered([*before, *self.episode.new]).partition(REPLY)
        if not found:
            raise UsageError("the chat template leaves replies out, so they cannot be trained on")
        tokens, size = self._encoded(after), len(answer)
        shared = range(min(size, len(tokens)), -1, -1)  # its end, which a whole reply has itself
        return tokens[next(k for k in shared if answer[size - k :] == tokens[:k]) :]
