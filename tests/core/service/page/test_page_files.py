"""The page's files: served whole, under a strict policy, and asking nothing of other hosts."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cutsmith.service.page.page_files import POLICY, page_files, page_routes

PROGRAMS = sorted(name for name in page_files() if name.endswith(".js"))
STYLES = sorted(name for name in page_files() if name.endswith(".css"))


def text_of(name: str) -> str:
    return page_files()[name].data.decode()


class Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(Starlette(routes=page_routes()))


def test_every_file_is_served_with_its_type_under_the_policy(client) -> None:
    kinds = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    for name, file in page_files().items():
        answer = client.get("/" if name == "page.html" else f"/page/{name}")
        assert answer.status_code == 200
        assert answer.content == file.data
        assert answer.headers["content-type"].startswith(kinds[name[name.rindex(".") :]])
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-cache"


def test_the_policy_lets_the_page_load_nothing_from_elsewhere_and_run_no_text() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_a_file_that_is_known_already_is_not_sent_again(client) -> None:
    tag = client.get("/page/main.js").headers["etag"]
    for told in (tag, f"W/{tag}", f'"other", {tag}'):
        answer = client.get("/page/main.js", headers={"If-None-Match": told})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["content-security-policy"] == POLICY
    assert client.get("/page/main.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_no_other_name_leads_anywhere(client) -> None:
    for name in ("page.html", "../page_files.py", "%2e%2e/page_files.py", "", "none.js"):
        assert client.get(f"/page/{name}").status_code == 404
    assert client.post("/").status_code == 405


def test_the_page_asks_other_hosts_for_nothing() -> None:
    for name in page_files():
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.[\w/.-]+", text_of(name))
        assert [each for each in addresses if "www.w3.org" not in each] == [], name


def test_markup_has_no_program_and_no_style_of_its_own() -> None:
    elements = Elements(text_of("page.html")).found
    assert len({attributes["id"] for _, attributes in elements if "id" in attributes}) == sum(
        "id" in attributes for _, attributes in elements
    )
    for tag, attributes in elements:
        assert "style" not in attributes, (tag, attributes)
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert tag != "style"
        assert tag != "script" or attributes.get("src"), attributes


def test_every_address_that_the_files_name_is_there() -> None:
    named = {value for _, each in Elements(text_of("page.html")).found for value in each.values() if value}
    named |= {address for style in STYLES for address in re.findall(r'url\("(.+?)"\)', text_of(style))}
    addresses = {value.removeprefix("/page/") for value in named if value.startswith("/page/")}
    addresses |= {name for each in PROGRAMS for name in re.findall(r'from "\./(.+?)"', text_of(each))}
    assert addresses == set(page_files()) - {"page.html"}


def test_texts_never_become_markup() -> None:
    for name in PROGRAMS:
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text_of(name)
        )
        assert found == [], name


def test_every_element_that_the_programs_name_is_in_the_page() -> None:
    known = {each["id"] for _, each in Elements(text_of("page.html")).found if "id" in each}
    # Programs make some themselves, and give them their ids.
    known |= {name for each in PROGRAMS for name in re.findall(r'\bid: "([\w-]+)"', text_of(each))}
    named = {name for each in PROGRAMS for name in re.findall(r'\$\("([\w-]+)"\)', text_of(each))}
    assert named <= known
