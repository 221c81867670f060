"""A ComfyUI server and a GIMP for the tests of this folder, with pictures and networks where they look for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.core.conftest import isnet_weights, photo, tiny_network
from tests.core.detection.random_dino import tiny_folder, vocabulary
from tests.core.segmentation.random_sam2 import random_sam2, tiny_sam2
from tests.hosts.comfyui_server import ComfyUIServer
from tests.hosts.gimp_host import GimpHost
from tests.hosts.host_programs import artifacts_folder, comfyui_folder, gimp_run

__all__ = ["isnet_weights", "photo", "random_sam2", "tiny_folder", "tiny_network", "tiny_sam2", "vocabulary"]

TINY_SAM2 = "tiny_sam2.pt"
TUNED_SAM2 = "mugs.pt"
TINY_DETECTOR = "grounding-dino-random"


@pytest.fixture(scope="session")
def comfyui_tree() -> Path:
    return comfyui_folder()


@pytest.fixture(scope="session")
def tuned_sam2(tiny_sam2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny SAM 2 with another decoder, as `cutsmith finetune` saves it."""
    import torch

    from cutsmith.finetuning.saving import save
    from cutsmith.segmentation.loading import load_segmenter
    from tests.core.finetuning.test_saving import FACTS, TINY

    network = load_segmenter(str(tiny_sam2), device="cpu").model.module
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in network.sam_mask_decoder.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    return save(tmp_path_factory.mktemp("tuned") / TUNED_SAM2, network, TINY, FACTS)


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Where screenshots are kept."""
    return artifacts_folder()


@pytest.fixture(scope="session")
def comfyui(
    comfyui_tree: Path,
    isnet_weights: Path,
    tiny_sam2: Path,
    tuned_sam2: Path,
    tiny_folder: Path,
    photo: Callable[[str], np.ndarray],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ComfyUIServer]:
    """The genuine server. SAM 2 lies where extra_model_paths.yaml says, Grounding DINO in its own model folder."""
    folder = tmp_path_factory.mktemp("comfyui")
    for name in ("input", "elsewhere", "models/grounding-dino"):
        (folder / name).mkdir(parents=True)
    for network, name in ((tiny_sam2, TINY_SAM2), (tuned_sam2, TUNED_SAM2)):
        for suffix in (".pt", ".toml"):
            shutil.copy(network.with_suffix(suffix), (folder / "elsewhere" / name).with_suffix(suffix))
    shutil.copytree(tiny_folder, folder / "models" / "grounding-dino" / TINY_DETECTOR)
    cat = photo("chelsea")
    pictures = {
        "example.png": cat,
        "astronaut.png": photo("astronaut"),
        "mirrored.png": np.ascontiguousarray(cat[:, ::-1]),
        "plain.png": np.full_like(cat, 128),
        "painted.png": painted(cat),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(folder / "input" / name)
    for sample in (Path(__file__).resolve().parents[2] / "workflows" / "samples").iterdir():
        shutil.copy(sample, folder / "input")
    server = ComfyUIServer(comfyui_tree, folder)
    yield server
    server.stop()


def painted(cat: np.ndarray) -> np.ndarray:
    """The cat as ComfyUI's mask editor saves it: transparent where the brush went, roughly over the head."""
    height, width = cat.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    brush = ((columns - 230) / 150) ** 2 + ((rows - 140) / 120) ** 2 <= 1
    return np.dstack((cat, np.where(brush, 0, 255).astype(np.uint8)))


@pytest.fixture
def cutsmith_cut(comfyui: ComfyUIServer, tmp_path: Path) -> Callable[..., np.ndarray]:
    """What `cutsmith cut` writes for a picture of the server's input folder."""

    def cut(picture: str, *options: str) -> np.ndarray:
        written = tmp_path / f"{Path(picture).stem}.png"
        source = str(comfyui.folder / "input" / picture)
        command = [sys.executable, "-m", "cutsmith", "cut", source, "-o", str(written), "--overwrite", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return np.asarray(Image.open(written))

    return cut


@pytest.fixture(scope="session")
def gimp(isnet_weights: Path) -> Iterator[GimpHost]:
    """A genuine GIMP with the plug-in, and IS-Net's real weights for its worker."""
    program = gimp_run()
    # A socket's path is short, and pytest's own folders' are not.
    with tempfile.TemporaryDirectory(prefix="cg-", ignore_cleanup_errors=True) as folder:
        host = GimpHost(program, Path(folder), {"CUTSMITH_MODELS": str(isnet_weights.parent)})
        yield host
        host.end_worker()


@pytest.fixture(scope="session")
def pictures(photo: Callable[[str], np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files for GIMP."""
    folder = tmp_path_factory.mktemp("pictures")
    cat = Image.fromarray(photo("chelsea"))
    cat.save(folder / "cat.png")
    Image.fromarray(photo("astronaut")).save(folder / "astronaut.jpg", quality=92)
    Image.fromarray(photo("astronaut")).save(folder / "astronaut.png")
    cat.save(folder / "profile.png", icc_profile=swapped_profile())
    cat.convert("L").save(folder / "gray.png")
    Image.new("RGB", cat.size, (128, 128, 128)).save(folder / "plain.png")
    return folder


def swapped_profile() -> bytes:
    """A profile that is not sRGB's: its red and green primaries have changed places."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, green = profile.index(b"rXYZ"), profile.index(b"gXYZ")
    profile[red : red + 4], profile[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(profile)


@pytest.fixture(scope="session")
def command_line(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., np.ndarray]:
    """What `cutsmith cut` writes for a file, each once; without matting, unless the options name one."""
    folder, known = tmp_path_factory.mktemp("cut"), {}

    def cut(source: Path, *options: str) -> np.ndarray:
        if "--matting" not in options:
            options = ("--matting", "none", *options)
        if (source, options) not in known:
            written = folder / f"{len(known)}.png"
            command = [sys.executable, "-m", "cutsmith", "cut", str(source), "-o", str(written), *options]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            known[source, options] = np.asarray(Image.open(written))
        return known[source, options]

    return cut


@pytest.fixture(scope="session")
def quick(tiny_network: Callable[..., Path]) -> str:
    """A network that takes no time, for what does not depend on whose mask it is."""
    return str(tiny_network(128, sigmoid=True))


@pytest.fixture(scope="session")
def written(quick: str, command_line: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """What the command line writes with that network."""
    return lambda source, *options: command_line(source, "--model", quick, *options)
