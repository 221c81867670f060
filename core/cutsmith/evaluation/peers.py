"""rembg as a peer: its alpha, with or without its own alpha matting. Nothing is downloaded for it.

IS-Net is the file that Cutsmith itself uses by default, so that two programs are compared and not two sets of weights.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.cures import Cure
from cutsmith.errors import ExtraMissing, WeightsMissing
from cutsmith.evaluation.configurations import PEERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_U2NET = "u2net"
_HOME = "U2NET_HOME"


def peer_cutter(peer: str) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """A function from an sRGB picture uint8 (H, W, 3) to rembg's alpha float32 (H, W) in [0, 1].

    Raises:
        ExtraMissing: rembg is not installed.
        WeightsMissing: rembg has no U2-Net yet, which it would download unasked; or IS-Net is not on this machine.
    """
    from cutsmith.removal.loading import default_weights

    network, with_matting = PEERS[peer].network, PEERS[peer].with_matting
    try:
        import rembg
    except ImportError as error:
        raise ExtraMissing("rembg is not installed.", Cure("install_extra", names=("rembg",))) from error
    session = _u2net() if network == "u2net" else _isnet(default_weights())

    def cut(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        result: Any = rembg.remove(image, session=session, alpha_matting=with_matting)
        return np.asarray(result)[..., 3].astype(np.float32) / np.float32(255)

    return cut


def _u2net() -> Any:
    import rembg

    home = Path(os.environ.get(_HOME) or Path.home() / ".u2net").expanduser()
    if not (home / f"{_U2NET}.onnx").is_file():
        raise WeightsMissing(f"rembg's own U2-Net is not in {home}.", model=_U2NET)
    return rembg.new_session(_U2NET)


def _isnet(weights: Path) -> Any:
    import rembg

    # rembg opens files of its own folder only, and asks for that folder when it opens one.
    before = os.environ.get(_HOME)
    os.environ[_HOME] = str(weights.absolute().parent)
    try:
        return rembg.new_session("dis_custom", model_path=str(weights.absolute()))
    finally:
        if before is None:
            del os.environ[_HOME]
        else:
            os.environ[_HOME] = before
