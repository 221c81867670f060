"""The engine's errors in a node's words: inputs instead of options, and commands for ComfyUI's own Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from cutsmith.cures import advise
from cutsmith.errors import CutsmithError

# What the command line calls its options, and what the nodes call them.
_INPUTS = {
    "--model": "model",
    "--segmenter": "model",
    "--detector": "model",
    "--text": "prompt",
    "--box": "box",
    "--point": "point",
    "--box-threshold": "box_threshold",
    "--text-threshold": "text_threshold",
    "--max-detections": "max_detections",
    "--matting": "matting",
    "--band": "band",
    "--background": "background_color",
    "--device": "device",
    "--engine": "device",
}
_COMMAND = re.compile(r"\bcutsmith (?=(models|doctor|cut)\b)")
# Where no interpreter is named for it.
_PIP = re.compile(r"(?<!\S)(?<!-m )pip install")
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@contextmanager
def in_the_nodes_words() -> Iterator[None]:
    """Let the engine's typed errors pass, rewritten for people who see nodes and not a command line."""
    try:
        yield
    except CutsmithError as error:
        error.what, error.cures = rewritten(error.what), (advise(rewritten(error.remedy)),)
        error.args = (error.what, error.remedy)
        raise


def rewritten(text: str) -> str:
    """`text` with the names of inputs for those of options; lines that are commands keep their options."""
    return "\n".join(_line(line) for line in text.split("\n"))


def _line(line: str) -> str:
    if _COMMAND.search(line):
        return _COMMAND.sub(lambda _: f'"{sys.executable}" -m cutsmith ', line)
    if "pip install" in line or "install.py" in line:
        return _PIP.sub(lambda _: f'"{sys.executable}" -m pip install', line)
    return _OPTION.sub(lambda found: _INPUTS.get(found[0], found[0]), line)
