"""Measures and long checks that only a clone needs; nothing of it is installed."""
