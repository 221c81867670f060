"""Prompt -> soft mask of what the prompt points at."""
