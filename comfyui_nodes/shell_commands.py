"""Commands that the nodes name, in a form that the shells of each system take: bash, PowerShell, the Command Prompt."""

from __future__ import annotations

import sys

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:/\\=+@%")


def python_command(*arguments: str) -> str:
    """The command that runs ComfyUI's own Python with `arguments`, each of which is quoted where it must be."""
    words = [quoted(each) for each in arguments]
    python = quoted(sys.executable)
    if sys.platform != "win32" or python == sys.executable:
        return " ".join([python, *words])
    # PowerShell takes a line that begins with a quotation mark for a text, not for a command.
    return " ".join(["&", python, *words]) + "   (in PowerShell; in the Command Prompt without the &)"


def quoted(word: str) -> str:
    """`word` as all these shells take it for one word: in double quotes where it has a space, brackets or the like."""
    return word if word and not set(word) - _PLAIN else f'"{word}"'
