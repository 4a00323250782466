"""People play, and watch what was played: in the terminal, in a window, as a film."""
