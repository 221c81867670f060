"""The version, in one place for the engine, its doors and the files that they write."""

__version__ = "0.1.0"
SOFTWARE = f"Cutsmith {__version__}"
"""How provenance names this program."""
