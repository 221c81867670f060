"""The public names of `cutsmith`, as a list that changes only when somebody means it to.

`python -m tests.core.public_api` prints what is public now; `python -m tests.core.public_api --write` keeps it in
public_api.json, which test_public_api.py compares. Commit the difference together with a line in CHANGELOG.md.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_suffix(".json")
COMMAND = "python -m tests.core.public_api --write"


def public_api() -> dict[str, Any]:
    """Each public name with its parameters and members; then the errors, which callers catch, each with its base."""
    import cutsmith
    from cutsmith import errors

    public = {name: getattr(cutsmith, name) for name in cutsmith.__all__ if name != "__version__"}
    reached = {each.__name__: each for one in public.values() if inspect.isclass(one) for each in _held_by(one)}
    names = {name: _described(each) for name, each in sorted((reached | public).items())}
    caught = {
        name: each.__bases__[0].__name__
        for name, each in sorted(vars(errors).items())
        if inspect.isclass(each) and issubclass(each, Exception) and each.__module__ == errors.__name__
    }
    return {"names": names, "errors": caught}


def _held_by(public: type) -> list[type]:
    """The engine's classes that `public` holds, as far as its module names them: Cutout.objects are FoundObjects."""
    module = vars(sys.modules[public.__module__])
    words = re.findall(r"\w+", " ".join(_parameters(public, inspect.signature(public))))
    return [module[word] for word in words if inspect.isclass(module.get(word)) and _is_ours(module[word])]


def _described(public: Any) -> Any:
    return _class(public) if inspect.isclass(public) else _function(public)


def _function(function: Any) -> dict[str, Any]:
    signature = inspect.signature(function)
    told: dict[str, Any] = {"parameters": _parameters(function, signature)}
    if signature.return_annotation is not inspect.Signature.empty:
        told["returns"] = _type(signature.return_annotation)
    return told


def _parameters(function: Any, signature: inspect.Signature) -> list[str]:
    """One line a parameter, "*" before those that are given by name; `**options` by name where they are declared."""
    lines, by_name = [], False
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.VAR_KEYWORD and (declared := _keywords(function, parameter)):
            lines += declared
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not by_name:
            lines.append("*")
            by_name = True
        by_name = by_name or parameter.kind is parameter.VAR_POSITIONAL
        line = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "") + parameter.name
        if parameter.annotation is not parameter.empty:
            line += f": {_type(parameter.annotation)}"
        if parameter.default is not parameter.empty:
            line += f" = {_default(parameter.default)}"
        lines.append(line)
    return lines


def _keywords(function: Any, parameter: inspect.Parameter) -> list[str]:
    """The keys of the TypedDict in `**options: Unpack[Options]` (PEP 692)."""
    named = re.fullmatch(r"Unpack\[(\w+)\]", _type(parameter.annotation))
    if named is None:
        return []
    from cutsmith import request

    keys = getattr(request, named[1]).__annotations__
    return [f"{parameter.name}: {name}: {_type(key)}" for name, key in keys.items()]


def _class(public: type) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if issubclass(public, Exception):
        told["base"] = public.__bases__[0].__name__
    told["parameters"] = _parameters(public, inspect.signature(public))
    members = {}
    for name in sorted(dir(public)):
        member = inspect.getattr_static(public, name)
        # What comes from tuple or Exception is Python's.
        if name.startswith("_") or not any(name in vars(each) for each in public.__mro__ if _is_ours(each)):
            continue
        if isinstance(member, property):
            members[name] = _type(inspect.signature(member.fget).return_annotation) if member.fget else ""
        elif callable(getattr(public, name)):
            members[name] = _function(getattr(public, name))
        elif isinstance(member, int | str) and name not in getattr(public, "__dataclass_fields__", ()):
            members[name] = repr(member)
    told["members"] = members
    return told


def _is_ours(each: type) -> bool:
    return each.__module__.partition(".")[0] == "cutsmith"


def _type(annotation: Any) -> str:
    written = getattr(annotation, "__forward_arg__", annotation)
    return written if isinstance(written, str) else getattr(written, "__name__", str(written))


def _default(value: Any) -> str:
    # A dataclass's default_factory has an address in its representation.
    return "..." if " at 0x" in repr(value) or repr(value) == "<factory>" else repr(value)


if __name__ == "__main__":
    text = json.dumps(public_api(), indent=1, ensure_ascii=False) + "\n"
    if "--write" in sys.argv[1:]:
        KEPT.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
