"""A batch's page in a browser: what it shows, and what it says of itself."""

from __future__ import annotations

import time
from contextlib import contextmanager

# The texts whose contrast with what is behind them is below what WCAG AA asks for.
CONTRASTS = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parse(getComputedStyle(each).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const wrong = [];
  for (const each of document.querySelectorAll('.tile b, .tile span, .tile small, .badge, .name, .standing, dt, dd, '
      + 'a, button:enabled, #facts, #count, .who, .place, #decided, .reasons li')) {
    if (!each.offsetParent) continue;
    const [one, other] = [light(parse(getComputedStyle(each).color)), light(behind(each))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) wrong.push(`${each.className} ${each.textContent.slice(0, 20)}: ${contrast.toFixed(2)}`);
  }
  return wrong;
}"""


def wait_for(condition) -> None:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


class Shown:
    """A page of the browser, with what it said of itself."""

    def __init__(self, browser, address: str, **options) -> None:
        given = {"viewport": {"width": 1440, "height": 900}, **options}
        self.context = browser.new_context(**given)
        self.page = self.context.new_page()
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.faults.append(dialog.message), dialog.accept()))
        self.page.goto(address)
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("body[data-ready]", timeout=60_000)

    def until(self, expression: str, argument: object = None) -> None:
        """Wait until `expression` is true. Playwright's own waiting evaluates texts, which the page's rules forbid."""
        wait_for(lambda: self.page.evaluate(expression, argument))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def selected(self) -> str:
        return self.page.locator("#detail .heading").inner_text()

    @property
    def names(self) -> list[str]:
        cards = self.page.locator(".card")
        told = [(int(card.get_attribute("aria-posinset")), card.locator(".name").inner_text()) for card in cards.all()]
        return [name for _, name in sorted(told)]

    def tile(self, field: str, value: str):
        return self.page.locator(f'.tile[data-{field}="{value}"]')

    def number(self, field: str, value: str) -> int:
        return int(self.tile(field, value).locator("b").inner_text().replace(",", ""))

    def said(self, name: str) -> str:
        told = self.page.locator(f'.card[aria-label^="{name},"]').get_attribute("aria-label")
        return told.rpartition("you: ")[2]


@contextmanager
def shown(browser, address: str, **options):
    made = Shown(browser, address, **options)
    try:
        yield made
        assert made.faults == []
    finally:
        made.context.close()
