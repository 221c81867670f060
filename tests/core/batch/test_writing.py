"""What is written, and when it is refused or left alone: before the work wherever that can be."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Request
from cutsmith.batch.outcome import DONE, FAILED, NOTHING_FOUND, SKIPPED, as_json, exit_code
from cutsmith.batch.plan import STANDARD, Job, plan_jobs
from cutsmith.batch.run import Batch, run_batch
from cutsmith.batch.writing import Writing, checked_output
from cutsmith.errors import BadOption, OutputExists, OutputFormatUnsupported, OutputRefused
from cutsmith.output import Output
from cutsmith.picture import Originals
from tests.core.stand_ins import LeftHalf, Nothing, TwoMugs, WholeBox

posix = pytest.mark.skipif(os.name != "posix", reason="links of POSIX")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (60, 40), (90, 20, 200)).save("a.png")
    return tmp_path


def run(job: Job, *, remover=None, request=None, originals=(), **options):
    """(the outcome of `job`, how many masks were made)."""
    remover = remover or LeftHalf()
    models = Models(remover, TwoMugs(), WholeBox())
    batch = Batch(request or Request(), Writing(Output(**options), originals=Originals(originals)), models)
    (outcome,) = run_batch([job], batch)
    return outcome, len(remover.seen)


def each(job: Job, **options):
    return run(job, request=Request.of(text="mug", objects="each"), **options)[0]


def test_what_is_there_is_left_alone_and_nothing_is_read(here) -> None:
    (here / "cut.png").write_bytes(b"mine")
    outcome, masks = run(Job("missing.jpg", "cut.png"), skip_existing=True)
    assert (outcome.status, masks, outcome.error) == (SKIPPED, 0, None)
    assert (here / "cut.png").read_bytes() == b"mine"
    told = as_json(outcome)
    assert (told["status"], told["output"]) == ("skipped", "cut.png")
    assert "error" not in told
    done, masks = run(Job("a.png", "other.png"), skip_existing=True)
    assert (done.status, masks) == (DONE, 1)
    nothing, _ = run(Job("a.png", "none.png"), remover=Nothing(), skip_existing=True)
    assert nothing.status == NOTHING_FOUND
    assert exit_code([outcome]) == exit_code([outcome, done]) == exit_code([outcome, nothing]) == 0


def test_a_preview_that_is_missing_is_made_beside_a_result_that_is_there(here) -> None:
    (here / "cut.png").write_bytes(b"mine")
    outcome, masks = run(Job("a.png", "cut.png", "seen.png"), skip_existing=True)
    assert (outcome.status, masks) == (DONE, 1)
    assert (here / "cut.png").read_bytes() == b"mine"
    assert Image.open("seen.png").width > 60
    again, masks = run(Job("a.png", "cut.png", "seen.png"), skip_existing=True)
    assert (again.status, masks) == (SKIPPED, 0)


def test_a_result_that_appears_during_the_work_is_left_alone(here) -> None:
    class Slow(LeftHalf):
        def soft_mask(self, image):
            Path("cut.png").write_bytes(b"another call's")
            return super().soft_mask(image)

    outcome, _ = run(Job("a.png", "cut.png"), remover=Slow(), skip_existing=True)
    assert outcome.status == DONE
    assert (here / "cut.png").read_bytes() == b"another call's"
    failed, _ = run(Job("a.png", "cut.png"), remover=Slow())
    assert isinstance(failed.error, OutputExists)


def test_a_folder_or_a_link_to_nothing_is_no_result(here) -> None:
    (here / "folder.png").mkdir()
    outcome, masks = run(Job("a.png", "folder.png"), skip_existing=True)
    assert (type(outcome.error), masks) == (OutputRefused, 0)


def test_of_several_objects_the_first_is_written_last_and_stands_for_all(here, monkeypatch) -> None:
    written = []
    real = Writing.write
    monkeypatch.setattr(
        Writing, "write", lambda self, cutout, job: (written.append(job.output), real(self, cutout, job))[1]
    )
    outcome = each(Job("a.png", "cut.png"), skip_existing=True)
    assert written == ["cut-2.png", "cut-1.png"]
    assert outcome.outputs == ("cut-1.png", "cut-2.png")
    again = each(Job("a.png", "cut.png"), skip_existing=True)
    assert (again.status, again.outputs) == (SKIPPED, ("cut-1.png",))
    # As a call leaves them that was ended between the two.
    (here / "cut-1.png").unlink()
    Path("cut-2.png").write_bytes(b"whole")
    assert each(Job("a.png", "cut.png"), skip_existing=True).status == DONE
    assert Image.open("cut-1.png").size == (60, 40)
    assert Path("cut-2.png").read_bytes() == b"whole"


def test_numbered_results_are_checked_before_the_work_as_far_as_they_are_known(here) -> None:
    for name in ("cut.xyz", "cut.jpg"):
        outcome = each(Job("a.png", name))
        assert isinstance(outcome.error, OutputFormatUnsupported)
    Path("cut-1.png").write_bytes(b"mine")
    segmenter = WholeBox()
    batch = Batch(Request.of(text="mug", objects="each"), Writing(), Models(LeftHalf(), TwoMugs(), segmenter))
    (outcome,) = run_batch([Job("a.png", "cut.png")], batch)
    assert isinstance(outcome.error, OutputExists)
    assert segmenter.asked == []


@posix
def test_a_numbered_result_that_leads_to_an_original_is_refused_before_any_is_written(here) -> None:
    before = Path("a.png").read_bytes()
    (here / "cut-2.png").symlink_to("a.png")
    outcome = each(Job("a.png", "cut.png"), overwrite=True, originals=["a.png"])
    assert isinstance(outcome.error, OutputRefused)
    assert "leads to a.png" in outcome.error.what
    assert Path("a.png").read_bytes() == before
    assert not Path("cut-1.png").exists()


@posix
@pytest.mark.parametrize("which", ["output", "preview"])
def test_a_result_that_comes_to_lead_to_an_original_during_the_work_is_refused(here, which) -> None:
    before = Path("a.png").read_bytes()
    names = {"output": "cut.png", "preview": "seen.png"}

    class Swaps(LeftHalf):
        def soft_mask(self, image):
            Path(names[which]).symlink_to("a.png")
            return super().soft_mask(image)

    outcome, masks = run(Job("a.png", "cut.png", "seen.png"), remover=Swaps(), originals=["a.png"], overwrite=True)
    assert (outcome.status, masks) == (FAILED, 1)
    assert isinstance(outcome.error, OutputRefused)
    assert Path("a.png").read_bytes() == before


@pytest.mark.parametrize(
    ("output", "options"),
    [
        ("cut.webp", {}),
        ("cut.jpg", {"background": "white"}),
        ("cut.avif", {"mask_only": True}),
        (STANDARD, {"format": "webp"}),
    ],
)
def test_a_side_too_long_for_the_format_is_told_before_a_model_runs(output, options, monkeypatch) -> None:
    # Each format's own limit, at the size of a test's picture.
    monkeypatch.setattr("cutsmith.picture.encoding._LONGEST_SIDE", {"WEBP": 59, "JPEG": 59, "AVIF": 59})

    class Out:
        def check(self) -> None: ...

        def write(self, data: bytes) -> None: ...

    remover = LeftHalf()
    writing = Writing(Output(**options), standard_output=Out())
    (outcome,) = run_batch([Job("a.png", output)], Batch(Request(), writing, Models(remover)))
    assert isinstance(outcome.error, OutputFormatUnsupported)
    assert "at most 59 pixels on each side, but the result has 60 x 40" in outcome.error.what
    assert remover.seen == []
    assert run(Job("a.png", "cut.png"))[0].status == DONE


def test_the_limits_are_those_of_the_formats() -> None:
    Image.new("RGB", (16384, 20)).save("long.png")
    outcome, masks = run(Job("long.png", "cut.webp"))
    assert (type(outcome.error), masks) == (OutputFormatUnsupported, 0)
    # Turned upright, the long side is the height.
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (16384, 20)).save("turned.jpg", exif=exif)
    outcome, masks = run(Job("turned.jpg", "cut.webp"))
    assert "20 x 16384" in outcome.error.what
    assert masks == 0


def test_a_format_holds_for_standard_output_too() -> None:
    class Out:
        data = b""

        def check(self) -> None: ...

        def write(self, data: bytes) -> None:
            self.data += data

    for options, magic in (
        ({}, b"\x89PNG"),
        ({"format": "tiff"}, b"II*\0"),
        ({"format": "jpg", "background": "red"}, b"\xff\xd8\xff"),
        ({"background": "red"}, b"\x89PNG"),
    ):
        out = Out()
        batch = Batch(Request(), Writing(Output(**options), standard_output=out), Models(LeftHalf()))
        (outcome,) = run_batch([Job("a.png", STANDARD)], batch)
        assert outcome.status == DONE
        assert out.data.startswith(magic), options


def test_a_folder_with_a_background_gives_jpegs(here) -> None:
    (here / "in" / "sub").mkdir(parents=True)
    Image.new("RGB", (60, 40), (90, 20, 200)).save("in/sub/a.png")
    output = Output(background="white")
    plan = plan_jobs(["in"], "out", None, output)
    (outcome,) = run_batch(plan.jobs, Batch(Request(), Writing(output, originals=plan.originals), Models(LeftHalf())))
    image = Image.open("out/sub/a.jpg")
    assert outcome.outputs == (str(Path("out", "sub", "a.jpg")),)
    assert image.format == "JPEG"
    assert np.asarray(image)[:, 40:].min() > 250


@pytest.mark.parametrize(
    ("options", "told", "cured"),
    [
        ({"mask_only": True, "background": "red"}, "The mask alone has no background", {"mask_only", "background"}),
        ({"skip_existing": True, "overwrite": True}, "both left alone and replaced", {"overwrite", "skip_existing"}),
        ({"skip_existing": True, "detections_only": True}, "not written to files", {"skip_existing"}),
        ({"background": ""}, "background must be a colour", {"background"}),
        ({"background": "  "}, "background must be a colour", {"background"}),
        ({"quality": 0}, "from 1 to 100", {"quality"}),
        ({"quality": 101}, "from 1 to 100", {"quality"}),
        ({"format": "gif"}, "one of png, tiff, webp, jpg, avif, bmp", {"format"}),
        *(
            ({"name": name}, "{stem}, {suffix}, {folder}, {number}", {"name"})
            for name in ("", " ", "{}", "{stam}", "{stem", "stem}", "{stem.x}", "{stem[0]}", "{stem!r}", "{number:3}",
                         "a/{stem}", "a\\{stem}", "../{stem}", "{stem}\0", "{0}", "{stem:{suffix}}")
        ),
    ],
)  # fmt: skip
def test_options_that_are_wrong_or_exclude_each_other_are_refused(options, told, cured) -> None:
    with pytest.raises(BadOption) as caught:
        checked_output(Output(**options))
    assert told in caught.value.what
    assert {cure.option for cure in caught.value.cures} == cured


def test_a_format_that_cannot_hold_the_result_is_told_before_the_first_picture() -> None:
    for options in ({"format": "jpg"}, {"format": "bmp"}, {"format": "bmp", "background": "red", "provenance": True}):
        with pytest.raises(OutputFormatUnsupported):
            checked_output(Output(**options))
    good = Output(format="jpg", mask_only=True, quality=80, name="{{{stem}}}", provenance=True)
    assert checked_output(good) is good
    assert checked_output(replace(good, mask_only=False, background="blur"))


def test_metadata_that_is_lost_is_told_with_the_picture(here) -> None:
    Image.new("RGB", (60, 40)).save("b.jpg", xmp=b"<no XML")
    outcome, _ = run(Job("b.jpg", "cut.png"), keep_metadata=("xmp",))
    assert (outcome.status, outcome.warnings) == (DONE, ("the XMP data is damaged, and not kept",))
    assert as_json(outcome)["warnings"] == ["the XMP data is damaged, and not kept"]
    silent, _ = run(Job("b.jpg", "other.png"))
    assert silent.warnings == ()


def test_the_quality_counts_for_previews_and_masks(here) -> None:
    Image.effect_noise((200, 150), 90).convert("RGB").save("noise.png")
    sizes = {}
    for quality in (10, 95):
        run(Job("noise.png", f"{quality}.jpg", f"seen-{quality}.jpg"), background="white", quality=quality)
        run(Job("noise.png", f"mask-{quality}.webp"), remover=Noisy(), mask_only=True, quality=quality)
        sizes[quality] = [Path(name).stat().st_size for name in (f"seen-{quality}.jpg", f"mask-{quality}.webp")]
    assert all(small < large for small, large in zip(sizes[10], sizes[95], strict=True))


class Noisy(LeftHalf):
    def soft_mask(self, image):
        super().soft_mask(image)
        return np.random.default_rng(1).random(image.shape[:2], np.float32)
