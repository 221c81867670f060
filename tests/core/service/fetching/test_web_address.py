from __future__ import annotations

import pytest

from cutsmith.service.fetching.failures import BadWebAddress
from cutsmith.service.fetching.web_address import parse_web_address


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://example.org/a.jpg", "https://example.org/a.jpg"),
        (" HTTP://Example.ORG ", "http://example.org/"),
        ("https://example.org:443/a?b=c&d#e", "https://example.org/a?b=c&d"),
        ("http://example.org:443/", "http://example.org:443/"),
        ("https://xn--bcher-kva.example/ä b".replace(" ", "%20"), "https://xn--bcher-kva.example/%C3%A4%20b"),
        ("https://a_b.example.org/", "https://a_b.example.org/"),
        ("http://8.8.8.8/x", "http://8.8.8.8/x"),
        ("http://[2606:4700:0:0::1111]:80/x", "http://[2606:4700::1111]/x"),
        ("https://[::ffff:1.2.3.4]/", "https://[::ffff:102:304]/"),
        ("https://1a.example/", "https://1a.example/"),
    ],
)
def test_a_url_is_taken_apart(url, taken) -> None:
    assert str(parse_web_address(url)) == taken


BAD = {
    "scheme": ["ftp://example.org/", "file:///etc/passwd", "gopher://e.org/", "example.org/a", "//e.org/", "", "http:"],
    "slashes": ["http:example.org", "http:/example.org/", "https:\\\\example.org/", "http://e.org\\@f.org/"],
    "user": [
        "http://user@example.org/",
        "http://user:hunter2@example.org/",
        "http://@example.org/",
        "http://a@b@c.org/",
    ],
    "port": ["http://e.org:22/", "http://e.org:0/", "http://e.org:99999/", "http://e.org:8 0/", "http://e.org:/"],
    "number": ["http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0x7f000001/", "http://017700000001/"],
    "octal": ["http://0177.0.0.1/", "http://127.0.0.01/", "http://0x7f.0.0.0x1/", "http://1.2.3.4.5/", "http://e.0x/"],
    "dot": ["http://example.org./", "http://127.0.0.1./", "http://.example.org/", "http://a..b/", "http://./"],
    "letters": [
        "http://bücher.example/",
        "http://①②⑦.0.0.1/",
        "http://ｅ.org/",
        "http://127。0。0。1/",
        "http://e%2eorg/",
    ],
    "host": ["http:///a", "http://-a.org/", "http://a-.org/", f"http://{'a' * 64}.org/", f"http://{'a.' * 130}org/"],
    "brackets": ["http://[::1", "http://[::1]a/", "http://[fe80::1%25eth0]/", "http://[1.2.3.4]/", "http://[v1.a]/"],
    "blanks": [
        "http://e.org/a b",
        "http://e.org/\r\nHost: x",
        "http://e.\torg/",
        "http://e.org/\0",
        "http://e.org/\x7f",
    ],
    "length": [f"http://e.org/{'a' * 9000}"],
}


@pytest.mark.parametrize(("why", "url"), [(why, each) for why, urls in BAD.items() for each in urls])
def test_what_two_programs_could_read_in_two_ways_is_refused(why, url) -> None:
    with pytest.raises(BadWebAddress, match="bg_image_url must be") as raised:
        parse_web_address(url, option="bg_image_url")
    assert raised.value.option == "bg_image_url"
    assert "hunter2" not in str(raised.value)


def test_other_ports_may_be_allowed() -> None:
    assert parse_web_address("http://e.org:8080/", ports=[8080]).authority == "e.org:8080"
    assert parse_web_address("http://e.org:1/", ports=None).port == 1
    with pytest.raises(BadWebAddress, match="port"):
        parse_web_address("http://e.org:0/", ports=None)
