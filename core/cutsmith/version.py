"""The version, in one place for the engine, its doors and the files that they write."""

__version__ = "0.1.0"
