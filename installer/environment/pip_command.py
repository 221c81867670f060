"""Runs pip quietly; when it fails, shows its last lines and what to do about them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from installer.failure import InstallFailed

SHOWN_LINES = 12

# What pip's words mean. The order matters: without a network, pip ends with "No matching distribution" too. "from
# versions: none" means that pip found no file list for a package; all the packages we ask for exist.
ADVICE = (
    (
        r"No space left on device|Errno 28\b|not enough space on the disk",
        "The disk is full. Free some space (pip cache purge empties pip's own cache) and try again.",
    ),
    (
        r"ProxyError|Tunnel connection failed|\b407\b",
        "The proxy refused or cannot be reached. Set HTTPS_PROXY=http://user:password@host:port (or "
        "pip config set global.proxy ...) and try again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The connection's certificate is not trusted. Behind a company's proxy, set PIP_CERT to its certificate file.",
    ),
    (
        r"NewConnectionError|NameResolutionError|name resolution|Name or service not known|getaddrinfo|"
        r"Network is unreachable|ConnectTimeout|Read timed out|Connection refused|Connection reset|"
        r"Could not fetch URL|Max retries exceeded|from versions: none",
        "The package index cannot be reached. Check the network; behind a proxy set HTTPS_PROXY=http://host:port; "
        "without internet, set PIP_FIND_LINKS to a folder of wheels and PIP_NO_INDEX=1. Then try again.",
    ),
    (
        # What pip says of exact versions that it finds no files for, with or without a network.
        r"have no matching distributions available",
        "The package index cannot be reached, or it has no ready-made file for this Python. Check the network, then "
        "try again; Python 3.11, 3.12 and 3.13 on 64-bit Linux, macOS and Windows have all files.",
    ),
    (
        r"Permission denied|Errno 13\b|WinError 5\b",
        "A folder that pip writes to is read-only for you, or (on Windows) a program still uses a file in it.",
    ),
    (
        r"ResolutionImpossible|conflicting dependencies",
        "The versions wanted do not fit together; nothing was changed.",
    ),
    (
        r"No matching distribution found|Failed building wheel|Failed to build",
        "A package has no ready-made file for this Python on this machine. Python 3.11, 3.12 and 3.13 on 64-bit Linux, "
        "macOS and Windows have them all.",
    ),
)


def advice(output: str) -> str:
    """What to do about a pip failure with this `output`."""
    for pattern, remedy in ADVICE:
        if re.search(pattern, output):
            return remedy
    return "Try again; if it fails again, the lines above say why."


def show_progress(line: str) -> None:
    """Keep one line of a terminal up to date; without a terminal, print nothing."""
    match = re.match(
        r"(Downloading|Using cached|Building wheel for|Installing collected packages)\W+([^\s-]*)[^(]*(\(.*\))?", line
    )
    if match and sys.stdout.isatty():
        started = {"I": "installing", "B": f"building {match[2]}"}
        shown = started.get(line[0], f"fetching {match[2]} {match[3] or ''}")
        print(f"\r\033[K  {shown}", end="", flush=True)


def run_pip(
    python: Path,
    arguments: Sequence[str],
    *,
    folder: Path,
    doing: str,
    variables: Mapping[str, str] | None = None,
    follow: Callable[[str], None] = show_progress,
) -> None:
    """Run `python -m pip arguments` in `folder`; `doing` names it for the failure ("installing Cutsmith").

    `variables` are added to pip's environment. `follow` gets each line that pip says; on a terminal, one line shows
    what is being fetched. Raises InstallFailed with pip's last lines and advice.
    """
    lines: deque[str] = deque(maxlen=400)
    with subprocess.Popen(
        [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
        cwd=folder,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None, "stdout is a pipe"
        for line in process.stdout:
            lines.append(line.rstrip())
            follow(line.strip())
    if sys.stdout.isatty():
        print("\r\033[K", end="", flush=True)
    if process.returncode:
        ends = [line for line in lines if line and not line.startswith(("[notice]", "Progress "))][-SHOWN_LINES:]
        shown = "\n".join(f"    {line}" for line in ends)
        raise InstallFailed(f"pip failed while {doing}:\n{shown}", advice("\n".join(lines)))
