"""Which of SAM 2's networks a checkpoint is for, read from its tensors or from a file beside it.

The official checkpoints differ in their tensors. What cannot be read there (the input's size, which blocks attend to
the whole picture) is taken from the official network. For another network, a file beside the checkpoint, with the same
name and the suffix .toml, says it:

    config = "sam2.1/sam2.1_hiera_t"          # one of the sam2 package's own
    overrides = ["model.image_size=512"]      # what differs from it, as Hydra writes it

Beside them it may have the table [finetuned], which fine-tuning writes (`finetuned`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.cures import run
from cutsmith.errors import ModelUnusable
from cutsmith.segmentation.finetuned import TABLE, read_table
from cutsmith.segmentation.sidecar import SEE_THE_MANUAL, read_sidecar, sidecar_of

if TYPE_CHECKING:
    import torch

# (channels of the first layer, number of blocks) of the official image encoders.
_ENCODERS = {(96, 12): "t", (96, 16): "s", (112, 24): "b+", (144, 48): "l"}
_PATCHES = "image_encoder.trunk.patch_embed.proj.weight"
_BLOCKS = "image_encoder.trunk.blocks."
_ONLY_IN_2_1 = "no_obj_embed_spatial"

# As SAM 2's publishers build it for pictures: where the single mask is unstable, the best of the three is taken.
_FOR_PICTURES = (
    "model.sam_mask_decoder_extra_args.dynamic_multimask_via_stability=true",
    "model.sam_mask_decoder_extra_args.dynamic_multimask_stability_delta=0.05",
    "model.sam_mask_decoder_extra_args.dynamic_multimask_stability_thresh=0.98",
)


@dataclass(frozen=True)
class Sam2Config:
    """A network: a configuration of the sam2 package, such as "sam2.1/sam2.1_hiera_t", and what differs from it."""

    name: str
    overrides: tuple[str, ...] = ()


def config_of(path: Path, tensors: Mapping[str, torch.Tensor]) -> Sam2Config:
    """The network that the checkpoint at `path` is for, from the file beside it, else from its `tensors`.

    Raises:
        ModelUnusable: neither says which, or the file beside it is wrong.
    """
    said = read_sidecar(path)
    return _recognised(path, tensors) if said is None else _said_in(sidecar_of(path), said)


def _recognised(path: Path, tensors: Mapping[str, torch.Tensor]) -> Sam2Config:
    if _PATCHES not in tensors:
        raise ModelUnusable(
            f"{path} is not a SAM 2 checkpoint: {_PATCHES} is not among its {len(tensors)} tensors.",
            run("models", "list", text="Checkpoints that can be fetched"),
        )
    channels = tensors[_PATCHES].shape[0]
    blocks = len({name.split(".")[3] for name in tensors if name.startswith(_BLOCKS)})
    size = _ENCODERS.get((channels, blocks))
    if size is None:
        raise ModelUnusable(
            f"{path} is not for an official SAM 2 network: channels and blocks must be "
            f"{', '.join(f'{c} and {b}' for c, b in _ENCODERS)}, but got {channels} and {blocks}.",
            f"Say which network it is for in {path.with_suffix('.toml').name} beside it (docs/models.md).",
        )
    version = "sam2.1" if _ONLY_IN_2_1 in tensors else "sam2"
    return Sam2Config(f"{version}/{version}_hiera_{size}")


def _said_in(sidecar: Path, found: Mapping[str, Any]) -> Sam2Config:
    name, overrides = found.get("config"), found.get("overrides", [])
    wanted = 'config = "sam2.1/sam2.1_hiera_t", or another configuration, and overrides = ["KEY=VALUE", ...]'
    strings = isinstance(overrides, list) and all(isinstance(each, str) and "=" in each for each in overrides)
    if set(found) - {"config", "overrides", TABLE} or not isinstance(name, str) or not strings:
        raise ModelUnusable(f"{sidecar} must say {wanted}, but says {found}.", SEE_THE_MANUAL)
    if any("_target_" in each for each in overrides):
        # It names the code that is run.
        raise ModelUnusable(f"{sidecar} overrides _target_, which could run any code: it was refused.", SEE_THE_MANUAL)
    if TABLE in found:
        read_table(found[TABLE], sidecar)
    return Sam2Config(name, tuple(each.lstrip("+") for each in overrides))


def build_network(config: Sam2Config, path: Path) -> torch.nn.Module:
    """SAM 2's network for pictures as `config` says, with random weights, ready for inference.

    Raises:
        ModelUnusable: the sam2 package has no such configuration, or cannot build it; `path` is its checkpoint.
    """
    import sam2
    from hydra.errors import HydraException
    from hydra.utils import instantiate
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    folder = Path(sam2.__path__[0]) / "configs"
    names = sorted(str(each.relative_to(folder).with_suffix("")) for each in folder.glob("sam2*/*hiera*.yaml"))
    if config.name not in names:
        raise ModelUnusable(
            f"{path}: the configuration must be one of the sam2 package's, {', '.join(names)}, but got "
            f"{config.name!r}.",
            f"Correct it in {path.with_suffix('.toml').name}.",
        )
    # Read as a file, not with Hydra's compose, which belongs to whichever program initialised it first in the process.
    base: Any = OmegaConf.load(folder / f"{config.name}.yaml")
    try:
        merged = OmegaConf.merge(base, OmegaConf.from_dotlist([*_FOR_PICTURES, *config.overrides]))
        OmegaConf.resolve(merged)
        network: torch.nn.Module = instantiate(merged.model, _recursive_=True)
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError, TypeError, ArithmeticError) as error:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        raise ModelUnusable(
            f"{config.name} with {', '.join(config.overrides) or 'no overrides'} cannot be built: {said}",
            f"Correct {path.with_suffix('.toml').name} (docs/models.md).",
        ) from error
    return network.eval()
