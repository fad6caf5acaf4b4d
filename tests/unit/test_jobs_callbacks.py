"""Where a job may call back to: what the settings name, and no address that only looks like it."""

import asyncio

import pytest

from observatoire.errors import BadInput, BadSettings
from observatoire.jobs.callbacks import Callbacks, Refused, callbacks_of
from observatoire.settings import Settings

pytestmark = pytest.mark.unit

CITY = callbacks_of(
    Settings(
        callback_origins="https://hooks.example.org, http://10.1.2.3:8080/,https://[2001:db8::1]",
        callback_networks="10.1.2.0/24, fd00::/8",
    )
)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.org/a?b=c",
        "https://hooks.example.org:443/",
        "https://HOOKS.example.org",
        "http://10.1.2.3:8080/x",
        "https://[2001:db8::1]/x",
    ],
)
def test_an_address_of_an_origin_that_is_named_is_taken(url: str) -> None:
    assert CITY.check("successUri", url) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://hooks.example.org:8443/",
        "https://hooks.example.org.evil.org/",
        "https://evil.org/https://hooks.example.org/",
        "https://hooks.example.org@evil.org/",
        "https://user:password@hooks.example.org/",
        "https://evil.org\\@hooks.example.org/",
        "https://hooks.example.org\\.evil.org/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "//hooks.example.org/",
        "hooks.example.org",
        "https://hooks.example.org/#x",
        "https://hooks.example.org/\r\nX: y",
        "https://hooks.example.org/ x",
        "https://hooks.example.org/é",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org:0/",
        "https://[::1",
        "https://hooks.example.org/" + "a" * 2_000,
        "",
        None,
        7,
        ["https://hooks.example.org/"],
    ],
)
def test_any_other_address_is_refused_and_the_member_named(url: object) -> None:
    with pytest.raises(BadInput, match=r"^subscriber\.successUri: expected an address"):
        CITY.check("successUri", url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "192.88.99.1", "198.18.0.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "2002:7f00:1::", "64:ff9b::7f00:1", "2001:0:1::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_on_the_internet_is_not_called(address: str) -> None:
    assert not Callbacks(frozenset({"https://x:443"})).allows(address)


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9"])
def test_an_address_on_the_internet_is_called(address: str) -> None:
    assert Callbacks().allows(address)


def test_a_network_that_is_named_is_called_and_its_neighbour_not() -> None:
    assert CITY.allows("10.1.2.200")
    assert CITY.allows("fd12::1")
    assert CITY.allows("::ffff:10.1.2.200")
    assert not CITY.allows("10.1.3.1")


def test_a_name_with_one_address_too_many_is_not_called() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == ("hooks.example.org", 443)
        return ["9.9.9.9", "127.0.0.1"]

    with pytest.raises(Refused, match="not allowed"):
        asyncio.run(CITY.post("https://hooks.example.org/", b"{}", {}, resolve=resolve))


def test_an_origin_that_is_named_no_more_is_not_called() -> None:
    with pytest.raises(Refused, match="not allowed any more"):
        asyncio.run(CITY.post("https://other.example.org/", b"{}", {}))


def test_without_origins_there_are_no_callbacks() -> None:
    assert not callbacks_of(Settings())
    assert CITY


@pytest.mark.parametrize(
    "settings",
    [
        {"callback_origins": "hooks.example.org"},
        {"callback_origins": "https://hooks.example.org/path"},
        {"callback_origins": "ftp://hooks.example.org"},
        {"callback_networks": "10.1.2.3/8"},
        {"callback_networks": "everywhere"},
    ],
)
def test_a_wrong_setting_is_said(settings: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="OBS_CALLBACK_"):
        callbacks_of(Settings(**settings))
