"""The nodes, one per module."""
