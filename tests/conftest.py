"""Shared settings of the tests."""

import os

from hypothesis import settings

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

settings.register_profile("smartplay", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("smartplay")
