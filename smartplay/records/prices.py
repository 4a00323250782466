"""What a language model's tokens cost: a dated file of prices, given by the user.

```toml
currency = "USD"
date = 2026-11-01                      # the day the prices were read
source = "https://example.com/prices"  # where (may be left out)

[models."openai:some-model"]           # the agent's name, or the model's alone; it may have a
                                       # date and a source of its own
prompt = 2.5                           # per million tokens read
cached = 0.25                          # of these, tokens from the service's cache
completion = 10                        # per million tokens written, reasoning included
```

No price is built in: prices change, and a report must say from which day its prices are.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from smartplay.core.errors import UsageError
from smartplay.core.toml_file import read_toml
from smartplay.records import Usage

MILLION = 1_000_000
Amount = Annotated[float, msgspec.Meta(ge=0, le=10**12)]  # no infinity, which no sum survives
Named = Annotated[str, msgspec.Meta(min_length=1)]


def money(amount: float, currency: str = "") -> str:
    """An amount with two significant digits, or all before the point: `0.0034 USD`."""
    rounded = float(f"{amount:.2g}")
    places = max(0, 1 - math.floor(math.log10(abs(rounded)))) if rounded else 0
    return f"{amount:.{places}f} {currency}".rstrip()


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model costs.

    Attributes:
        prompt: Price of a million tokens read.
        completion: Price of a million tokens written.
        cached: Price of a million tokens read from the service's cache; `prompt` by default.
        date: The day the price was read; that of the file by default.
        source: Where it was read; that of the file by default.
    """

    prompt: Amount
    completion: Amount
    cached: Amount | None = None
    date: datetime.date | None = None
    source: str = ""

    def of(self, usage: Usage) -> float:
        """The price of some tokens."""
        cached = self.prompt if self.cached is None else self.cached
        from_cache = min(usage.cached, usage.prompt)
        fresh = usage.prompt - from_cache
        total = fresh * self.prompt + from_cache * cached + usage.completion * self.completion
        return total / MILLION


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of prices.

    Attributes:
        currency: What amounts are counted in, such as `"USD"`.
        date: The day the prices were read.
        models: A price per model or agent.
        source: Where they were read.
    """

    currency: Named
    date: datetime.date
    models: dict[str, Price]
    source: str = ""

    def find(self, agent: str, settings: Mapping[str, Any]) -> Price | None:
        """The price of an agent: by its name, its name without the service, or its model."""
        names = (agent, agent.partition(":")[2], settings.get("model"))
        found = (self.models.get(name) for name in names if isinstance(name, str))
        return next(filter(None, found), None)


def read_prices(path: str | Path) -> Prices:
    """Read a file of prices, as `Prices` describes it.

    Args:
        path: A TOML file.

    Raises:
        UsageError: If it cannot be read or is malformed; the message says where.
    """
    data = read_toml(Path(path), "prices")
    try:
        return msgspec.convert(data, Prices)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"prices {path}: {error}; it needs currency, date and [models.NAME] tables with "
            "prompt and completion"
        ) from error
