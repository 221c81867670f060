"""Weights: what exists (catalogue), and where it lies, comes from and is checked (store)."""
