"""Messenger: read who is who, fetch the message, bring it to the goal, keep out of harm's way."""

from smartplay.games.messenger.env import MessengerEnv
from smartplay.games.messenger.text import MessengerText

__all__ = ["MessengerEnv", "MessengerText"]
