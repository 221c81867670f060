"""Which models exist: catalogue.toml as frozen dataclasses, checked while it is read."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

from cutsmith.cures import run, set_option
from cutsmith.errors import CutsmithError, UnknownModel, shown
from cutsmith.models.entry import KINDS, Chunk, Entry, Kind, ModelKind, NpmSource, Spec, Terms

# Taken in this order where no remover is named; the second is the first with its weights stored in 16 bits.
DEFAULT_MODELS = ("isnet-general-use", "isnet-general-use-fp16")
DEFAULT_MODEL = DEFAULT_MODELS[0]


class CatalogueBroken(CutsmithError):
    """catalogue.toml itself is wrong: by a damaged installation or an edit, not by the call."""


class CatalogueFile(NamedTuple):
    """The whole of catalogue.toml: the models, and the terms of the sessions that only rembg runs."""

    models: Mapping[str, Entry]
    rembg_sessions: Mapping[str, Terms]


def catalogue() -> Mapping[str, Entry]:
    """Every model by its name, in the file's order (read once).

    Raises:
        CatalogueBroken: a key in the file is doubled, unknown or missing, or has a value that makes no sense.
    """
    return _installed_catalogue().models


def of_kind(kind: Kind) -> Mapping[str, Entry]:
    """The models of one kind by their names, in the file's order."""
    return {name: entry for name, entry in catalogue().items() if entry.kind == kind}


def find_entry(name: str, kind: Kind | None = None) -> Entry:
    """The model called `name`; with `kind`, of that kind.

    Raises:
        UnknownModel: there is none, or it is of another kind; the cures give the nearest names.
    """
    models = catalogue() if kind is None else of_kind(kind)
    if name in models:
        return models[name]
    option = KINDS[kind].option if kind is not None else ""
    if kind is not None and name in catalogue():
        found = catalogue()[name].kind
        raise UnknownModel(
            f"{name} is a {found}, not a {kind}.",
            set_option(KINDS[found].option, name),
            run("models", "list"),
            option=option,
            found=name,
            wanted=f"a {kind}",
        )
    near = _nearest_names(name, models)
    raise UnknownModel(
        f"There is no model called {name!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "",
        run("models", "list"),
        option=option,
        found=shown(name),
    )


def _nearest_names(name: str, models: Mapping[str, Entry]) -> list[str]:
    """At most three names: those that begin with `name` (the default first), then those spelt alike."""
    wanted = name.lower()
    import difflib

    begins = sorted((n for n in models if wanted and n.startswith(wanted)), key=lambda n: n != DEFAULT_MODEL)
    alike = difflib.get_close_matches(wanted, models, n=3, cutoff=0.5)
    return list(dict.fromkeys([*begins, *alike]))[:3]


def rembg_session_terms(name: str) -> Terms | None:
    """The terms of rembg's session `name`, given without the "rembg:"; None where they are not known."""
    installed = _installed_catalogue()
    if name in installed.models:
        entry = installed.models[name]
        return Terms(entry.licence, entry.commercial_use, entry.origin)
    return installed.rembg_sessions.get(name)


def rembg_only_sessions() -> Mapping[str, Terms]:
    """The sessions that only rembg runs (the model "rembg:NAME"), by name, with their terms."""
    return _installed_catalogue().rembg_sessions


@cache
def _installed_catalogue() -> CatalogueFile:
    return parse_catalogue(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))


def parse_catalogue(text: str) -> CatalogueFile:
    """The text of a catalogue.toml, checked.

    Raises:
        CatalogueBroken: a key is doubled, unknown or missing, or has a value that makes no sense; names table and key.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _broken(f"it is not valid TOML ({error})") from error
    unknown = set(document) - {"models", "rembg_sessions"}
    if unknown:
        raise _broken(f"unknown table {_shown(unknown)}")
    models = {name: _entry(name, table) for name, table in document.get("models", {}).items()}
    _refuse_shared_filenames(models)
    sessions = {
        name: _built(Terms, table, f"rembg_sessions.{name}")
        for name, table in document.get("rembg_sessions", {}).items()
    }
    doubled = set(models) & set(sessions)
    if doubled:
        raise _broken(f"{_shown(doubled)} is both a model and a rembg session")
    return CatalogueFile(MappingProxyType(models), MappingProxyType(sessions))


def _entry(name: str, table: dict[str, Any]) -> Entry:
    where = f"models.{name}"
    keys = {row.key: row for row in KINDS.values()}
    raw = {key: value for key, value in table.items() if key not in keys}
    raw = {"npm": None, "size": None, "md5": None, "sha256": None, **raw, "name": name}
    if isinstance(raw["npm"], dict):
        raw["npm"] = _npm(raw["npm"], f"{where}.npm")
    if "urls" in table:
        raw["urls"] = tuple(table["urls"])
    raw["companions"] = tuple(_companion(each, raw, where) for each in table.get("companions", ()))
    specs = [_spec(row, table[key], f"{where}.{key}") for key, row in keys.items() if key in table]
    if len(specs) != 1:
        raise _broken(f"[{where}] must have one of the keys {', '.join(keys)}, but has {len(specs)}")
    entry: Entry = _built(Entry, {**raw, "spec": specs[0]}, where)
    _check_entry(entry, where)
    return entry


def _spec(row: ModelKind, table: dict[str, Any], where: str) -> Spec:
    """How a model is run, from the `table` of its kind's key."""
    tuples = {key: tuple(map(float, value)) if isinstance(value, list) else value for key, value in table.items()}
    spec: Spec = _built(row.spec, tuples, where)
    if fault := spec.fault():
        raise _broken(f"[{where}] {fault}")
    return spec


def _companion(table: dict[str, Any], owner: dict[str, Any], where: str) -> Entry:
    """A further file of `owner`: on its terms, and in its folder unless the table names another."""
    terms = {key: owner.get(key) for key in ("title", "licence", "commercial_use", "origin", "note")}
    raw = {"npm": None, "size": None, "md5": None, "sha256": None, "folder": owner.get("folder", ""), **terms, **table}
    raw["name"] = f"{raw['folder'] or owner['name']}/{table.get('filename')}"
    raw["urls"] = tuple(table.get("urls", ()))
    companion: Entry = _built(Entry, raw, f"{where}.companions")
    _check_entry(companion, f"{where}.companions")
    return companion


def _npm(table: dict[str, Any], where: str) -> NpmSource:
    chunks = tuple(_built(Chunk, chunk, f"{where}.chunks") for chunk in table.get("chunks", ()))
    source: NpmSource = _built(NpmSource, {**table, "chunks": chunks}, where)
    return source


def _built(kind: Any, table: dict[str, Any], where: str) -> Any:
    """`kind(**table)` after a check that the keys are those of the dataclass `kind`."""
    known = {field.name for field in fields(kind)}
    needed = {field.name for field in fields(kind) if field.default is MISSING}
    if unknown := set(table) - known:
        raise _broken(f"[{where}] has the unknown key {_shown(unknown)}; known are {', '.join(sorted(known))}")
    if missing := needed - set(table):
        raise _broken(f"[{where}] lacks the key {_shown(missing)}")
    return kind(**table)


def _check_entry(entry: Entry, where: str) -> None:
    if not entry.urls and entry.npm is None:
        raise _broken(f"[{where}] has neither urls nor npm")
    for key, name in (("filename", entry.filename), ("folder", entry.folder or "none")):
        if PurePosixPath(name).name != name or name == "..":
            raise _broken(f"[{where}] {key} {name!r} is not a plain file name")
    if not isinstance(entry.commercial_use, bool):
        raise _broken(f"[{where}] commercial_use must be true or false, but is {entry.commercial_use!r}")
    for algorithm, digest, length in (("md5", entry.md5, 32), ("sha256", entry.sha256, 64)):
        if digest is not None and (len(digest) != length or set(digest) - set("0123456789abcdef")):
            raise _broken(f"[{where}] {algorithm} must be {length} lower-case hexadecimal digits, but is {digest!r}")
    if entry.npm is not None and entry.size != sum(chunk.size for chunk in entry.npm.chunks):
        raise _broken(f"[{where}] size must be that of all chunks together, but is {entry.size}")


def _refuse_shared_filenames(models: Mapping[str, Entry]) -> None:
    owners: dict[str, str] = {}
    for name, entry in models.items():
        for filename in (f"{entry.folder}/{filename}" for filename in entry.filenames):
            if owners.setdefault(filename, name) != name:
                raise _broken(f"{name} and {owners[filename]} both name the file {filename.removeprefix('/')}")


def _shown(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _broken(what: str) -> CatalogueBroken:
    return CatalogueBroken(
        f"The model catalogue (catalogue.toml) is wrong: {what}.",
        "Undo the edit of the file, or install Cutsmith again.",
    )
