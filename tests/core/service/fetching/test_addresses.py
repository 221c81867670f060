from __future__ import annotations

from ipaddress import ip_address

import pytest

from cutsmith.service.fetching.addresses import is_public, may_be_allowed

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "223.255.255.254", "2606:4700::1111", "2a00:1450:4001:80b::200e"]
NOT_PUBLIC = {
    "this network": ["0.0.0.0", "0.1.2.3", "::"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"],
    "link-local": ["169.254.0.1", "fe80::1", "fec0::1"],
    "metadata": ["169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254"],
    "carriers' own": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.0.9", "192.88.99.1", "198.18.0.1", "4000::1", "5f00::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
    "with a zone": ["fe80::1%eth0", "2606:4700::1111%1", "::ffff:8.8.8.8%1", "64:ff9b::808:808%1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1"],
    "translated": ["::ffff:0:127.0.0.1", "::127.0.0.1", "::8.8.8.8"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::169.254.169.254", "64:ff9b::e000:1"],
    "a network's own NAT64": ["64:ff9b:1::7f00:1", "64:ff9b:1::808:808", "64:ff9b:1:ffff::1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "2002:a9fe:a9fe::", "2002:808:808::1"],
    "Teredo": ["2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::f5ff:fffe", "2001:0:7f00:1::"],
}


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_is_public(text) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(("why", "text"), [(why, each) for why, texts in NOT_PUBLIC.items() for each in texts])
def test_no_other_address_is_public(why, text) -> None:
    assert not is_public(ip_address(text)), why


@pytest.mark.parametrize("text", ["::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_an_address_that_stands_for_a_public_one_of_ipv4_is_public(text) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text", ["10.0.0.1", "127.0.0.1", "192.168.1.1", "100.64.0.1", "8.8.8.8", "::1", "fd12::1", "::ffff:10.0.0.1"]
)
def test_an_operator_may_allow_a_private_address(text) -> None:
    assert may_be_allowed(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0",
        "169.254.169.254",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "fe80::1",
        "fd12::1%eth0",
        "ff02::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "2002:a9fe:a9fe::",
    ],
)
def test_no_leave_means_metadata_link_local_or_multicast(text) -> None:
    assert not may_be_allowed(ip_address(text))
