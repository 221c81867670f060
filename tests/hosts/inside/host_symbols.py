"""Say which of ComfyUI's names do not exist in this tree, or do not take an argument that the pack gives."""

from __future__ import annotations

import importlib
import inspect
import json
import sys

arguments = json.loads(sys.argv[1])
sys.argv = ["main.py", "--cpu"]
sys.path.insert(0, arguments["tree"])
import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()


def resolved(name: str) -> object:
    """The object of a dotted name: as much of it as is a module is imported, the rest are attributes."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError as error:
            if not name.startswith(str(error.name)):
                raise AttributeError(f"{error.name} is not installed, which it imports") from error
            continue
        for part in parts[end:]:
            if inspect.isclass(found) and f"{found.__name__}.{part} = " in inspect.getsource(found):
                return None  # the class sets it itself when the server runs
            found = getattr(found, part)
        return found
    raise AttributeError(f"there is no module {parts[0]}")


def faults(name: str, given: list[str]) -> list[str]:
    """What is wrong with a name and the arguments with which it is called."""
    try:
        found = resolved(name)
    except AttributeError as error:
        return [f"{name}: {error}"]
    if not given:
        return []
    taken = inspect.signature(found).parameters
    if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values()):
        return []
    return [f"{name} takes no {each}" for each in given if each not in taken]


found = [line for name, given in sorted(arguments["symbols"].items()) for line in faults(name, given)]
sys.stdout.write(json.dumps(found) + "\n")
