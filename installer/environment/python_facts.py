"""Facts about the running Python and its packages; run as a script, it prints them as JSON.

Other Pythons run it too, some older than Cutsmith needs: it must work on 3.8 and newer.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from importlib.metadata import distributions
from pathlib import Path
from typing import Any


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def python_facts() -> dict[str, Any]:
    """`version`, `is_environment`, `has_torch`, `installed` (versions by normalised name), and `cutsmith_url`.

    torch is only looked for: importing it would take seconds.
    """
    installed, url = {}, ""
    for each in distributions():
        # Leftovers of a broken installation lack these fields. Python imports the first one on the path.
        name, version = each.metadata["Name"], each.metadata["Version"]
        if name and version and normalised(name) not in installed:
            installed[normalised(name)] = version
            if normalised(name) == "cutsmith":
                url = json.loads(each.read_text("direct_url.json") or "{}").get("url", "")
    return {
        "version": list(sys.version_info[:3]),
        "is_environment": is_own_environment(sys.prefix, sys.base_prefix, Path(sys.executable)),
        "has_torch": importlib.util.find_spec("torch") is not None,
        "installed": installed,
        "cutsmith_url": url,
    }


def is_own_environment(prefix: str, base_prefix: str, python: Path) -> bool:
    """Whether a Python is a virtual environment, a conda environment, or an embedded one (as ComfyUI portable has)."""
    return prefix != base_prefix or (Path(prefix) / "conda-meta").is_dir() or any(python.parent.glob("python3*._pth"))


if __name__ == "__main__":
    print(json.dumps(python_facts()))
