"""Our soft mask against rembg's own from the same weights: `python benchmarks/mask_parity.py`.

Mean and largest absolute difference in levels of 255 on four photographs, ours stretched as rembg stretches its mask,
for each engine; and what dividing the picture by 255 instead of by its own maximum, as rembg does, would change.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from nothing_found import photograph
from numpy.typing import NDArray

from cutsmith.engines.opening import open_model
from cutsmith.errors import NotInstalled
from cutsmith.models.catalogue import DEFAULT_MODELS, catalogue
from cutsmith.models.store import Store
from cutsmith.removal.salient import SalientRemover

PHOTOGRAPHS = ("chelsea", "astronaut", "coffee", "rocket")


def weights() -> Path:
    """IS-Net's file on this machine.

    Raises:
        NotInstalled: the file is missing.
    """
    for name in DEFAULT_MODELS:
        located = Store().find(catalogue()[name])
        if located is not None:
            return located.path
    raise NotInstalled("IS-Net's weights are not on this machine.", "python3 install.py test")


def rembg_masks(path: Path) -> dict[str, NDArray[np.float32]]:
    """rembg's masks of the photographs, float32 (H, W) in levels 0-255, with the weights at `path`."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "models" / "isnet-general-use"
        folder.mkdir(parents=True)
        shutil.copy(path, folder / "isnet-general-use.onnx")
        os.environ["REMBG_HOME"] = home
        os.environ.pop("U2NET_HOME", None)
        from PIL import Image
        from rembg.session_factory import new_session

        session = new_session("isnet-general-use")
        return {
            name: np.asarray(session.predict(Image.fromarray(photograph(name)))[0], np.float32) for name in PHOTOGRAPHS
        }


def main() -> None:
    """Print a row per engine and divisor."""
    path = weights()
    theirs = rembg_masks(path)
    spec = catalogue()[DEFAULT_MODELS[0]].salient
    assert spec is not None, "the default is a remover"
    print(f"{'engine':24} {'divided by':10} " + " ".join(f"{name:>18}" for name in PHOTOGRAPHS) + "   (mean / max)")
    for engine in ("onnxruntime", "openvino"):
        opened = open_model(path, engine=engine).engine
        for divisor in ("maximum", "255"):
            remover = SalientRemover("isnet", replace(spec, divide_by=divisor), opened, path.name)
            cells = []
            for name in PHOTOGRAPHS:
                mask = remover.soft_mask(photograph(name))
                difference = np.abs((mask - mask.min()) / np.ptp(mask) * 255 - theirs[name])
                cells.append(f"{difference.mean():9.3f} / {difference.max():6.1f}")
            print(f"{opened.name:24} {divisor:10} " + " ".join(cells))


if __name__ == "__main__":
    main()
