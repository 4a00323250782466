"""The version of SmartPlay, kept apart so that building needs no import of the library."""

__version__ = "0.2.0"
