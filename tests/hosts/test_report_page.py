"""A batch's page in headless Chromium, used with the keyboard: as a file, and served by `cutsmith review`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from cutsmith.batch.manifest import Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.report import thumbnails
from cutsmith.report.page import write_report
from cutsmith.report.verdicts import Applied, apply_verdicts
from tests.core.report.made_batch import HOSTILE, RIM, MadeBatch, encoded, key_of, put, small_batch
from tests.ctrl_c import hears_ctrl_c
from tests.hosts.headless_chromium import headless_chromium
from tests.hosts.report_page import CONTRASTS, shown, wait_for

pytestmark = pytest.mark.slow

ORDER = ["d.jpg", "e9.jpg", "b.jpg", "c.jpg", "e10.jpg", "a.jpg", "plain.jpg", "broken.jpg"]
MANY = 10_000


@pytest.fixture(scope="module")
def browser():
    with headless_chromium() as opened:
        yield opened


@pytest.fixture
def batch(tmp_path) -> MadeBatch:
    return small_batch(tmp_path)


@pytest.fixture
def file_page(browser, batch):
    with shown(browser, write_report(batch.out).as_uri()) as made:
        yield made


def test_a_person_decides_by_keys_and_a_reload_keeps_it(file_page) -> None:
    assert file_page.names == ORDER
    assert file_page.selected == "d.jpg"
    file_page.press("a")
    assert file_page.selected == "e9.jpg"
    assert "Accepted: d.jpg. 1 of 6 results decided." in file_page.page.locator("#said").inner_text()
    assert file_page.page.locator("#said").get_attribute("aria-live") == "polite"
    file_page.press("j", "r", "k")
    assert file_page.selected == "b.jpg"
    assert (file_page.said("d.jpg"), file_page.said("b.jpg"), file_page.said("c.jpg")) == (
        "accepted",
        "rejected",
        "undecided",
    )
    assert [file_page.number("said", each) for each in ("", "accepted", "rejected", "undecided")] == [6, 1, 1, 4]
    # Cutsmith's own counts stay as they are.
    assert [file_page.number("group", each) for each in ("review", "accept", "not judged", "failed")] == [3, 2, 1, 1]
    file_page.press("u")
    assert (file_page.selected, file_page.said("b.jpg")) == ("b.jpg", "undecided")
    file_page.press("r")
    file_page.page.reload()
    file_page.ready()
    assert (file_page.said("d.jpg"), file_page.said("b.jpg")) == ("accepted", "rejected")
    file_page.press("u")
    assert "nothing to undo" in file_page.page.locator("#said").inner_text()


def test_arrows_home_and_end_move_the_selection_and_tell_assistive_programs(file_page) -> None:
    grid = file_page.page.locator("#grid")
    file_page.press("ArrowRight", "ArrowRight", "ArrowLeft")
    assert file_page.selected == "e9.jpg"
    active = grid.get_attribute("aria-activedescendant")
    assert file_page.page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    file_page.press("End")
    assert file_page.selected == "broken.jpg"
    file_page.press("a")
    assert "has no result to decide about" in file_page.page.locator("#said").inner_text()
    assert file_page.page.locator("#detail .reasons").inner_text().endswith("Give the whole file.")
    file_page.press("Home", "k")
    assert file_page.selected == "d.jpg"


def test_filters_by_both_verdicts_by_reason_and_by_name(file_page) -> None:
    file_page.press("a")
    file_page.tile("group", "review").click()
    assert file_page.names == ["d.jpg", "b.jpg", "c.jpg"]
    file_page.tile("said", "undecided").click()
    assert file_page.names == ["b.jpg", "c.jpg"]
    file_page.page.locator("#grid").focus()
    file_page.press("r")  # it leaves the filter, and the next takes its place
    assert (file_page.names, file_page.selected) == (["c.jpg"], "c.jpg")
    file_page.press("u")
    assert (file_page.names, file_page.selected) == (["b.jpg", "c.jpg"], "b.jpg")
    file_page.tile("said", "").click()
    file_page.tile("group", "").click()
    reasons = file_page.page.locator("#reason option").all_inner_texts()
    assert f"2 × {RIM}" in reasons
    file_page.page.select_option("#reason", label=f"2 × {RIM}")
    assert file_page.names == ["b.jpg", "c.jpg"]
    file_page.page.select_option("#reason", "-1")
    file_page.tile("group", "failed").click()
    assert file_page.names == ["broken.jpg"]
    file_page.tile("group", "failed").click()
    file_page.press("/")
    file_page.page.keyboard.type("E1")
    file_page.until("document.querySelectorAll('.card').length === 1")
    assert file_page.names == ["e10.jpg"]
    file_page.page.keyboard.type("none such")
    file_page.page.wait_for_selector("#none:not([hidden])")
    file_page.page.locator("#reset").click()
    assert file_page.names == ORDER
    file_page.page.select_option("#sort", "name")
    assert file_page.names[:3] == ["broken.jpg", "d.jpg", "e9.jpg"]


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_full_size_shows_the_files_themselves_and_is_left_by_the_same_key(file_page, batch, key) -> None:
    file_page.press("j", "j", key)
    full = file_page.page.locator("#full")
    assert full.is_visible()
    for side, path in (("after", batch.out / "rings/b.png"), ("before", batch.shop / "rings/b.jpg")):
        file_page.until(
            "([side, address]) => { const image = document.querySelector(`#full img.${side}`);"
            " return image.src === address && image.naturalWidth === 48; }",
            [side, path.as_uri()],
        )
    file_page.press("a")
    assert full.locator(".full-title").inner_text() == "c.jpg"
    file_page.press("1")
    assert full.locator("[aria-pressed=true]").inner_text().startswith("100%")
    file_page.press(key)
    assert not full.is_visible()
    assert file_page.said("b.jpg") == "accepted"
    assert file_page.page.evaluate("document.activeElement.id") == "grid"


def test_the_slider_the_grounds_and_the_help_work_by_keys(file_page) -> None:
    slider = file_page.page.locator("#detail input[type=range]")
    slider.focus()
    file_page.press("ArrowRight", "ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "52% before, the rest after"
    assert file_page.selected == "d.jpg"
    file_page.press("b")
    assert file_page.page.locator("body").get_attribute("data-ground") == "white"
    file_page.press("?")
    assert file_page.page.locator("#help").is_visible()
    file_page.press("a", "Escape")
    assert not file_page.page.locator("#help").is_visible()
    assert file_page.number("said", "accepted") == 0


def test_the_pointer_slides_over_a_card_and_a_click_leaves_the_keys_to_the_pictures(file_page) -> None:
    card = file_page.page.locator(".card").first
    box = card.bounding_box()
    file_page.page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 40)
    assert card.locator("img.before").count() == 1
    assert (
        20 < float(card.locator(".frame").evaluate("frame => parseFloat(frame.style.getPropertyValue('--split'))")) < 30
    )
    file_page.page.locator("#detail .accept").click()
    file_page.press("Space")
    assert file_page.page.locator("#full").is_visible()
    assert file_page.number("said", "accepted") == 1


def test_a_result_of_another_shape_lies_beside_its_input(browser, batch) -> None:
    key = key_of("mugs/d.jpg")
    put(batch.out / "mugs/d.png", encoded("PNG", (1, 2, 3, 4), (40, 40)))
    put(batch.out / ".cutsmith/thumbnails" / key[:2] / f"{key}-after.webp", encoded("WEBP", (1, 2, 3, 4), (40, 40)))
    with shown(browser, write_report(batch.out).as_uri()) as made:
        made.page.wait_for_selector("#detail .compare.beside")
        before, after = (made.page.locator(f"#detail img.{side}").bounding_box() for side in ("before", "after"))
        assert before["x"] + before["width"] <= after["x"] + 1
        made.press("j")
        made.page.wait_for_selector("#detail .compare:not(.beside)")


def test_hostile_names_do_nothing_but_stand_there(browser, batch) -> None:
    named = "'\"><svg onload=document.title='broken'>.jpg"
    batch.add(named, doubt=1.0, verdict="review", reasons=[HOSTILE], warnings=(HOSTILE,), model=HOSTILE, view=HOSTILE)
    batch.write(ResultRow(HOSTILE, "failed", error={"what": f"{HOSTILE} is bad.", "remedy": HOSTILE}))
    batch.write(ResultRow("javascript:document.title='broken'", "done", "a.png", key="x"))
    with shown(browser, write_report(batch.out).as_uri()) as made:
        made.page.locator("#search").fill("svg")
        made.until("document.querySelectorAll('.card').length === 1")
        assert made.names == [named]
        assert HOSTILE in made.page.locator("#detail .reasons").inner_text()
        made.page.locator("#search").fill("script")
        made.until("document.querySelectorAll('.card').length === 2")
        made.page.locator("#grid").focus()
        made.press("End", "Enter", "Enter", "a", "Home", "a")
        assert "broken" not in made.page.title()
        assert made.page.locator("svg").count() == 0
        assert not [link for link in made.page.locator("a").all() if "javascript" in str(link.get_attribute("href"))]


def test_saved_verdicts_reach_the_manifest(file_page, batch) -> None:
    file_page.press("a", "j", "r")
    with file_page.page.expect_download() as download:
        file_page.page.locator("#save").click()
    path = batch.out.parent / "saved.json"
    download.value.save_as(path)
    assert download.value.suggested_filename == "verdicts.json"
    assert len(json.loads(path.read_text(encoding="utf-8"))["verdicts"]) == 2
    assert apply_verdicts(batch.out, path) == Applied(2, 0, 0)
    reviews = Manifest(batch.out).latest().reviews
    assert {Path(name).name: row.verdict for name, row in reviews.items()} == {"d.jpg": "accepted", "b.jpg": "rejected"}


def test_the_manifests_verdicts_are_shown_and_can_be_taken_back(browser, batch) -> None:
    batch.say("mugs/d.jpg", "accepted", at="2026-01-01T00:00:00Z")
    with shown(browser, write_report(batch.out).as_uri()) as made:
        assert made.said("d.jpg") == "accepted"
        made.press("r", "u")
        assert made.said("d.jpg") == "accepted"


@contextmanager
def reviewing(batch):
    """`cutsmith review` as a process: -> (process, address)."""
    command = [sys.executable, "-m", "cutsmith", "review", str(batch.out), "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def test_a_served_page_writes_each_verdict_into_the_manifest(browser, batch) -> None:
    def said() -> dict[str, str]:
        reviews = Manifest(batch.out).latest().reviews
        return {Path(name).name: row.verdict for name, row in reviews.items()}

    with reviewing(batch) as (process, address), shown(browser, address) as made:
        assert made.page.evaluate("document.querySelector('.card img').decode().then(() => true)")
        made.press("a", "j", "r")
        wait_for(lambda: said() == {"d.jpg": "accepted", "b.jpg": "rejected"})
        made.press("u")
        wait_for(lambda: said() == {"d.jpg": "accepted"})
        made.press("j", "Enter")
        made.until("document.querySelector('#full img.after').src.endsWith('-output')")
        made.press("Enter")
        made.page.reload()
        made.ready()
        assert made.said("d.jpg") == "accepted"

        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.returncode == 0
        assert "3 verdicts written" in process.stderr.read()
        made.press("r")
        made.page.wait_for_selector("#alarm:not([hidden])")
        assert "1 verdict is not saved" in made.page.locator("#alarm").inner_text()
        made.page.evaluate("addEventListener('beforeunload', event => event.stopImmediatePropagation(), true)")


@pytest.mark.alone
def test_ten_thousand_pictures_stay_usable(browser, tmp_path, monkeypatch) -> None:
    """It loads within 20 s, and scrolls, filters and decides within 3 s, on a busy machine too."""
    out = tmp_path / "out"
    # As heavy as real ones, without the half minute that it takes to make 20,000 small.
    monkeypatch.setattr(thumbnails, "_small", thumbnails._as_it_is)
    noise = [os.urandom(1500) for _ in range(4)]
    with ManifestWriter(out) as writer:
        for at in range(MANY):
            key = key_of(str(at))
            folder = out / ".cutsmith" / "thumbnails" / key[:2]
            webp = encoded("WEBP", (at % 256, 90, 40), (96, 64))
            for side in ("before", "after"):
                put(folder / f"{key}-{side}.webp", webp + noise[at % 4])
            doubt = at / MANY
            verdict = "review" if doubt > 0.8 else "accept"
            quality = {"uncertainty": doubt, "verdict": verdict, "reasons": [RIM] if at % 9 == 0 else []}
            row = {"quality": quality, "width": 96, "height": 64, "seconds": 1.0, "at": "2026-11-26T10:00:00Z"}
            writer.append(ResultRow(f"shop/ring-{at:05}.jpg", "done", f"ring-{at:05}.png", key, **row))
    path = write_report(out)
    assert 40e6 < path.stat().st_size < 60e6
    start = time.monotonic()
    with shown(browser, path.as_uri()) as made:
        made.until("document.querySelector('.card img')?.naturalWidth === 96")
        took = {"load": time.monotonic() - start}
        assert made.names[:2] == ["ring-09999.jpg", "ring-09998.jpg"]

        def timed(name, action, until) -> None:
            begin = time.monotonic()
            action()
            made.until(until)
            took[name] = time.monotonic() - begin
            assert made.page.locator(".card").count() < 120

        last = "[...document.querySelectorAll('.card .name')].some(each => each.textContent === 'ring-00000.jpg')"
        timed("scroll", lambda: made.page.evaluate("grid.scrollTop = grid.scrollHeight"), last)
        count = "document.getElementById('count').textContent.startsWith('{}')"
        timed("filter", made.tile("group", "review").click, count.format("1,999 of"))
        timed("search", lambda: made.page.locator("#search").fill("ring-099"), count.format("100 of"))
        made.page.locator("#grid").focus()
        timed("accept", lambda: made.press("a"), "document.getElementById('said').textContent.startsWith('Accepted')")
        timed("all", lambda: made.page.locator("#search").fill(""), count.format("1,999 of"))
        made.tile("group", "review").click()
        last = "document.querySelector('#detail .heading').textContent === 'ring-00000.jpg'"
        timed("end", lambda: made.press("End"), last)
        begin = time.monotonic()
        made.press(*["k"] * 50)
        took["50 steps"] = time.monotonic() - begin
        made.page.reload()
        made.ready()
        assert made.number("said", "accepted") == 1
    assert took.pop("load") < 20
    assert took.pop("50 steps") < 10
    assert max(took.values()) < 3, took


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_cut_off_and_words_can_be_read(browser, batch, artifacts, width, scheme) -> None:
    batch.add(
        "a-name-without-any-place-to-break-" + "x" * 90 + ".jpg", doubt=None, verdict="review", reasons=["y" * 200]
    )
    options = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "has_touch": width < 500}
    with shown(browser, write_report(batch.out).as_uri(), **options) as made:
        if width < 500:
            made.page.locator(".card").first.tap()
            assert made.page.locator("#detail .close").is_visible()
            made.page.locator("#detail .accept").tap()
            assert made.number("said", "accepted") == 1
        assert made.page.evaluate("document.documentElement.scrollWidth") <= width
        for each in made.page.locator("#detail button:visible, #detail h2, header button:visible").all():
            box = each.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width, each.inner_text()
        made.page.screenshot(path=artifacts / f"report-{scheme}-{width}.png")
        assert made.page.evaluate(CONTRASTS) == []
