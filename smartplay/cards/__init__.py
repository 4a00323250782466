"""What is data about a game: its card, the scores it is held against, the nine capabilities."""
