"""Checkpoints, as torch.save (`{"model": {name: tensor}}`) or safetensors writes them: read safely, fitted to networks.

No code in a checkpoint is run: pickles are read with `weights_only=True`, and safetensors hold none.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.cures import run
from cutsmith.errors import ModelUnusable, WeightsDamaged

if TYPE_CHECKING:
    import torch

SAFETENSORS = ".safetensors"
SHOWN_TENSORS = 3
_PICKLE = b"\x80"  # the first byte of every pickle since protocol 2


def read_checkpoint(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of the checkpoint at `path`, by name, on the processor; read from the disk when they are needed.

    `{"model": tensors}`, `{"state_dict": tensors}` and the tensors alone are understood, and files with the suffix
    .safetensors; a "module." before every name, which parallel training leaves there, is removed.

    Raises:
        WeightsDamaged: the file is empty, truncated or corrupt, or cannot be read.
        ModelUnusable: it is a pickle that wants to run code, or holds no tensors.
        ExtraMissing: it is a .safetensors file, and the package safetensors is not installed.
    """
    found = _from_safetensors(path) if path.suffix.lower() == SAFETENSORS else _unpickled(path)
    for key in ("model", "state_dict"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
            break
    tensors = _tensors(found, path)
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): tensor for name, tensor in tensors.items()}
    return tensors


def _from_safetensors(path: Path) -> dict[str, torch.Tensor]:
    from cutsmith.engines.torch_device import require_packages

    require_packages("sam2", "safetensors")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return dict(load_file(path))
    except OSError as error:
        raise WeightsDamaged(f"{path} cannot be read: {error.strerror or error}.", "Copy it again.") from error
    except SafetensorError as error:
        raise WeightsDamaged(
            f"{path} is not a complete safetensors file: {path.stat().st_size:,} bytes, {error}.",
            "Fetch or copy it again.",
        ) from error


def _unpickled(path: Path) -> Any:
    import torch

    try:
        size = path.stat().st_size
        # Only files of the format that torch has written since 1.6, which is a zip, can be mapped into memory.
        mapped = zipfile.is_zipfile(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except pickle.UnpicklingError as error:
        if named := re.search(r"GLOBAL\s+`?([\w.]+)", str(error)):
            raise _refused(path, named[1]) from error
        if mapped or _first_byte(path) == _PICKLE:
            raise _refused(path, "it holds what tensors do not need") from error
        raise _damaged(path, size, error) from error
    except OSError as error:
        raise WeightsDamaged(f"{path} cannot be read: {error.strerror or error}.", "Copy it again.") from error
    except (RuntimeError, EOFError, ValueError, KeyError, AttributeError, ImportError) as error:
        # torch and pickle raise these for files that end early or hold something else, by where they notice.
        raise _damaged(path, size, error) from error


def _first_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1)


def _refused(path: Path, reason: str) -> ModelUnusable:
    return ModelUnusable(
        f"{path} is a pickle that may run code while it loads ({reason}): it was refused, and none of it ran.",
        "Take a file that holds nothing but tensors, such as the publisher's.",
        run("models", "list"),
    )


def _damaged(path: Path, size: int, error: Exception) -> WeightsDamaged:
    # torch's own words go on for paragraphs, and those for a foreign file speak of something else.
    said = "" if isinstance(error, pickle.UnpicklingError) else str(error).strip().partition(". ")[0].partition("\n")[0]
    return WeightsDamaged(
        f"{path} is not a complete checkpoint: {size:,} bytes{f', {said[:120]}' if said else ''}.",
        "Fetch or copy it again. It must be a file that torch.save wrote, such as the publisher's.",
    )


def _tensors(found: Any, path: Path) -> dict[str, torch.Tensor]:
    import torch

    if isinstance(found, Mapping) and found and all(isinstance(value, torch.Tensor) for value in found.values()):
        return {str(name): tensor for name, tensor in found.items()}
    kind = (
        f"a {type(found).__name__}"
        if not isinstance(found, Mapping)
        else f"{len(found)} entries ({', '.join(str(key) for key in list(found)[:SHOWN_TENSORS])})"
    )
    raise ModelUnusable(
        f"{path} must hold {{'model': tensors by name}}, as its publishers save it, but holds {kind}.",
        run("models", "list", text="Checkpoints that can be fetched"),
    )


def fit_checkpoint(
    network: torch.nn.Module,
    tensors: Mapping[str, torch.Tensor],
    *,
    path: Path,
    kind: str,
    superfluous: Iterable[str] = (),
    unused: Iterable[str] = (),
) -> None:
    """Copy `tensors` into `network`: each of its tensors must be there in the right shape, and no others.

    Numbers of half precision become those of the network.

    Args:
        network: what is filled.
        tensors: by name.
        path: their file, for messages.
        kind: what `network` is, for messages, such as "SAM 2.1 hiera tiny".
        superfluous: beginnings of names that official files hold and the network does not use.
        unused: beginnings of names that the network has and does not use here; what the file lacks of them stays as it
            is.

    Raises:
        ModelUnusable: tensors are missing, unexpected or of another shape; all in one line.
    """
    spared = tuple(unused)
    wanted = {
        name: tensor for name, tensor in network.state_dict().items() if name in tensors or not name.startswith(spared)
    }
    ignored = tuple(superfluous)
    missing = [name for name in wanted if name not in tensors]
    unexpected = [name for name in tensors if name not in wanted and not name.startswith(ignored)]
    misshapen = [
        f"{name} {tuple(tensors[name].shape)} for {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    complaints = [
        f"{len(names)} {what} ({', '.join(names[:SHOWN_TENSORS])}{', ...' if len(names) > SHOWN_TENSORS else ''})"
        for what, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen))
        if names
    ]
    if complaints:
        raise ModelUnusable(
            f"{path} does not fit {kind}: of its {len(tensors)} tensors and the {len(wanted)} of the network, "
            f"{'; '.join(complaints)}.",
            f"If it is for another network, say which in {path.with_suffix('.toml').name} beside it (docs/models.md).",
        )
    network.load_state_dict({name: tensors[name] for name in wanted}, strict=not spared)
