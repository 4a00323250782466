"""Where files are kept that can be fetched or made again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """`SMARTPLAY_CACHE`, or the platform's cache folder."""
    if own := os.environ.get("SMARTPLAY_CACHE"):
        return Path(own)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "smartplay"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "smartplay"
    if sys.platform == "win32" and (base := os.environ.get("LOCALAPPDATA")):
        return Path(base) / "smartplay" / "cache"
    return Path.home() / ".cache" / "smartplay"
