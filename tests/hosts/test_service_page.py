"""The service's page in headless Chromium with a real `cutsmith serve`: what it saves is what `cutsmith cut` writes."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
import zipfile

import pytest
from PIL import Image

from tests.hosts.service_page import (
    address,
    alpha_of,
    browser,
    disc,
    network,
    pictures,
    service_page,
    serving,
)

__all__ = ["address", "browser", "network", "pictures"]

pytestmark = pytest.mark.slow


@pytest.fixture
def page(browser, address):
    with service_page(browser, address) as made:
        yield made


@pytest.fixture
def cut(network, tiny_sam2, tmp_path):
    """The bytes that `cutsmith cut` writes for a picture."""

    def written(picture, *options, suffix=".png"):
        path = tmp_path / f"cut{suffix}"
        models = ("--model", str(network), "--segmenter", str(tiny_sam2))
        command = [sys.executable, "-m", "cutsmith", "cut", str(picture), "-o", str(path), "--overwrite", *models]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return path.read_bytes()

    return written


def test_dropped_pictures_get_verdicts_and_the_download_is_what_the_command_line_writes(page, pictures, cut) -> None:
    page.drop(*pictures)
    page.settled(rows=3)
    # What has no result needs a person first, then what is to be reviewed.
    assert page.names[0] == "nothing.png"
    assert page.rows[0].startswith("nothing.png, Nothing found, ")
    standings = {each.split(", ")[0]: each.split(", ")[1] for each in page.rows}
    assert standings["whole.png"] in ("Accept", "Review")
    order = [standings[name] for name in page.names]
    assert order == sorted(order, key=["Nothing found", "Review", "Accept"].index)
    assert page.heading == "nothing.png"
    assert "Point at the subject" in page.verdict
    assert page.page.locator("#save").is_disabled()
    page.select("whole.png")
    name, data = page.saved()
    assert name == "whole.png"
    assert data == cut(pictures[0])
    assert page.page.locator("#said").get_attribute("aria-live") == "polite"


def test_the_slider_compares_by_pointer_and_by_keys(page, pictures) -> None:
    page.drop(pictures[0])
    page.settled(rows=1)
    slider = page.page.locator(".board input[type=range]")
    slider.focus()
    page.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "53% before, the rest after"
    split = "() => getComputedStyle(document.querySelector('.board')).getPropertyValue('--split')"
    assert page.page.evaluate(split) == "53%"
    page.drag((0.53, 0.5), (0.2, 0.5))
    assert 15 < float(page.page.evaluate(split).rstrip("%")) < 25


def test_clicks_show_the_mask_at_once_and_are_cut_out_and_undone(page, pictures, cut) -> None:
    page.drop(pictures[0])
    page.settled(rows=1)
    first = page.shown
    page.use("point")
    page.settled()
    assert page.veil_at(0.5, 0.5) > 200  # the result's own mask, before anything was clicked
    with page.page.expect_response("**/mask") as answered:
        page.click_at(0.5, 0.5)
    page.settled()
    assert answered.value.headers["content-type"] == "image/png"
    asked = answered.value.request.post_data_json
    assert asked.keys() == {"points", "longest"}
    mask = page.mask_of(pictures[0], asked)
    for x, y in ((40, 200), (160, 120), (300, 30)):
        assert abs(mask.getpixel((x, y)) - page.veil_at((x + 0.5) / 320, (y + 0.5) / 240)) <= 2
    page.click_at(0.1, 0.1, shift=True)
    page.settled()
    assert page.page.locator(".dot.plus").count() == 1
    assert page.page.locator(".dot.minus").count() == 1
    assert page.shown == first
    page.page.locator("#apply").click()
    page.settled()
    second = page.shown
    assert second != first
    [[x, y, label]] = asked["points"]
    assert (abs(x - 160) < 1, abs(y - 120) < 1, label) == (True, True, 1)
    page.use("point")
    page.settled()
    with page.page.expect_response("**/mask") as answered:
        page.click_at(0.9, 0.9)
    points = answered.value.request.post_data_json["points"]
    page.settled()
    page.press("Control+z")
    page.use("look")
    data = page.saved()[1]
    assert data == cut(pictures[0], *(part for point in points[:2] for part in ("--point", ",".join(map(str, point)))))
    page.press("Control+z", "Control+z", "Control+z")
    page.settled()
    assert page.shown == first
    assert page.page.locator("#undo").is_disabled()
    assert page.saved()[1] == cut(pictures[0])
    page.press("Control+Shift+z", "Control+Shift+z", "Control+Shift+z")
    page.settled()
    assert page.shown == second


def test_a_box_is_dragged(page, pictures, cut) -> None:
    page.drop(pictures[0])
    page.settled(rows=1)
    page.use("box")
    with page.page.expect_response("**/mask") as answered:
        page.drag((0.2, 0.1), (0.8, 0.9))
    box = answered.value.request.post_data_json["box"]
    assert [abs(one - other) <= 2 for one, other in zip(box, (64, 24, 256, 216), strict=True)] == [True] * 4
    page.settled()
    page.press("Control+Enter")
    page.settled()
    assert page.saved()[1] == cut(pictures[0], "--box", ",".join(map(str, box)))


def test_a_brush_adds_and_takes_away_and_undo_restores_the_result(page, pictures, cut) -> None:
    page.drop(pictures[0])
    page.settled(rows=1)
    first = page.shown
    page.use("brush")
    page.settled()
    assert page.veil_at(0.1, 0.9) == 0
    page.drag((0.05, 0.9), (0.25, 0.9))
    page.press("x")
    page.drag((0.5, 0.4), (0.5, 0.6))
    page.settled()
    assert page.veil_at(0.15, 0.9) == 255
    assert page.veil_at(0.5, 0.5) == 0
    assert page.veil_at(0.6, 0.6) > 200
    with page.page.expect_response("**/refine") as answered:
        page.page.locator("#apply").click()
    assert answered.value.status == 200
    page.settled()
    alpha = alpha_of(page.saved()[1])
    assert alpha.shape == (240, 320)
    assert alpha[216, 48] > 240
    assert alpha[120, 160] < 15
    assert alpha[150, 195] > 240
    assert alpha[20, 20] < 15
    page.press("Control+z", "Control+z", "Control+z")
    page.settled()
    assert page.shown == first
    assert page.saved()[1] == cut(pictures[0])
    page.press("Control+y", "Control+y", "Control+y")
    page.settled()
    assert (alpha_of(page.saved()[1]) == alpha).all()


def test_where_nothing_was_found_the_brush_says_what_the_subject_is(page, pictures) -> None:
    page.drop(pictures[2])
    page.settled(rows=1)
    page.use("brush")
    page.settled()
    page.drag((0.4, 0.5), (0.6, 0.5))
    page.page.locator("#apply").click()
    page.settled()
    assert page.rows[0].startswith("nothing.png, Accept")
    alpha = alpha_of(page.saved()[1])
    assert (alpha[60, 80] > 240, alpha[10, 10] < 15) == (True, True)


def test_edge_background_and_frame_change_the_download_and_can_be_undone(page, pictures, cut) -> None:
    page.drop(pictures[0])
    page.settled(rows=1)
    soft = page.shown
    page.page.locator('#edge input[value="none"]').check(force=True)
    page.settled()
    assert page.shown != soft
    assert page.saved()[1] == cut(pictures[0], "--matting", "none")
    page.press("Control+z")
    page.page.locator('#background input[value="white"]').check(force=True)
    page.page.locator("#format").select_option("jpg")
    name, data = page.saved()
    assert name == "whole.jpg"
    assert data == cut(pictures[0], "--background", "#ffffff", suffix=".jpg")
    page.page.locator('#background input[value="none"]').check(force=True)
    page.page.locator("#frame-kind").select_option("crop")
    for kind, suffix in (("png", ".png"), ("webp", ".webp"), ("tiff", ".tiff")):
        page.page.locator("#format").select_option(kind)
        page.settled()
        name, data = page.saved()
        assert name == f"whole{suffix}"
        assert data == cut(pictures[0], "--crop", suffix=suffix)
    page.page.locator("#format").select_option("png")
    page.page.locator("#frame-kind").select_option("preset amazon")
    page.settled()
    assert page.page.locator(".board.framed .after").evaluate("image => image.naturalWidth") == 2000
    assert page.saved()[1] == cut(pictures[0], "--preset", "amazon")
    page.page.locator("#frame-kind").select_option("size")
    page.page.locator("#frame-width").fill("300")
    page.page.locator("#margin").fill("10")
    page.press("Tab")
    page.settled()
    assert page.saved()[1] == cut(pictures[0], "--canvas", "300x2000", "--margin", "10px")
    while page.page.locator("#undo").is_enabled():
        page.page.locator("#undo").click()
        page.page.wait_for_timeout(40)
    page.settled()
    assert page.shown == soft


def test_an_own_picture_goes_behind_the_subject(page, pictures, tmp_path, cut) -> None:
    ground = tmp_path / "ground.png"
    Image.new("RGB", (64, 64), (10, 200, 90)).save(ground)
    page.drop(pictures[0])
    page.settled(rows=1)
    with page.page.expect_file_chooser() as chooser:
        page.page.locator('#background input[value="picture"]').click(force=True)
    assert page.page.locator('#background input[value="none"]').is_checked()
    chooser.value.set_files(ground)
    page.until("() => document.querySelector('.board .ground').naturalWidth === 64")
    assert page.saved()[1] == cut(pictures[0], "--background", str(ground))


def test_a_zip_of_all_keeps_the_names(page, pictures, tmp_path, cut) -> None:
    other = tmp_path / "other"
    other.mkdir()
    page.drop(*pictures)
    page.drop(disc(other / "whole.png", radius=40))
    page.settled(rows=4)
    name, data = page.saved("#save-all")
    assert name == "cutsmith.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert sorted(opened.namelist()) == sorted(["whole.png", "große Tasse.png", "whole (2).png"])
        assert opened.read("große Tasse.png") == cut(pictures[1])
        assert opened.read("whole (2).png") == cut(other / "whole.png")
    assert "nothing.png" in page.page.locator("#alarm").inner_text()


def test_the_keyboard_does_it_all(page, pictures, cut) -> None:
    page.press("Tab")
    assert page.page.evaluate("document.activeElement.id") == "ask"
    page.press("Tab")
    assert page.page.evaluate("document.activeElement.id") == "choose"
    with page.page.expect_file_chooser() as chooser:
        page.press("Enter")
    chooser.value.set_files(pictures)
    page.settled(rows=3)
    page.page.locator("#list").focus()
    names = page.names
    page.press("End")
    page.page.wait_for_timeout(60)
    assert page.heading == names[-1]
    page.press("Home", "ArrowDown")
    page.page.wait_for_timeout(60)
    assert page.heading == names[1]
    active = page.page.locator("#list").get_attribute("aria-activedescendant")
    assert page.page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    while page.heading != "whole.png":
        page.press("j")
        page.page.wait_for_timeout(60)
    first = page.shown
    # A box: from the middle, ten steps left and eight up; then to the other side.
    page.press("b", *["ArrowLeft"] * 12, *["ArrowUp"] * 12, "Enter", *["ArrowRight"] * 24, *["ArrowDown"] * 24)
    with page.page.expect_response("**/mask") as answered:
        page.press("Enter")
    box = answered.value.request.post_data_json["box"]
    assert [abs(one - other) <= 1 for one, other in zip(box, (83, 43, 237, 197), strict=True)] == [True] * 4
    page.press("Escape", "p", "[", "]", "x", "Enter", *["ArrowLeft"] * 4, "Enter")
    page.settled()
    assert page.veil_at(0.45, 0.5) == 0
    page.press("Control+Enter")
    page.settled()
    assert page.shown != first
    page.press("Control+z", "Control+z", "Control+z")
    page.settled()
    assert page.shown == first
    with page.page.expect_download() as download:
        page.press("d")
    assert download.value.suggested_filename == "whole.png"
    page.press("?")
    assert page.page.locator("#help").is_visible()
    page.press("Escape")
    assert not page.page.locator("#help").is_visible()
    page.page.locator("#list").focus()
    page.press("Delete")
    page.page.wait_for_timeout(60)
    assert "whole.png" not in page.names


def test_what_is_pasted_comes_in_and_what_is_no_picture_stays_out(page, pictures, tmp_path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("hello")
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG, but no more")
    page.drop(note, kind="text/plain")
    assert "no picture" in page.page.locator("#alarm").inner_text()
    page.drop(broken)
    page.settled(rows=1)
    assert page.rows[0].startswith("broken.png, Failed, ")
    assert page.page.locator("#verdict button", has_text="Try again").is_visible()
    page.page.evaluate(
        """text => {
          const transfer = new DataTransfer();
          const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
          transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
          dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
        }""",
        base64.b64encode(pictures[0].read_bytes()).decode(),
    )
    page.settled(rows=2)
    assert any(each.startswith("image.png, ") for each in page.rows)


def test_hostile_names_do_nothing_but_stand_there(page, pictures, tmp_path) -> None:
    hostile = "<img src=x onerror=document.title='broken'>.png"
    (tmp_path / hostile).write_bytes(pictures[0].read_bytes())
    page.drop(tmp_path / hostile)
    page.settled(rows=1)
    assert page.names == [hostile]
    assert page.heading == hostile
    assert page.saved()[0].endswith(".png")
    assert "broken" not in page.page.title()
    assert page.page.locator("img[src=x]").count() == 0


def test_words_are_sent_and_answered(browser, network, tiny_sam2, tiny_folder, pictures) -> None:
    models = ("--model", str(network), "--segmenter", str(tiny_sam2), "--detector", str(tiny_folder))
    with serving(*models) as address, service_page(browser, address) as page:
        page.drop(pictures[0])
        page.settled(rows=1)
        page.page.locator("#words").fill("red mug")
        with page.page.expect_response("**/mask", timeout=120_000) as answered:
            page.press("Enter")
        assert answered.value.request.post_data_json == {"text": "red mug", "longest": 1024}
        page.settled()
        hint = page.page.locator("#tray .hint").inner_text()
        if answered.value.ok:
            assert "Blue is what will be cut out" in hint
        else:
            assert answered.value.status == 422
            assert answered.value.json()["error"]["what"] in hint
