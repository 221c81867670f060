"""One node a module."""
