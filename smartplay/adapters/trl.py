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
    Episodes of a batch take their turns together.

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
            the conversation with a mask (1 the model's, 0 the game's), and the score as `reward`.

        Raises:
            UsageError: If a prompt names no episode, or the chat template cannot go on.
        """
        tokenizer = trainer.processing_class
        generate = self._generate or _generation_of(trainer)
        rollouts = [_Rollout(self._start(prompt), tokenizer, self._longest) for prompt in prompts]
        while under_way := [each for each in rollouts if not each.over]:
            answers = generate([each.prompt + each.completion for each in under_way])
            for each, answer in zip(under_way, answers, strict=True):
                each.take(answer)
        return {
            "prompt_ids": [each.prompt for each in rollouts],
            "completion_ids": [each.completion for each in rollouts],
            "env_mask": [each.mask for each in rollouts],
            "logprobs": None,  # type: ignore[dict-item]
            "reward": [score_of(each.episode) for each in rollouts],
        }

    def _start(self, prompt: Any) -> DrivenEpisode:
        game, _, number = str(prompt[-1]["content"]).rpartition(" ")
        if not number.isdecimal():
            raise UsageError(f"a prompt is a game and a number, as of text_rows, not {prompt!r}")
        return self._run.start(game, int(number))


class _Rollout:
    """An episode as tokens."""

    def __init__(self, episode: DrivenEpisode, tokenizer: Any, longest: int) -> None:
        self.episode, self._tokenizer, self._longest = episode, tokenizer, longest
        self.prompt = _rendered(tokenizer, episode.messages, True)
        self.completion: Tokens = []
        self.mask: list[int] = []

    @property
    def over(self) -> bool:
        return self.episode.over

    def take(self, answer: Tokens) -> None:
        """Take in a reply, and what the game says to it."""
        self._add(answer, 1)
        self.episode.reply(self._tokenizer.decode(answer, skip_special_tokens=True))
        if not self.over:
            self._add(_continuation(self._tokenizer, self.episode.new), 0)
        if not self.over and len(self.completion) >= self._longest:
            self.episode.give_up()

    def _add(self, tokens: Tokens, own: int) -> None:
        self.completion += tokens
        self.mask += [own] * len(tokens)


def _rendered(tokenizer: Any, messages: Sequence[Message], ask: bool) -> Tokens:
    tokens: Tokens = tokenizer.apply_chat_template(
        list(messages), add_generation_prompt=ask, tokenize=True, return_dict=False
    )
    return list(tokens)


def _continuation(tokenizer: Any, new: Sequence[Message]) -> Tokens:
    """The tokens that follow a reply: what the template puts after one, in any conversation."""
    before: list[Message] = [
        {"role": "user", "content": "."},
        {"role": "assistant", "content": "."},
    ]
    start, whole = _rendered(tokenizer, before, False), _rendered(tokenizer, [*before, *new], True)
    ends = [place for place, token in enumerate(start) if token == tokenizer.eos_token_id]
    start = start[: ends[-1] + 1] if ends else start  # a reply ends with it, not with what follows
    if whole[: len(start)] != start:
        raise UsageError("the chat template rewrites earlier replies, so they cannot be trained on")
    return whole[len(start) :]


def _generation_of(trainer: Any) -> Generate:
    """The trainer's own generation; TRL has no public name for it."""

    def generate(prompts: list[Tokens]) -> list[Tokens]:
        answers: list[Tokens] = trainer._generate_single_turn(prompts, None, {}, len(prompts))[0]
        return answers

    return generate
