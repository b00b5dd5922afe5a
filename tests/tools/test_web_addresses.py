"""Which addresses tools may reach, in every spelling there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ioa.adapters.agents.react.web.addresses import AddressGuard, AddressRefused, resolved_by_system

PRIVATE = [
    ("127.0.0.1", "loopback"),
    ("127.255.0.9", "loopback"),
    ("0.0.0.0", "unspecified"),
    ("10.1.2.3", "private"),
    ("172.31.255.255", "private"),
    ("192.168.0.1", "private"),
    ("100.64.0.1", "carrier-grade NAT"),
    ("169.254.1.1", "link-local"),
    ("198.18.0.1", "reserved"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "reserved"),
    ("224.0.0.251", "multicast"),
    ("192.0.2.1", "documentation"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("fc00::1", "private"),
    ("fd12:3456::1", "private"),
    ("fec0::1", "private"),
    ("ff02::1", "multicast"),
    ("2001:db8::1", "documentation"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("::127.0.0.1", "loopback"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b:1::1", "locally translated"),
    ("2002:7f00:1::", "loopback"),
    ("2001:0:7f00:1::", "loopback"),
    ("not an address", "unreadable"),
]
METADATA = ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fd00:ec2::254",
            "100.100.100.200", "168.63.129.16"]  # fmt: skip
PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]


@pytest.mark.parametrize(("address", "kind"), PRIVATE)
def test_a_private_address_is_refused_in_every_spelling(address: str, kind: str) -> None:
    assert AddressGuard().objection(address, 80) == kind


@pytest.mark.parametrize("address", METADATA)
def test_a_metadata_service_is_refused_even_where_all_is_allowed(address: str) -> None:
    assert AddressGuard(("0.0.0.0/0", "::/0")).objection(address, 80) == "metadata service"


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_reached(address: str) -> None:
    assert AddressGuard().objection(address, 443) is None


def test_what_the_setting_allows_may_be_reached_at_its_port_only() -> None:
    guard = AddressGuard(("127.0.0.1:8080", "10.1.0.0/16", "[::1]:90"))
    assert guard.objection("127.0.0.1", 8080) is None
    assert guard.objection("127.0.0.1", 8081) == "loopback"
    assert guard.objection("127.0.0.2", 8080) == "loopback"
    assert guard.objection("10.1.200.3", 5432) is None
    assert guard.objection("10.2.0.1", 5432) == "private"
    assert guard.objection("::1", 90) is None
    assert guard.objection("::ffff:127.0.0.1", 8080) is None


@pytest.mark.parametrize("text", ["localhost:80", "10.0.0.0/40", "127.0.0.1:x", "", "a:b:c"])
def test_a_malformed_allowance_is_refused_with_the_forms_that_there_are(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 127\.0\.0\.1:8080"):
        AddressGuard((text,))


@given(st.ip_addresses())
def test_an_address_that_python_calls_not_global_is_never_reached(address) -> None:
    if not address.is_global:
        assert AddressGuard().objection(str(address), 80) is not None


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1"])
async def test_the_old_spellings_of_an_address_are_read_as_what_they_are(host: str) -> None:
    with pytest.raises(AddressRefused, match="loopback"):
        await AddressGuard(resolve=resolved_by_system).addresses(host, 80)


async def test_of_a_name_with_several_addresses_only_public_ones_are_left() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.1", "8.8.8.8", "::1"]

    assert await AddressGuard(resolve=resolve).addresses("mixed.example", 80) == ["8.8.8.8"]


async def test_a_refusal_names_the_host_the_address_and_the_remedy() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["192.168.1.7"]

    with pytest.raises(AddressRefused, match=r"intra\.example:80 is refused: it leads to 192\.168\.1\.7 \(private\)"):
        await AddressGuard(resolve=resolve).addresses("intra.example", 80)


async def test_an_unknown_name_is_said_to_be_unknown() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(AddressRefused, match=r"'nowhere\.example' is not known"):
        await AddressGuard(resolve=resolve).addresses("nowhere.example", 80)
