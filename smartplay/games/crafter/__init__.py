"""Crafter: a world to gather, craft and survive in (Hafner, arXiv 2109.06780)."""
