"""Small files of JSON in which the installer notes what it made: written whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read_fields(path: Path) -> dict[str, Any] | None:
    """The fields that the file `path` holds: none where it cannot be understood; None where there is no such file."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def write_fields(path: Path, fields: dict[str, Any]) -> None:
    """Put `fields` into the file `path`."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
