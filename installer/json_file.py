"""Reads and writes the small JSON files in which the installer records what it made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_fields(path: Path) -> dict[str, Any] | None:
    """The fields in the file `path`: empty if it cannot be understood, None if it does not exist."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def write_fields(path: Path, fields: dict[str, Any]) -> None:
    """Write `fields` to the file `path`, completely or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
