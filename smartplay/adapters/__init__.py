"""Ways for other frameworks to play; each module imports its framework, and only it is imported."""
