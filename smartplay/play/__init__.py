"""People play, and watch what was played: in the terminal, in a browser, as a film."""
