"""The client: patient, bounded, discreet."""

import gzip
import logging
from pathlib import Path
from typing import Any

import pytest
import stamina

from observatoire.errors import BadInput, BadSettings, BadSource, SourceUnavailable
from observatoire.intake import http
from observatoire.intake.credentials import credentials
from observatoire.intake.http import Client, Limits
from observatoire.intake.wire import retry_after

pytestmark = pytest.mark.unit


def test_an_answer_is_read_whole_and_says_who_asks(service: Any, reply: Any) -> None:
    service.answer = lambda asked: reply({"q": asked.query, "agent": asked.headers["user-agent"]})

    answer = Client(f"{service.url}/a?x=1").get(params={"y": "é&"})

    assert answer.json()["q"] == {"x": "1", "y": "é&"}
    assert answer.json()["agent"].startswith("observatoire/")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_trouble_is_tried_again(service: Any, reply: Any, status: int) -> None:
    service.instead = {1: reply(status=status), 2: reply(b'{"a": 1}', cut=3)}
    service.answer = lambda _: reply({"a": 1})

    assert Client(service.url).get().json() == {"a": 1}
    assert len(service.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_a_refusal_is_not_tried_again(service: Any, reply: Any, status: int) -> None:
    service.answer = lambda _: reply(b"secret text of the server", status)

    with pytest.raises(SourceUnavailable, match=f"^127.0.0.1 answered {status}$"):
        Client(f"{service.url}/path?key=hunter2").get()

    assert len(service.asked) == 1


def test_the_pause_that_a_server_asks_is_kept(service: Any, reply: Any) -> None:
    service.instead = {1: reply(status=429, headers={"Retry-After": "1"})}
    service.answer = lambda _: reply({})

    with stamina.set_testing(False):
        Client(service.url).get()

    assert service.asked[1].at - service.asked[0].at >= 1.0


def test_a_pause_beyond_the_bound_ends_the_request(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(status=503, headers={"Retry-After": "86400"})

    with pytest.raises(SourceUnavailable, match="answered 503, and asks to come back after 86400 s"):
        Client(service.url).get()

    assert len(service.asked) == 1


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after("120") == 120
    assert retry_after("Fri, 31 Dec 1999 23:59:59 GMT") == 0  # RFC 9110, 10.2.3: its own example, long past
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_a_bomb_is_given_up_before_it_is_whole(service: Any, reply: Any) -> None:
    bomb = gzip.compress(bytes(80_000_000))
    service.answer = lambda _: reply(bomb, headers={"Content-Encoding": "gzip"})

    with pytest.raises(SourceUnavailable, match="larger than 1000000 bytes"):
        Client(service.url, limits=Limits(page=1_000_000)).get()


def test_a_compressed_answer_of_several_members_is_whole(service: Any, reply: Any) -> None:
    text = b"abc" * 100_000
    service.answer = lambda _: reply(
        gzip.compress(text) + gzip.compress(text[:7]), headers={"Content-Encoding": "gzip"}
    )

    assert Client(service.url).get().content == text + text[:7]


@pytest.mark.parametrize("body", [gzip.compress(b"abc" * 1000)[:-9], b"not gzip"], ids=["cut", "not gzip"])
def test_a_broken_compressed_answer_is_no_answer(service: Any, reply: Any, body: bytes) -> None:
    service.answer = lambda _: reply(body, headers={"Content-Encoding": "gzip"})

    with pytest.raises(SourceUnavailable, match=r"^127\.0\.0\.1: no whole answer$"):
        Client(service.url).get()

    assert len(service.asked) == 3


def test_a_compression_that_has_no_bound_is_refused(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(b"x", headers={"Content-Encoding": "br"})

    with pytest.raises(SourceUnavailable, match="another way than gzip"):
        Client(service.url).get()


def test_silence_and_slowness_have_an_end(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(b"x", pause=0.5)

    with pytest.raises(SourceUnavailable, match="no whole answer"):
        Client(service.url, limits=Limits(silence=0.05)).get()
    with pytest.raises(SourceUnavailable, match=r"no whole answer in 0\.1 s"):
        Client(service.url, limits=Limits(seconds=0.1)).get()


def test_credentials_do_not_follow_to_another_origin(
    service: Any, other: Any, reply: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK", "anna:hunter2")
    monkeypatch.setenv("DESK_KEY", "k-1")
    headers = credentials({"auth": "env:DESK", "header": "X-API-Key: env:DESK_KEY"})
    service.answer = lambda a: reply(status=302, headers={"Location": "/b" if a.path == "/a" else f"{other.url}/c"})
    other.answer = lambda _: reply({"ok": True})

    client = Client(f"{service.url}/a", headers=headers)
    client.get()
    client.get(f"{other.url}/next")

    assert [a.headers["authorization"] for a in service.asked] == ["Basic YW5uYTpodW50ZXIy"] * 2
    assert [a.headers["x-api-key"] for a in service.asked] == ["k-1"] * 2
    assert len(other.asked) == 2
    assert not any({"authorization", "x-api-key"} & asked.headers.keys() for asked in other.asked)
    assert "hunter2" not in repr(client)
    assert "k-1" not in repr(client)


@pytest.mark.parametrize("where", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/"])
def test_another_scheme_is_refused(service: Any, reply: Any, where: str) -> None:
    service.answer = lambda _: reply(status=301, headers={"Location": where})

    with pytest.raises(BadSource, match="neither http nor https"):
        Client(service.url).get()
    with pytest.raises(BadInput, match="expected http"):
        Client(where)


def test_redirects_in_a_circle_end(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(status=302, headers={"Location": "/again"})

    with pytest.raises(SourceUnavailable, match="more than 5 redirects"):
        Client(service.url).get()


def test_a_stranger_does_not_lead_into_this_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "is_inner", lambda host: host != "data.example")
    client = Client("https://data.example/items")

    with pytest.raises(BadSource, match="inside this network"):
        client.get("http://169.254.169.254/latest/meta-data")


def test_this_machine_and_private_networks_are_inner() -> None:
    assert http.is_inner("127.0.0.1")
    assert http.is_inner("169.254.169.254")
    assert http.is_inner("10.0.0.8")
    assert http.is_inner("::1")
    assert not http.is_inner("8.8.8.8")


def test_a_secret_in_clear_is_refused() -> None:
    with pytest.raises(BadInput, match="expected env:NAME"):
        credentials({"auth": "anna:hunter2"})
    with pytest.raises(BadInput, match="it holds a password"):
        Client("https://anna:hunter2@example.org/")
    with pytest.raises(BadSettings, match="OBS_NO_SUCH is not set"):
        credentials({"auth": "env:OBS_NO_SUCH"})


def test_addresses_are_not_logged(service: Any, reply: Any, caplog: pytest.LogCaptureFixture) -> None:
    service.answer = lambda _: reply(status=500)
    caplog.set_level(logging.INFO)

    with pytest.raises(SourceUnavailable):
        Client(f"{service.url}/?apikey=hunter2").get()

    assert "hunter2" not in caplog.text


def test_a_file_that_is_still_the_last_is_not_sent_again(service: Any, reply: Any, tmp_path: Path) -> None:
    def answer(asked: Any) -> Any:
        if asked.headers.get("if-none-match") == '"v1"':
            return reply(status=304)
        return reply(b"rows", headers={"ETag": '"v1"'})

    service.answer = answer
    client, target = Client(f"{service.url}/rows.csv"), tmp_path / "rows.csv"

    assert client.download(None, target)
    assert not client.download(None, target)
    assert target.read_bytes() == b"rows"
    target.write_bytes(b"changed by somebody")
    assert client.download(None, target)
    assert target.read_bytes() == b"rows"


def test_what_is_not_json_is_said_without_being_shown(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(b"<html>secret</html>", type="text/html")
    answer = Client(service.url).get()

    assert answer.type == "text/html"
    with pytest.raises(BadSource, match=r"^127\.0\.0\.1 answered something else than JSON$"):
        answer.json()


def test_nesting_without_end_is_not_json(service: Any, reply: Any) -> None:
    service.answer = lambda _: reply(b"[" * 100_000)

    with pytest.raises(BadSource, match="something else than JSON"):
        Client(service.url).get().json()


def test_nobody_there_is_said_by_the_name_of_the_host() -> None:
    with stamina.set_testing(True, attempts=1), pytest.raises(SourceUnavailable, match="no whole answer"):
        Client("http://127.0.0.1:1/").get()


def test_a_link_that_is_no_address_is_said(service: Any) -> None:
    with pytest.raises(BadSource, match="an address that is none"):
        Client(service.url).get("http://x:port/")
