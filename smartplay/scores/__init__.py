"""From records to scores: pure functions of cards and records."""
