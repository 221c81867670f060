"""Picture and words -> boxes of what the words name."""
