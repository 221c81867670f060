"""How the service's page looks and reads: no serious fault of accessibility, nothing cut off, pictures to look at."""

from __future__ import annotations

import pytest

from tests.hosts.host_programs import axe_script
from tests.hosts.service_page import address, browser, network, pictures, service_page, serving

__all__ = ["address", "browser", "network", "pictures"]

pytestmark = pytest.mark.slow

AUDIT = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const told = ({ target, failureSummary }) => `${target} ${failureSummary}`;
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(told).join("; ")}`);
}"""


@pytest.fixture(scope="module")
def axe():
    return axe_script()


@pytest.fixture(scope="module")
def bare_address(network, tmp_path_factory):
    """A service without SAM 2 and without a detector."""
    models = tmp_path_factory.mktemp("models")
    with serving("--model", str(network), environment={"CUTSMITH_MODELS": str(models)}) as started:
        yield started


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_no_serious_fault(browser, address, bare_address, pictures, axe, scheme, width) -> None:
    # The page's own rules keep foreign programs out; for axe alone they are set aside.
    options = {"color_scheme": scheme, "bypass_csp": True, "reduced_motion": "reduce"}
    faults: dict[str, list[str]] = {}
    for place in (address, bare_address):
        with service_page(browser, place, **options) as page:
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.evaluate(axe)

            def audit(name, page=page) -> None:
                # Transitions end first: a colour on its way is none.
                page.page.wait_for_timeout(300)
                faults[name] = page.page.evaluate(AUDIT)

            audit("empty")
            page.drop(*pictures)
            page.settled(rows=3)
            audit("nothing found")
            page.select("whole.png")
            page.settled()
            audit("result")
            page.use("box")
            page.drag((0.3, 0.2), (0.7, 0.8))
            page.settled()
            audit("box")
            page.use("brush")
            page.settled()
            audit("brush")
            page.page.locator("#frame-kind").select_option("size")
            page.page.locator('#background input[value="colour"]').check(force=True)
            page.use("look")
            page.settled()
            audit("framed")
            page.page.locator("#ask").click()
            audit("help")
    assert {name: each for name, each in faults.items() if each} == {}


@pytest.mark.weights
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_at_any_width(browser, scheme, photo, tiny_sam2, isnet_weights, tmp_path, artifacts) -> None:
    """With the real network on photographs; the screenshots lie in the artifacts, to be looked at."""
    from PIL import Image

    photographs = []
    for name in ("astronaut", "chelsea", "coffee"):
        photographs.append(tmp_path / f"{name}.jpg")
        Image.fromarray(photo(name)).save(photographs[-1], quality=92)
    models = {"CUTSMITH_MODELS": str(isnet_weights.parent)}
    with serving("--segmenter", str(tiny_sam2), environment=models) as address:
        for width, height in ((1440, 900), (768, 1024), (390, 844)):
            with service_page(browser, address, color_scheme=scheme) as page:
                page.page.set_viewport_size({"width": width, "height": height})

                def take(name, page=page, width=width) -> None:
                    page.page.wait_for_timeout(300)
                    assert page.fits(width)
                    page.page.screenshot(path=artifacts / f"service-{scheme}-{width}-{name}.png")

                take("empty")
                page.page.set_input_files("#files", photographs)
                page.settled(rows=3)
                page.select("coffee.jpg")
                page.settled()
                take("result")
                for each in page.page.locator("header button:visible, #work button:visible, #saving > :visible").all():
                    box = each.bounding_box()
                    assert box["x"] >= 0
                    assert box["x"] + box["width"] <= width, each.inner_text()
                page.use("brush")
                page.settled()
                page.page.locator("#stage").scroll_into_view_if_needed()
                page.drag((0.3, 0.3), (0.5, 0.35))
                take("brush")
                page.press("Control+z")
                page.use("box")
                page.drag((0.2, 0.1), (0.9, 0.9))
                page.settled()
                take("box")
                page.use("look")
                page.page.locator("#frame-kind").scroll_into_view_if_needed()
                page.page.locator("#frame-kind").select_option("preset amazon")
                page.settled()
                take("panel")
                page.page.locator("#stage").scroll_into_view_if_needed()
                take("framed")
