"""A DSPy program as a method: declared inputs and outputs, and demonstrations from compiling.

DSPy is imported where it is used: it is an extra. All calls go through the models that the run
lends; DSPy's own caches and clients stay unused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from smartplay.agents.context import Reply
from smartplay.agents.methods.method import Arm, Method
from smartplay.agents.methods.turn import ANSWER, Prompt, Turn, cut_off
from smartplay.core.errors import (
    AgentError,
    MissingPackageError,
    PromptTooLongError,
    UsageError,
)
from smartplay.parsing.turn import own_turn
from smartplay.records import Call, Message, Usage

TASK = "Play a game: from its rules and what has been seen so far, choose the best action."
FIELDS = {
    "rules": "the rules of the game",
    "seen": "what has happened, the oldest first",
    "actions": "the actions to choose from",
    "action": "the chosen action, word for word",
}
NOT_COMPILED = "(the compiled program has no demonstrations for this game: asked without any)"


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """The result of compiling a program for one game.

    Attributes:
        demos: Demonstrations, each with the fields of the program.
        seeds: Seeds of the episodes whose steps it was compiled on.
        steps: How many steps these were.
        calls: Calls to the model that it took.
        usage: Their tokens.
    """

    demos: list[dict[str, Any]]
    seeds: list[int]
    steps: int
    calls: int
    usage: Usage


class ProgramFile(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled program, as a file of JSON.

    Attributes:
        model: The model it was compiled with.
        optimizer: What chose the demonstrations.
        reasoning: Whether the program writes its reasoning before the action.
        games: The results, by full id.
    """

    model: str
    optimizer: str
    reasoning: bool
    games: dict[str, Compiled]


class Dspy(Method):
    """Asks by a DSPy program: once a step, in DSPy's own layout.

    Attributes:
        program: A file that `smartplay compile` wrote; without one there are no demonstrations.
        reasoning: Whether it asks for reasoning before the action.
    """

    summary = 'a DSPy program, compiled or not: pip install "smartplay[dspy]"'
    program: str = ""
    reasoning: bool = True
    _file: ProgramFile | None = None
    _digest: str = ""

    def check(self) -> None:
        """Make sure that DSPy is there, and read the program's file."""
        check_dspy()
        if not self.program:
            return
        try:
            content = Path(self.program).read_bytes()
            self._file = msgspec.json.decode(content, type=ProgramFile)
        except (OSError, msgspec.MsgspecError) as error:
            raise UsageError(
                f"{self.program} is not a program that `smartplay compile` wrote: {error}"
            ) from error
        if self._file.reasoning != self.reasoning:
            raise UsageError(
                f"{self.program} was compiled with reasoning = {str(self._file.reasoning).lower()}"
            )
        self._digest = hashlib.sha256(content).hexdigest()[:16]

    def more_settings(self) -> Mapping[str, Any]:
        """Which program it is, wherever its file lies, and what compiling it took."""
        if self._file is None:
            return {}
        parts = self._file.games.values()
        compiled = {
            "digest": self._digest,
            "model": self._file.model,
            "optimizer": self._file.optimizer,
            "demos": {game: len(part.demos) for game, part in self._file.games.items()},
            "calls": sum(part.calls for part in parts),
            "usage": msgspec.to_builtins(sum((part.usage for part in parts), Usage())),
        }
        return {"program": Path(self.program).name, "compiled": compiled}

    async def choose(self, turn: Turn) -> Reply:
        """Run the program; a reply that is not laid out as asked is read like any other."""
        compiled = None if self._file is None else self._file.games.get(turn.context.game)
        program = make_program(self.reasoning, compiled.demos if compiled else [])
        calls: list[Call] = []
        while True:
            try:
                action, thoughts = await self._run(program, turn, calls)
                break
            except PromptTooLongError:
                if not turn.prompt.shorten():
                    raise
        if self._file is not None and compiled is None:
            thoughts = f"{thoughts}\n{NOT_COMPILED}".strip()
        text = calls[-1].text if action is None else f"Answer: {action}"
        return turn.reply(calls[-1], text=text, reasoning=thoughts)

    async def _run(self, program: Any, turn: Turn, calls: list[Call]) -> tuple[str | None, str]:
        """The action and the reasoning of a reply; no action if it is not laid out as asked."""
        from dspy.utils.exceptions import AdapterParseError

        model = turn.context.models[next(iter(self.roles))]

        async def ask(messages: list[Message]) -> Call:
            calls.extend(await model.chat(messages, label=ANSWER))
            return without_thoughts(calls[-1], model.settings.reasoning_tags)

        told = inputs(turn.prompt, turn.context.manual, turn.actions)
        if turn.complaint:
            told["seen"] += f"\n\n{turn.complaint}"
        with asking(AsyncEngine(ask)):
            try:
                found = await program.acall(**told)
            except AdapterParseError:
                return None, ""
        return str(found.action), str(getattr(found, "reasoning", "") or "")

    def controls(self) -> list[Arm]:
        """No program, and the program before it was compiled."""
        plain = [Arm("one call", "direct"), Arm("reasons first", "think")]
        if not self.program:
            return plain
        return [*plain, Arm("not compiled", "dspy", {"reasoning": self.reasoning})]


def check_dspy() -> None:
    """Make sure that DSPy is there.

    Raises:
        MissingPackageError: If it is not installed.
    """
    if find_spec("dspy") is None:
        raise MissingPackageError(
            'the method dspy needs the package "dspy": pip install "smartplay[dspy]"'
        )


def inputs(prompt: Prompt, manual: str, actions: Sequence[str]) -> dict[str, Any]:
    """A program's inputs at a step.

    Raises:
        AgentError: If there is a picture: a program cannot see it.
    """
    seen = prompt.page("")["content"]
    if not isinstance(seen, str):
        raise AgentError("the method dspy cannot see pictures; play with observation = text")
    rules = "\n\n".join(filter(None, [manual, prompt.history.legend]))
    return {"rules": rules, "seen": seen, "actions": list(actions)}


def make_program(reasoning: bool, demos: Sequence[Mapping[str, Any]]) -> Any:
    """A program with demonstrations."""
    import dspy

    fields: dict[str, Any] = {
        name: (
            list[str] if name == "actions" else str,
            (dspy.OutputField if name == "action" else dspy.InputField)(desc=what),
        )
        for name, what in FIELDS.items()
    }
    signature = dspy.Signature(fields, TASK)
    program = dspy.ChainOfThought(signature) if reasoning else dspy.Predict(signature)
    for predictor in program.predictors():
        predictor.demos = [dspy.Example(**demo) for demo in demos]
    return program


def without_thoughts(call: Call, tags: Sequence[str]) -> Call:
    """A call without the thoughts that its service left in the text: a program would read those.

    Args:
        call: The call.
        tags: Names of further tags that hold thoughts.
    """
    return msgspec.structs.replace(call, text=own_turn(call.text, tags)[0])


class Failed(BaseException):
    """Carries a model's exception through DSPy, which would replace it by an error of its own."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Engine:
    """The engine that DSPy asks instead of a service.

    Args:
        ask: Asks the model.
    """

    def __init__(self, ask: Callable[[list[Message]], Call]) -> None:
        self._ask = ask

    def complete(self, request: Any) -> Any:
        """Reply to DSPy's request."""
        try:
            return _response(self._ask(_messages(request)))
        except Exception as error:
            raise Failed(error) from error

    def stream(self, request: Any) -> NoReturn:
        """Nothing here is streamed."""
        raise NotImplementedError

    def close(self) -> None:
        """There is nothing to free."""


class AsyncEngine(Engine):
    """The same for programs that are awaited.

    Args:
        ask: Asks the model.
    """

    def __init__(self, ask: Callable[[list[Message]], Awaitable[Call]]) -> None:
        self._awaited = ask

    async def complete(self, request: Any) -> Any:
        """Reply to DSPy's request."""
        try:
            return _response(await self._awaited(_messages(request)))
        except Exception as error:
            raise Failed(error) from error

    async def aclose(self) -> None:
        """There is nothing to free."""


def _refuse(messages: list[Message]) -> NoReturn:
    raise NotImplementedError("this program is asynchronous: await its acall")


@contextmanager
def asking(engine: Engine) -> Iterator[None]:
    """While open, programs of this task ask that engine.

    Raises:
        Exception: Whatever the model raised.
    """
    import dspy

    awaited = engine if isinstance(engine, AsyncEngine) else None
    model = dspy.LM("smartplay/model", engine=Engine(_refuse) if awaited else engine,
                    async_engine=awaited, cache=False, num_retries=0)  # fmt: skip
    adapter = dspy.ChatAdapter(use_json_adapter_fallback=False)
    try:
        with dspy.context(lm=model, adapter=adapter, disable_history=True):
            yield
    except Failed as failed:
        raise failed.error from None


def _messages(request: Any) -> list[Message]:
    system = request.system
    told = [{"role": each.role, "content": each.text or ""} for each in request.messages]
    if system is None:
        return told
    text = system if isinstance(system, str) else "".join(part.text for part in system)
    return [{"role": "system", "content": text}, *told]


def _response(call: Call) -> Any:
    from dspy import lm15

    usage = call.usage
    return lm15.Response(
        id=None,
        model=call.model or call.asked or "model",
        message=lm15.Message.assistant([lm15.TextPart(call.text)]),
        finish_reason="length" if cut_off(call) else "stop",
        usage=lm15.Usage(input_tokens=usage.prompt, output_tokens=usage.completion,
                         total_tokens=usage.total),
    )  # fmt: skip
