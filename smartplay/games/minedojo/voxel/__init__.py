"""The embedded engine: an endless world of blocks out of a seed, in NumPy; faster with numba."""
