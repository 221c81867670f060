"""`cutsmith cut` as people call it: whole processes, real weights, exit codes, and what is left on the disk."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytestmark = pytest.mark.weights


def cutsmith(*arguments, folder: Path, stdin: bytes | None = None, **environment: str):
    if arguments[0] == "cut" and "--looks" not in arguments:
        arguments = (*arguments, "--looks", "1")  # the cat is a doubtful picture: three looks take three times as long
    return subprocess.run(
        [sys.executable, "-m", "cutsmith", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        input=stdin,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )


@pytest.fixture
def folder(tmp_path, photo, isnet_weights) -> Path:
    Image.fromarray(photo("chelsea")).save(tmp_path / "cat.jpg", quality=95)
    return tmp_path


@pytest.fixture
def plain(tmp_path) -> Path:
    path = tmp_path / "plain.png"
    Image.new("RGB", (200, 150), (90, 120, 80)).save(path)
    return path


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_one_picture(folder) -> None:
    done = cutsmith("cut", "cat.jpg", "-o", "cut.png", folder=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == "cut.png"
    cut = Image.open(folder / "cut.png")
    assert cut.mode == "RGBA"
    assert cut.size == (451, 300)
    assert names(folder) == {"cat.jpg", "cut.png"}


def test_without_an_output_it_lies_beside_the_input(folder) -> None:
    assert cutsmith("cut", "cat.jpg", folder=folder).returncode == 0
    assert cutsmith("cut", "cat.jpg", "--mask-only", folder=folder).returncode == 0
    assert names(folder) == {"cat.jpg", "cat-cut.png", "cat-mask.png"}
    np.testing.assert_array_equal(
        np.asarray(Image.open(folder / "cat-mask.png")), np.asarray(Image.open(folder / "cat-cut.png"))[..., 3]
    )


def test_standard_input_and_output(folder) -> None:
    done = cutsmith("cut", "-", "-o", "-", folder=folder, stdin=(folder / "cat.jpg").read_bytes())
    assert done.returncode == 0, done.stderr
    piped = Image.open(io.BytesIO(done.stdout))
    assert piped.mode == "RGBA"
    assert names(folder) == {"cat.jpg"}
    cutsmith("cut", "cat.jpg", "-o", "cut.png", folder=folder)
    np.testing.assert_array_equal(np.asarray(piped), np.asarray(Image.open(folder / "cut.png")))


def test_many_go_on_after_one_fails_and_the_exit_code_tells(folder, plain) -> None:
    (folder / "broken.jpg").write_bytes((folder / "cat.jpg").read_bytes()[:3000])
    (folder / "ein Bild – 猫.jpg").write_bytes((folder / "cat.jpg").read_bytes())
    done = cutsmith(
        "cut", "broken.jpg", "missing.jpg", "plain.png", "ein Bild – 猫.jpg", "-o", "out/", "--json", folder=folder
    )
    assert done.returncode == 1
    told = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [row["status"] for row in told] == ["failed", "failed", "nothing found", "done"]
    assert [row["input"] for row in told] == ["broken.jpg", "missing.jpg", "plain.png", "ein Bild – 猫.jpg"]
    assert told[0]["error"]["type"] == "PictureDamaged"
    assert told[1]["error"]["type"] == "PictureNotFound"
    assert told[2]["best_probability"] < 0.5
    assert told[3]["output"] == "out/ein Bild – 猫.png"
    assert told[3]["model"].startswith("isnet-general-use")
    assert told[3]["seconds"] > 0
    assert told[3]["provenance"]["engine"]
    assert names(folder / "out") == {"ein Bild – 猫.png"}
    assert b"Traceback" not in done.stderr


def test_nothing_found_is_exit_4_and_writes_nothing(folder, plain) -> None:
    before = names(folder)
    done = cutsmith("cut", "plain.png", "-o", "cut.png", "--preview", "p.png", folder=folder)
    assert done.returncode == 4
    assert b"best probability" in done.stderr
    assert names(folder) == before


def test_nothing_found_in_some_is_exit_0_with_a_warning(folder, plain) -> None:
    done = cutsmith("cut", "plain.png", "cat.jpg", "-o", "out", folder=folder)
    assert done.returncode == 0
    assert b"plain.png" in done.stderr
    assert names(folder / "out") == {"cat.png"}


def test_an_output_that_exists_is_kept_unless_overwrite_is_given(folder) -> None:
    (folder / "cut.png").write_bytes(b"mine")
    done = cutsmith("cut", "cat.jpg", "-o", "cut.png", folder=folder)
    assert done.returncode == 1
    assert b"--overwrite" in done.stderr
    assert (folder / "cut.png").read_bytes() == b"mine"
    assert cutsmith("cut", "cat.jpg", "-o", "cut.png", "--overwrite", folder=folder).returncode == 0
    assert Image.open(folder / "cut.png").mode == "RGBA"
    assert names(folder) == {"cat.jpg", "cut.png"}


def test_preview_background_and_provenance(folder) -> None:
    done = cutsmith(
        "cut", "cat.jpg", "-o", "white.jpg", "--background", "white", "--preview", "preview.png", "--provenance",
        "--timings", folder=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"mask" in done.stderr
    white = np.asarray(Image.open(folder / "white.jpg"))
    assert white[:20, -20:].min() > 245
    assert "isnet-general-use" in str(dict(Image.open(folder / "white.jpg").getexif()))
    preview = Image.open(folder / "preview.png")
    assert preview.width > 3 * 451


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["cat.jpg", "-o", "cut.jpg"], 2, "--background white"),
        (["cat.jpg", "-o", "cut.xyz"], 2, ".png"),
        (["cat.jpg", "--box", "1,2,3"], 2, "X0,Y0,X1,Y1"),
        (["cat.jpg", "--box", "a,b,c,d"], 2, "X0,Y0,X1,Y1"),
        (["cat.jpg", "--box", "300,10,20,200"], 2, "--box 20,10,300,200"),
        (["cat.jpg", "--box", "900,900,950,950"], 2, "451 x 300"),
        (["cat.jpg", "--background", "blu"], 2, "blue"),
        (["cat.jpg", "--background", "#12345"], 2, "#rrggbb"),
        (["cat.jpg", "--model", "isnet"], 2, "isnet-general-use"),
        (["cat.jpg", "--model", "u2netp"], 3, "cutsmith models fetch u2netp"),
        (["cat.jpg", "--band", "3"], 2, "IN,OUT"),
        (["cat.jpg", "--matting", "none", "--band", "3,3"], 2, "--matting auto"),
        (["cat.jpg", "--threads", "0"], 2, "1 or more"),
        (["cat.jpg", "--max-pixels", "1000"], 1, "--max-pixels"),
        (["cat.jpg", "missing.jpg", "-o", "out/", "--preview", "out/"], 2, "--preview previews/"),
        (["cat.jpg", "--background", ""], 2, "--background must be a colour"),
        (["cat.jpg", "-o", ""], 2, "-o must be a file or a folder"),
        (["cat.jpg", "-o", "out", "--format", "jpg"], 2, "--background white"),
        (["cat.jpg", "-o", "cut.png", "--format", "webp"], 2, "-o cut.webp"),
        (["cat.jpg", "-o", "cut.png", "--name", "x"], 2, "Leave --name out"),
        (["cat.jpg", "-o", "out", "--name", "{stam}"], 2, "{stem}, {suffix}, {folder}, {number}"),
        (["cat.jpg", "--skip-existing", "--overwrite"], 2, "leave --overwrite out"),
        (["cat.jpg", "--quality", "80", "-o", "cut.png"], 2, "PNG has no quality to choose"),
        (["cat.jpg", "--quality", "80", "--format", "tiff"], 2, "TIFF has no quality to choose"),
        (["cat.jpg", "--quality", "0"], 2, "--quality must be a whole number from 1 to 100"),
        (["nothing/"], 2, "-o nothing-cut/"),
        (["nothing/", "-o", "out"], 1, "no picture in the folder nothing/"),
        (["nothing/", "-o", "nothing"], 2, "cannot be that of the results"),
        (["cat.jpg", "missing.jpg", "-o", "one.png"], 2, "must be a folder"),
        (["cat.jpg", "-o", "cat.jpg", "--overwrite", "--background", "red"], 2, "one of the inputs"),
        (["cat.jpg", "--json", "-o", "-"], 2, "standard output"),
        (["cat.jpg", "--mask-only", "--background", "red"], 2, "--mask-only"),
        (["cat.jpg", "-o", "cut.bmp", "--background", "red", "--provenance"], 2, "BMP cannot hold"),
        (["cat.jpg", "-o", "cut.png", "--preview", "-"], 2, "--preview preview.png"),
        (["cat.jpg", "-o", f"{'a' * 300}.png"], 1, "too long"),
        (["cat.jpg", "--preview", f"{'a' * 300}.png"], 1, "too long"),
        (["cat.jpg", "--background", "a" * 300], 2, "#rrggbb"),
        (["cat.jpg", "--background", "text.jpg"], 1, "but looks like text"),
        (["cat.jpg", "--background", "."], 1, "folder"),
        (["cat.jpg", "--box", "10,10,12,12"], 4, "Nothing was found in the box 10,10,12,12 of cat.jpg"),
        (["cat.jpg", "--model", "a" * 300], 2, "cutsmith models list"),
        (["missing.jpg"], 1, "missing.jpg"),
        (["."], 2, "folder"),
        (["text.jpg"], 1, "text"),
        (["empty.png"], 1, "empty"),
        ([], 2, "INPUT"),
    ],
)
def test_bad_input_is_told_with_its_exit_code_and_writes_nothing(folder, arguments, code, told) -> None:
    (folder / "text.jpg").write_text("hello, this is no picture\n" * 20)
    (folder / "empty.png").touch()
    (folder / "nothing" / ".hidden").mkdir(parents=True)
    (folder / "nothing" / "notes.txt").touch()
    before = names(folder)
    done = cutsmith("cut", *arguments, folder=folder)
    assert done.returncode == code, done.stderr.decode()
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert names(folder) == before


def test_a_format_whose_reader_is_not_installed_does_not_stop_the_others(folder) -> None:
    (folder / "photo.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(100))
    (folder / "without" / "pi_heif").mkdir(parents=True)
    (folder / "without" / "pi_heif" / "__init__.py").write_text("raise ImportError('no pi_heif')")
    path = os.pathsep.join([str(folder / "without"), os.environ.get("PYTHONPATH", "")])
    alone = cutsmith("cut", "photo.heic", "-o", "alone.png", folder=folder, PYTHONPATH=path)
    assert alone.returncode == 3
    assert b"cutsmith[heic]" in alone.stderr
    several = cutsmith("cut", "photo.heic", "cat.jpg", "-o", "out/", folder=folder, PYTHONPATH=path)
    assert several.returncode == 1
    assert several.stderr.count(b"photo.heic") == 1
    assert names(folder / "out") == {"cat.png"}


def test_weights_that_are_nowhere_are_exit_3_with_the_command(folder) -> None:
    home = folder / "home"
    home.mkdir()
    done = cutsmith(
        "cut", "cat.jpg", folder=folder, HOME=str(home), XDG_DATA_HOME=str(home), XDG_CACHE_HOME=str(home),
        CUTSMITH_MODELS=str(home), U2NET_HOME=str(home),
    )  # fmt: skip
    assert done.returncode == 3
    assert b"cutsmith models fetch isnet-general-use" in done.stderr
    told = cutsmith(
        "cut", "cat.jpg", "dog.jpg", "--json", folder=folder, HOME=str(home), XDG_DATA_HOME=str(home),
        XDG_CACHE_HOME=str(home), CUTSMITH_MODELS=str(home), U2NET_HOME=str(home),
    )  # fmt: skip
    assert told.returncode == 3
    rows = [json.loads(line) for line in told.stdout.splitlines()]
    assert [(row["input"], row["status"]) for row in rows] == [("cat.jpg", "failed"), ("dog.jpg", "failed")]
    assert rows[0]["error"]["type"] == "WeightsMissing"


def test_weights_that_are_truncated_are_exit_3_with_the_command(folder, isnet_weights) -> None:
    home = folder / "home"
    home.mkdir()
    with isnet_weights.open("rb") as whole:
        (home / isnet_weights.name).write_bytes(whole.read(1_000_000))
    done = cutsmith(
        "cut", "cat.jpg", folder=folder, HOME=str(home), XDG_DATA_HOME=str(home), XDG_CACHE_HOME=str(home),
        CUTSMITH_MODELS=str(home), U2NET_HOME=str(home),
    )  # fmt: skip
    assert done.returncode == 3
    assert b"but has 1,000,000" in done.stderr
    assert b"cutsmith models fetch" in done.stderr


def test_an_accelerator_that_is_absent_is_a_warning_and_the_picture_is_cut(folder) -> None:
    done = cutsmith("cut", "cat.jpg", "--engine", "cuda", "-o", "cut.png", folder=folder)
    assert done.returncode == 0
    assert b"cuda was asked for" in done.stderr
    assert b"not used" in done.stderr
    assert (folder / "cut.png").exists()


def test_an_interrupt_leaves_nothing_half_written(folder) -> None:
    import signal
    import time

    process = subprocess.Popen(
        [sys.executable, "-m", "cutsmith", "cut", "cat.jpg", "-o", "cut.png"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(0.8)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the machine was faster than the interrupt")
    assert process.returncode == 130, errors
    assert b"interrupted" in errors
    assert names(folder) == {"cat.jpg"}


def test_a_folder_is_cut_out_once_however_often_it_is_asked_for(folder) -> None:
    """With its sub-folders, results inside it, and results that are there left alone."""
    (folder / "in" / "sub").mkdir(parents=True)
    shutil.copy(folder / "cat.jpg", folder / "in" / "a.jpg")
    Image.open(folder / "cat.jpg").save(folder / "in" / "a.png")
    shutil.copy(folder / "cat.jpg", folder / "in" / "sub" / "b.jpg")
    (folder / "in" / "notes.txt").write_text("hello")
    call = ("cut", "in", "-o", "in/out", "--background", "white", "--name", "{stem}-white", "--skip-existing")
    done = cutsmith(*call, folder=folder)
    assert done.returncode == 0, done.stderr
    results = ["a-jpg-white.jpg", "a-png-white.jpg", "sub/b-white.jpg"]
    assert done.stdout.decode().split() == [str(Path("in", "out", each)) for each in results]
    assert names(folder / "in" / "out") == set(results)
    assert b"1 file is no picture and was left out." in done.stderr
    (folder / "in" / "out" / "sub" / "b-white.jpg").unlink()
    again = cutsmith(*call, folder=folder)
    assert again.returncode == 0
    assert again.stdout.decode().split() == [str(Path("in", "out", "sub", "b-white.jpg"))]
    assert b"2 of 3 pictures were skipped: their results are already there" in again.stderr
    once_more = cutsmith(*call, "--json", folder=folder)
    rows = [json.loads(line) for line in once_more.stdout.splitlines()]
    assert [row["status"] for row in rows] == ["skipped"] * 3
    assert [row["output"] for row in rows] == [str(Path("in", "out", each)) for each in results]
    assert once_more.returncode == 0


def test_one_picture_goes_into_a_new_folder_and_is_done_once(folder) -> None:
    done = cutsmith("cut", "cat.jpg", "./cat.jpg", "-o", "new", "--format", "webp", folder=folder)
    assert done.returncode == 0, done.stderr
    assert names(folder) == {"cat.jpg", "new/cat.webp"}
    assert b"1 picture was named more than once and will be cut out once: ./cat.jpg." in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_photograph_is_never_replaced_whatever_leads_to_it(folder) -> None:
    """Links as output, as folder of the output and as preview; the background; standard input; its end by a shell."""
    before = (folder / "cat.jpg").read_bytes()
    (folder / "out.png").symlink_to("cat.jpg")
    (folder / "hard.png").hardlink_to(folder / "cat.jpg")
    (folder / "results").symlink_to(".")
    Image.open(folder / "cat.jpg").save(folder / "b.png")
    wall = (folder / "b.png").read_bytes()
    calls = [
        ("cat.jpg", "-o", "out.png"),
        ("cat.jpg", "-o", "hard.png"),
        ("b.png", "-o", "results/"),
        ("cat.jpg", "-o", "new.png", "--preview", "out.png"),
        ("cat.jpg", "--background", "b.png", "-o", "b.png"),
    ]
    for call in calls:
        done = cutsmith("cut", *call, "--overwrite", folder=folder)
        assert done.returncode == 2, call
        assert b"one of the inputs" in done.stderr, call
    with (folder / "cat.jpg").open("r+b") as stream:
        command = [sys.executable, "-m", "cutsmith", "cut", "-", "-o", "out.png", "--overwrite"]
        done = subprocess.run(command, cwd=folder, stdin=stream, capture_output=True, timeout=120, check=False)
        assert b"out.png leads to standard input, which is one of the inputs" in done.stderr
        command = [sys.executable, "-m", "cutsmith", "cut", "cat.jpg", "-o", "-"]
        done = subprocess.run(command, cwd=folder, stdout=stream, stderr=subprocess.PIPE, timeout=120, check=False)
        assert b"Standard output is cat.jpg, one of the inputs." in done.stderr
    assert (folder / "cat.jpg").read_bytes() == before
    assert (folder / "b.png").read_bytes() == wall
    assert not (folder / "new.png").exists()
