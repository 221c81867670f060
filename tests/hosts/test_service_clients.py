"""Real clients of remove.bg against the service, byte for byte as their registries have them.

In a network of the tests' own, the name that they have built in leads to the service. What they save has the right
alpha.
"""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith.service.keys import add_key
from tests.core.red_network import write_red_network
from tests.hosts.client_network import ClientNetwork, Ran, why_not
from tests.hosts.host_programs import service_clients_folder, without_host

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 400, 300
ROWS, COLUMNS = slice(75, 225), slice(100, 275)
RED, BLUE = (220, 30, 20), (20, 40, 200)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A key, and the file that it stands in."""
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    return add_key("clients", file), file


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, key: tuple[str, Path]) -> Iterator[ClientNetwork]:
    if reason := why_not():
        pytest.skip(f"a network of the tests' own cannot be made here: {reason}")
    folder = tmp_path_factory.mktemp("network")
    model = write_red_network(folder / "red.onnx")
    options = ("--model", str(model), "--require-key", "--keys", str(key[1]), "--folder", str(folder / "service"))
    made = ClientNetwork(folder, options)
    yield made
    made.stop()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a red subject on blue, a picture without any, and its file as Base64."""
    pixels = np.full((HEIGHT, WIDTH, 3), BLUE, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "empty.png")
    pixels[ROWS, COLUMNS] = RED
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    (tmp_path / "photo.txt").write_bytes(base64.b64encode((tmp_path / "photo.png").read_bytes()))
    return tmp_path


@pytest.fixture
def python(network: ClientNetwork, pictures: Path, key: tuple[str, Path]) -> Callable[[str, str], Ran]:
    """Runs a script with one of the clients, which finds the key in KEY."""

    def run(client: str, script: str) -> Ran:
        folder = service_clients_folder() / client
        return network.run(sys.executable, "-c", script, folder=pictures, PYTHONPATH=str(folder), KEY=key[0])

    return run


@pytest.fixture
def node(network: ClientNetwork, pictures: Path, key: tuple[str, Path]) -> Callable[[str], dict]:
    """Runs an expression with npm's client as `client`; -> what it promises, or {"failed": its reason}."""
    program = shutil.which("node") or without_host("Node.js is not on this machine")

    def run(expression: str) -> dict:
        modules = service_clients_folder() / "remove.bg" / "node_modules"
        script = (
            'const client = require("remove.bg"), fs = require("fs");'
            f"{expression}.then(found => found, failed => ({{failed}}))"
            ".then(found => console.log(JSON.stringify(found)))"
        )
        ran = network.run(program, "-e", script, folder=pictures, NODE_PATH=str(modules), KEY=key[0])
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


def is_cut_out(path: Path) -> bool:
    """Whether the picture at `path` has the red subject's alpha and colours."""
    with Image.open(path) as image:
        assert (image.mode, image.size) == ("RGBA", (WIDTH, HEIGHT))
        samples = np.asarray(image).astype(float)
    right = np.zeros((HEIGHT, WIDTH))
    right[ROWS, COLUMNS] = 255
    assert np.abs(samples[..., 3] - right).mean() < 1
    assert ((samples[..., 3] > 127) == (right > 0)).mean() > 0.999
    assert np.abs(samples[ROWS, COLUMNS, :3] - RED).mean() < 2
    return True


def test_remove_bg_api_looks_at_its_account_and_saves_the_cut_out(python, pictures) -> None:
    ran = python(
        "remove-bg-api",
        "import os, remove_bg_api as api\n"
        "client = api.RemoveBg(os.environ['KEY'])\n"
        "before = client.account.balance()\n"
        "print(client.remove_bg_file('photo.png', 'saved.png', raw=False))\n"
        "client.remove_bg_base64(open('photo.txt').read(), 'base64.png', raw=False)\n"
        "print(before == client.account.balance(), client.account.free_api_calls() > 0)\n",
    )
    assert (ran.returncode, ran.stdout.split()) == (0, ["saved.png", "True", "True"]), ran.stderr
    assert is_cut_out(pictures / "saved.png")
    assert is_cut_out(pictures / "base64.png")


def test_remove_bg_api_raises_its_own_errors(python) -> None:
    ran = python(
        "remove-bg-api",
        "import os, remove_bg_api as api\n"
        "try: api.RemoveBg('wrong')\n"
        "except api.Errors.ApiErrorCode403: print('403')\n"
        "try: api.RemoveBg(os.environ['KEY']).remove_bg_file('empty.png')\n"
        "except api.Errors.ApiErrorCode400: print('400')\n",
    )
    assert ran.stdout.split() == ["403", "400"], ran.stderr


# It takes a name from the standard library that Python 3.10 has moved.
_OLD_NAME = "import collections, collections.abc; collections.Callable = collections.abc.Callable\n"


def test_remove_bg_returns_the_cut_out_and_shows_the_title_of_an_error(python, pictures) -> None:
    ran = python(
        "remove-bg",
        _OLD_NAME + "import os, removebg\n"
        "from removebg import exceptions\n"
        "client = removebg.RemoveBg(api_token=os.environ['KEY'])\n"
        "open('saved.png', 'wb').write(client.remove_background_from_file('photo.png', size='auto'))\n"
        "with open('photo.png', 'rb') as behind:\n"
        "    data = client.remove_background_from_file('photo.png', bg_image_file=behind, format='png')\n"
        "open('behind.png', 'wb').write(data)\n"
        "try: client.remove_background_from_file('empty.png')\n"
        "except exceptions.InvalidParameters as error: print(error)\n"
        "try: removebg.RemoveBg(api_token='wrong').remove_background_from_file('photo.png')\n"
        "except exceptions.AuthenticationFailed as error: print(error)\n",
    )
    assert ran.stdout.splitlines() == ["Could not identify foreground in image", "Invalid API Key"], ran.stderr
    assert is_cut_out(pictures / "saved.png")
    with Image.open(pictures / "behind.png") as image:
        assert np.abs(np.asarray(image)[5, 5].astype(int) - BLUE).max() <= 2


def test_removebg_saves_the_cut_out_beside_the_picture(python, pictures) -> None:
    ran = python(
        "removebg",
        "import os, removebg\n"
        "client = removebg.RemoveBg(os.environ['KEY'], 'errors.log')\n"
        "client.remove_background_from_img_file('photo.png')\n"
        "client.remove_background_from_base64_img(open('photo.txt').read(), new_file_name='base64.png')\n",
    )
    assert ran.returncode == 0, ran.stderr
    assert is_cut_out(pictures / "photo.png_no_bg.png")
    assert is_cut_out(pictures / "base64.png")


def test_rembgpy_sends_all_its_fields_and_saves_the_cut_out(python, pictures) -> None:
    ran = python(
        "rembgpy",
        "import os, rembgpy\n"
        "client = rembgpy.RemBg(os.environ['KEY'], 'errors.log')\n"
        "picture = open('photo.txt').read()\n"
        "print(client.remove_b64(picture, size='auto', nfn='saved.png'))\n"
        "client.remove_b64(picture, crop='10px', bg='ff0', bg_type='color', nfn='cropped.jpg')\n",
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "[*] Process finished."), ran.stderr
    assert is_cut_out(pictures / "saved.png")
    with Image.open(pictures / "cropped.jpg") as image:
        assert image.size == (175 + 20, 150 + 20)
        assert np.abs(np.asarray(image)[3, 3].astype(int) - (255, 255, 0)).max() <= 3


def test_npms_client_saves_the_cut_out_of_a_file_and_reads_the_headers(node, pictures) -> None:
    told = node(
        'client.removeBackgroundFromImageFile({path: "photo.png", apiKey: process.env.KEY, size: "auto", '
        'type: "product", outputFile: "saved.png"})'
    )
    assert is_cut_out(pictures / "saved.png")
    assert base64.b64decode(told["base64img"]) == (pictures / "saved.png").read_bytes()
    assert {name: told[name] for name in ("creditsCharged", "detectedType", "resultWidth", "resultHeight")} == {
        "creditsCharged": "0", "detectedType": "product", "resultWidth": "400", "resultHeight": "300",
    }  # fmt: skip


def test_npms_client_crops_scales_and_lays_on_a_colour(node, pictures) -> None:
    told = node(
        'client.removeBackgroundFromImageBase64({base64img: fs.readFileSync("photo.txt", "utf8"), '
        'apiKey: process.env.KEY, crop: true, crop_margin: "20px", bg_color: "#0f0", outputFile: "saved.jpg"})'
    )
    assert (told["resultWidth"], told["resultHeight"]) == ("215", "190")
    with Image.open(pictures / "saved.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (215, 190))
    told = node(
        'client.removeBackgroundFromImageFile({path: "photo.png", apiKey: process.env.KEY, scale: "50%", '
        'position: "0% 100%", outputFile: "moved.png"})'
    )
    alpha = np.asarray(Image.open(pictures / "moved.png"))[..., 3]
    assert alpha[299, 1] > 250, told
    assert alpha[:149].max() == 0


def test_npms_client_is_given_the_errors(node) -> None:
    key = "process.env.KEY"
    failed = [
        node(f'client.removeBackgroundFromImageFile({{path: "empty.png", apiKey: {key}}})'),
        node('client.removeBackgroundFromImageFile({path: "photo.png", apiKey: "wrong"})'),
        node(f'client.removeBackgroundFromImageUrl({{url: "https://a.example/x.png", apiKey: {key}}})'),
        node(f'client.removeBackgroundFromImageFile({{path: "photo.png", apiKey: {key}, roi: "0 0 500px 10px"}})'),
    ]
    codes = [each["failed"][0]["code"] for each in failed]
    assert codes == ["unknown_foreground", "auth_failed", "failed_image_download", "roi_exceeds_bounds"]


def test_the_documentations_own_line_for_curl_saves_the_cut_out(network, pictures, key) -> None:
    program = shutil.which("curl") or without_host("curl is not on this machine")
    line = ["-H", f"X-API-Key: {key[0]}", "-F", "image_file=@photo.png", "-F", "size=auto", "-f"]
    address = "https://api.remove.bg/v1.0/removebg"
    ran = network.run(program, "--silent", "--show-error", *line, address, "-o", "no-bg.png", folder=pictures)
    assert ran.returncode == 0, ran.stderr
    assert is_cut_out(pictures / "no-bg.png")
    wrong = network.run(program, "--silent", "-H", "X-API-Key: wrong", *line[2:], address, folder=pictures)
    assert wrong.returncode == 22, "curl -f fails with it for a status of 400 or more"
