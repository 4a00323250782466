"""Measures and proofs that only a clone needs; nothing of it is installed."""
