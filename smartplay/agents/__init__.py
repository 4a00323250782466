"""Who plays: the shipped agents, language models, and anything a user plugs in."""
