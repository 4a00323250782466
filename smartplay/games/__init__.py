"""The shipped games: a module (native environment and describer) and a card for each."""
