"""What the service's page does where the service is busy, forgets, asks for a key, or lacks something."""

from __future__ import annotations

import json
import time

import pytest

from tests.hosts.service_page import address, browser, network, pictures, service_page, serving

__all__ = ["address", "browser", "network", "pictures"]

pytestmark = pytest.mark.slow

ERROR = {"remedy": "Wait.", "exit_code": 1, "cures": []}


def refusal(status: int, kind: str, what: str, **headers: str) -> dict:
    body = json.dumps({"error": {"type": kind, "what": what, **ERROR}})
    return {"status": status, "headers": {"Content-Type": "application/json", **headers}, "body": body}


@pytest.fixture
def page(browser, address):
    with service_page(browser, address) as made:
        yield made


def test_what_the_machine_cannot_do_is_greyed_with_the_command_that_mends_it(
    browser, network, pictures, tmp_path
) -> None:
    """A service without SAM 2 and without a detector: its folder of models is empty."""
    with (
        serving("--model", str(network), environment={"CUTSMITH_MODELS": str(tmp_path / "models")}) as address,
        service_page(browser, address) as page,
    ):
        page.drop(pictures[0])
        page.settled(rows=1)
        commands = page.page.locator("#lacking code").all_inner_texts()
        assert [command.split()[:3] for command in commands] == [["cutsmith", "models", "fetch"]] * 2
        assert page.page.locator('#tools input[value="point"]').is_disabled()
        assert page.page.locator("#words").is_disabled()
        assert page.page.locator("#find").is_disabled()
        page.press("c")
        assert page.page.locator('#tools input[value="look"]').is_checked()
        # A box works: the removal model looks into it.
        page.use("box")
        with page.page.expect_response("**/mask") as answered:
            page.drag((0.2, 0.1), (0.8, 0.9))
        assert answered.value.ok
        page.settled()
        assert page.veil_at(0.5, 0.5) > 200
        assert page.veil_at(0.1, 0.1) < 50


def test_a_busy_service_is_asked_again_when_it_says_and_two_at_a_time(page, pictures) -> None:
    under_way, most, refused, asked_again = set(), 0, [], []

    def begins(request) -> None:
        nonlocal most
        if "/v1/" in request.url:
            under_way.add(request)
            most = max(most, len(under_way))

    page.page.on("request", begins)
    page.page.on("requestfinished", lambda request: under_way.discard(request))

    def handle(route) -> None:
        if len(refused) < 2:
            refused.append(time.monotonic())
            kind = ("QueueFull", "All places are taken.")
            route.fulfill(**refusal(429 if len(refused) == 1 else 503, *kind, **{"Retry-After": "2"}))
        else:
            asked_again.append(time.monotonic())
            route.continue_()

    page.page.route("**/v1/cut", handle)
    page.drop(*pictures, *pictures)
    page.until("() => document.querySelector('#verdict').textContent.includes('It is asked again in 2 s')")
    page.settled(rows=6)
    assert not [row for row in page.rows if "Failed" in row]
    assert 1.9 < asked_again[0] - refused[0] < 8
    assert most == 2


def test_a_service_that_stays_busy_is_given_up_and_can_be_tried_again(page, pictures) -> None:
    tries = []

    def handle(route) -> None:
        tries.append(route)
        route.fulfill(**refusal(503, "ServiceEnding", "The service is about to end.", **{"Retry-After": "1"}))

    page.page.route("**/v1/cut", handle)
    page.drop(pictures[0])
    page.settled(rows=1)
    assert len(tries) == 6
    assert page.rows[0].startswith("whole.png, Failed, The service is about to end.")
    page.page.unroute("**/v1/cut")
    page.page.locator("#verdict button", has_text="Try again").click()
    page.settled()
    assert "Failed" not in page.rows[0]


def test_a_session_that_is_over_is_begun_again(page, pictures) -> None:
    page.drop(pictures[0])
    page.settled(rows=1)
    page.use("point")
    with page.page.expect_response("**/v1/sessions") as opened:
        page.click_at(0.5, 0.5)
    page.settled()
    session = opened.value.json()["session"]
    assert page.context.request.delete(f"{page.address}v1/sessions/{session}").status == 204
    with page.page.expect_response("**/v1/sessions") as opened:
        page.click_at(0.2, 0.2)
    assert opened.value.json()["session"] != session
    page.settled()
    assert "Blue is what will be cut out" in page.page.locator("#tray .hint").inner_text()
    assert page.context.request.delete(f"{page.address}v1/sessions/{opened.value.json()['session']}").status == 204
    page.page.locator("#apply").click()
    page.settled()
    assert page.page.locator("#save").is_enabled()
    assert page.page.locator("#alarm").is_hidden()


def test_a_key_is_asked_for_and_kept_in_memory_alone(browser, address, pictures) -> None:
    keys = []

    def guarded(route) -> None:
        given = route.request.headers.get("x-api-key")
        keys.append(given)
        if given is None:
            route.fulfill(**refusal(401, "KeyMissing", "The service needs a key."))
        elif given != "right":
            route.fulfill(**refusal(403, "KeyUnknown", "The key is none of the service's."))
        else:
            route.continue_()

    with service_page(browser, address, opens=False) as page:
        page.page.route("**/v1/**", guarded)
        page.page.goto(address)
        page.page.wait_for_selector("#key-form:not([hidden])")
        assert page.page.evaluate("document.activeElement.id") == "key"
        page.page.keyboard.type("wrong")
        page.press("Enter")
        page.until("() => document.querySelector('#key-told').textContent.includes('not one of the service')")
        page.page.keyboard.type("right")
        page.press("Enter")
        page.page.wait_for_selector("body[data-ready]")
        page.drop(pictures[0])
        page.settled(rows=1)
        assert page.page.locator("#save").is_enabled()
        assert keys[:3] == [None, "wrong", "right"]
        assert set(keys[3:]) == {"right"}
        kept = page.page.evaluate("[localStorage.length, sessionStorage.length, document.cookie, location.href]")
        assert kept == [0, 0, "", page.page.url]
        assert "right" not in page.page.url


def test_a_service_that_is_gone_is_told(page, pictures) -> None:
    page.page.route("**/v1/cut", lambda route: route.abort())
    page.drop(pictures[0])
    page.settled(rows=1)
    assert "The service does not answer" in page.verdict


def test_an_answer_that_is_not_needed_any_more_is_given_up(page, pictures) -> None:
    given_up = []
    page.page.on("requestfailed", lambda request: given_up.append(request.url))
    page.drop(pictures[0])
    page.settled(rows=1)
    held: list[object] = []
    page.page.route("**/v1/cut", lambda route: held.append(route))  # never answered
    page.page.locator('#edge input[value="none"]').check(force=True)
    end = time.monotonic() + 20
    while not held and time.monotonic() < end:
        page.page.wait_for_timeout(50)
    page.press("Control+z")
    page.settled()
    while not given_up and time.monotonic() < end:
        page.page.wait_for_timeout(50)
    assert [url.rpartition("/")[2] for url in given_up] == ["cut"]
    assert page.page.locator("#save").is_enabled()
