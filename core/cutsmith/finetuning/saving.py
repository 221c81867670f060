"""A tuned network as files: a checkpoint of the publisher's form, and what is known of it beside it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cutsmith.errors import BadOption
from cutsmith.picture.destination import write_atomically, write_bytes_atomically
from cutsmith.segmentation.finetuned import TABLE, Finetuned
from cutsmith.segmentation.sidecar import sidecar_of

if TYPE_CHECKING:
    import torch

    from cutsmith.segmentation.sam2_config import Sam2Config

SUFFIXES = (".pt", ".pth")
"""What the publisher's form may be called."""


def check_result(path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Refuse a result that could not be written as things stand, before hours of work are done.

    Raises:
        BadOption: the suffix is neither .pt nor .pth.
        OutputExists: it, or the file beside it, exists, and `overwrite` is false.
        OutputRefused: its folder is not there or may not be written to.
    """
    from cutsmith.picture.destination import check_place

    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise BadOption("", option="output", found=target.name, wanted="the name of a file that ends in .pt or .pth")
    for each in (target, sidecar_of(target)):
        check_place(each, overwrite=overwrite)


def save(
    path: str | os.PathLike[str],
    network: torch.nn.Module,
    config: Sam2Config,
    facts: Finetuned,
    *,
    overwrite: bool = False,
) -> Path:
    """Write `network` to `path` as `{"model": tensors}`, and NAME.toml beside it; -> the path.

    Upstream's `build_sam2` loads the checkpoint, with the configuration and the overrides that the TOML names. Each
    file is whole or not there, even if the process is killed; where one of them cannot be written, neither is.

    Args:
        path: ends in .pt or .pth.
        network: a whole SAM 2 of the sam2 package, low-rank weights merged.
        config: which network it is.
        facts: how it was tuned.
        overwrite: whether files that are there may be replaced.

    Raises:
        BadOption, OutputExists, OutputRefused: as `check_result`; also where the disk is full.
        ExtraMissing: the optional part [sam2] is not whole.
    """
    from cutsmith.engines.torch_device import require_packages

    require_packages("sam2", "torch", "tomli_w")
    check_result(path, overwrite=overwrite)
    target = Path(path)
    sidecar = sidecar_of(target)
    # It gets its name last: a text beside a checkpoint must never be about an older one.
    waiting = sidecar.with_name(f".{sidecar.name}.part")
    write_bytes_atomically(_said(config, facts), waiting, overwrite=True)
    try:
        write_atomically(lambda stream: _write_tensors(network, stream), target, overwrite=overwrite)
        waiting.replace(sidecar)
    except BaseException:  # Ctrl-C too; it is raised again
        with contextlib.suppress(OSError):
            waiting.unlink()
        raise
    return target


def _said(config: Sam2Config, facts: Finetuned) -> bytes:
    import tomli_w

    said: dict[str, Any] = {"config": config.name}
    if config.overrides:
        said["overrides"] = list(config.overrides)
    return tomli_w.dumps({**said, TABLE: facts.table()}).encode()


def _write_tensors(network: torch.nn.Module, stream: BinaryIO) -> None:
    import torch

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    noted = _NotedErrors(stream)
    try:
        torch.save({"model": tensors}, noted)
    except RuntimeError as error:
        # torch's writer in C++ hides what the stream has raised.
        raise noted.error or error from error


class _NotedErrors:
    """Passes bytes on to a stream, and remembers why it would not take them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """As of a stream."""
        try:
            return self._stream.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """As of a stream."""
        self._stream.flush()
