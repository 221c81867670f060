"""Picture -> soft mask of its main subject."""
