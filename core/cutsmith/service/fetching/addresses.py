"""Which IP addresses are public.

`ipaddress.is_global` alone does not do. It takes multicast for global, its tables differ between versions of Python,
and it does not look into addresses of IPv6 that stand for one of IPv4. So the rules stand here, and it is asked
besides.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_NOT_PUBLIC_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' shared addresses, and Alibaba's metadata
            "127.0.0.0/8",
            "168.63.129.16/32",  # Azure's own services for its machines, though the address looks public
            "169.254.0.0/16",  # link-local, and the metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",  # the protocol's own, and Oracle's metadata
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks of networks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is assigned to the public. Loopback, link-local, private, multicast, 64:ff9b:1::/48 and addresses that only
stand for one of IPv4 lie outside."""
_NOT_PUBLIC_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # the protocol's own, with the tunnels of Teredo
            "2001:db8::/32",  # documentation
            "2002::/16",  # the tunnels of 6to4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""The well-known prefix by which a machine with IPv6 alone reaches IPv4."""

_NEVER_ALLOWED_IPV4 = tuple(map(IPv4Network, ("0.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "224.0.0.0/3")))
_PRIVATE_IPV6 = IPv6Network("fc00::/7")
_METADATA_IPV6 = (IPv6Address("fd00:ec2::254"), IPv6Address("fd20:ce::254"))
"""The metadata of Amazon's and Google's machines."""


def is_public(address: Address) -> bool:
    """Whether `address` is of the public internet, where anybody could connect to it.

    An IPv6 address that stands for one of IPv4 (IPv4-mapped, or NAT64 with the well-known prefix) counts as that one.
    Tunnels (6to4, Teredo) and a network's own NAT64 (64:ff9b:1::/48) are refused whatever they lead to: no picture
    lies there, and what answers is equipment of the network that this machine is in.
    """
    address = unwrapped(address)
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in network for network in _NOT_PUBLIC_IPV4)
    return (
        address.scope_id is None
        and address in _GLOBAL_UNICAST
        and address.is_global
        and not any(address in network for network in _NOT_PUBLIC_IPV6)
    )


def may_be_allowed(address: Address) -> bool:
    """Whether an operator's leave for a host can mean `address`: private ones too, but no metadata and no multicast."""
    address = unwrapped(address)
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NEVER_ALLOWED_IPV4)
    if address.scope_id is not None or address in _METADATA_IPV6:
        return False
    return address.is_loopback or address in _PRIVATE_IPV6 or is_public(address)


def unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for; any other as it is."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None and address.scope_id is None:
        return address.ipv4_mapped
    if address.scope_id is None and address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
