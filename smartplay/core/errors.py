"""Every error SmartPlay raises on purpose.

```
SmartPlayError
├── UsageError            what the caller asked for cannot be done; the message says what can
│   ├── UnknownNameError  no such game, agent or option; names the nearest ones
│   ├── CardError         a game card that cannot be read
│   ├── MissingPackageError  an optional package is needed; names the command that installs it
│   └── RunFolderError    a run folder that cannot be read, written or continued
│       └── MissingStepsError  an episode's steps are not in it
├── GameError             a game could not be built or failed while it was played
└── AgentError            an agent could not be built or failed while it played
    └── ModelError        a language model's service did not give a reply
        ├── PromptTooLongError  the model cannot read that much
        ├── NoAccessError       no call can succeed: wrong key, no such model, no credit
        └── TransientError      a fault that may pass; the call may be sent again
```

The command line prints a `UsageError` as one line and exits with 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

LISTED = 20
"""How many known names an error lists at most."""
FEW = 5
"""If so few names are known, the message lists them even beside the nearest."""


class SmartPlayError(Exception):
    """The root of all errors raised on purpose."""


class UsageError(SmartPlayError):
    """The caller asked for something that cannot be done as asked."""


class UnknownNameError(UsageError):
    """A name that nothing known has.

    Args:
        kind: What was looked for, such as `"game"`.
        name: The name as given.
        known: The names there are.
    """

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known = list(known)
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
        hint = f"known: {', '.join(known[:LISTED])}{more}" if known else "there are none"
        if near:
            few = f" ({hint})" if len(known) <= FEW else ""
            hint = f"did you mean {' or '.join(near)}?{few}"
        super().__init__(f"unknown {kind} {name!r}; {hint}")
        self.kind, self.name, self.known, self.near = kind, name, known, near

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by message: the constructor takes other arguments than `args` holds."""
        return UsageError, self.args


def known_name(kind: str, name: object, known: Collection[str]) -> str:
    """Return a name if it is known.

    Raises:
        UnknownNameError: If it is not, or no text; `kind` says what was looked for.
    """
    if not isinstance(name, str) or name not in known:
        raise UnknownNameError(kind, name, known)
    return name


class CardError(UsageError):
    """A game card that is missing, malformed or contradicts itself."""


class MissingPackageError(UsageError):
    """An optional package is not installed."""


class RunFolderError(UsageError):
    """A run folder that cannot be read, written or continued."""


class MissingStepsError(RunFolderError):
    """A run folder does not hold an episode's steps."""


class GameError(SmartPlayError):
    """A game could not be built, or failed while it was played."""


class AgentError(SmartPlayError):
    """An agent could not be built, or failed while it played."""


class ModelError(AgentError):
    """A language model's service gave no usable reply."""


class PromptTooLongError(ModelError):
    """The prompt is longer than the model can read."""


class NoAccessError(ModelError):
    """No call can succeed: the key is wrong, the model does not exist or the credit is spent."""


class TransientError(ModelError):
    """A fault of the service that may pass.

    Args:
        message: What happened.
        busy: Whether fewer calls at once would help.
        wait: Seconds after which the service asks to be called again, if it says.
    """

    def __init__(self, message: str, busy: bool = False, wait: float | None = None) -> None:
        super().__init__(message)
        self.busy, self.wait = busy, wait
