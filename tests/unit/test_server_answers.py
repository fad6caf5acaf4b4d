"""Answers: negotiation, entity tags, problems, files."""

import gzip
import json
from pathlib import Path
from typing import Any

import brotli
import psycopg
import pytest
from psycopg_pool import PoolTimeout
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from starlette.testclient import TestClient

from observatoire.errors import NotFound, ObsError, Unauthorised
from observatoire.server import respond
from observatoire.server.encodings import chosen
from observatoire.server.middleware import Compress, Limit, Secure
from observatoire.server.problems import Guard, problem_of
from observatoire.server.run import translated
from observatoire.server.static import Static

pytestmark = pytest.mark.unit

ALL = ("json", "html", "csv", "jsonld")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("application/geo+json", "json"),
        ("text/csv;q=0.5, application/json;q=0.4", "csv"),
        ("text/html;q=0, application/json", "json"),
        ("image/png", "json"),
        ("text/html;q=abc", "json"),
    ],
)
def test_the_format_is_the_one_preferred_of_those_offered(accept: str, expected: str) -> None:
    assert respond.accepted(accept, ALL) == expected


def test_an_entity_tag_differs_where_anything_differs() -> None:
    tags = {respond.tag("e", 1, "public", "/a", "x=1"), respond.tag("e", 2, "public", "/a", "x=1"),
            respond.tag("e", 1, "planner", "/a", "x=1"), respond.tag("e", 1, "public", "/a", "x=2")}  # fmt: skip

    assert len(tags) == 4


def test_nothing_of_an_unexpected_exception_is_shown() -> None:
    answer = problem_of(RuntimeError("password=hunter2 at /srv/secret.py"))
    body = json.loads(bytes(answer.body))

    assert answer.status_code == 500
    assert answer.media_type == "application/problem+json"
    assert "hunter2" not in str(body)
    assert body["detail"].startswith("internal error, reference ")


def test_a_problem_has_the_members_of_both_standards() -> None:
    """RFC 9457 §3.1, and the exception schema of OGC API Common."""
    body = json.loads(bytes(problem_of(NotFound("no such item")).body))

    assert body["status"] == 404
    assert body["detail"] == body["description"] == "no such item"
    assert body["code"] == "NotFound"
    assert body["title"] == "Not Found"
    assert ":" in body["type"]


def test_an_error_names_its_own_type_and_headers() -> None:
    class NoSuchProcess(NotFound):
        uri = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"
        headers = {"Retry-After": "3"}  # noqa: RUF012

    answer = problem_of(NoSuchProcess("no such process"))

    assert json.loads(bytes(answer.body))["type"] == NoSuchProcess.uri
    assert answer.headers["retry-after"] == "3"
    assert problem_of(Unauthorised("no")).headers["www-authenticate"].startswith("ApiKey")
    assert problem_of(HTTPException(405, headers={"Allow": "GET"})).headers["allow"] == "GET"


@pytest.mark.parametrize(
    ("trouble", "said"),
    [(PoolTimeout("6 s"), "busy"), (psycopg.OperationalError("host=secret"), "does not answer"),
     (psycopg.errors.QueryCanceled("query of secret"), "too long")],
)  # fmt: skip
def test_a_database_that_is_busy_or_gone_says_when_to_ask_again(trouble: Exception, said: str) -> None:
    """503 with Retry-After (RFC 9110, §15.6.4), and nothing of what the database said."""
    with pytest.raises(ObsError) as caught, translated():
        raise trouble

    answer = problem_of(caught.value)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert said in json.loads(bytes(answer.body))["detail"]
    assert "secret" not in str(answer.body)


def echo() -> TestClient:
    async def read(request: Request) -> respond.Response:
        return respond.Response(await request.body(), media_type="application/json")

    inner = Guard(Limit(Starlette(routes=[Route("/", read, methods=["GET", "POST"])]), most=5_000, longest=4_000))
    return TestClient(Secure(Compress(inner)))


def test_a_body_that_is_too_long_is_refused_said_or_not() -> None:
    client = echo()

    def streamed() -> object:
        yield from [b"x" * 1000] * 6

    assert client.post("/", content=b"x" * 5_000).status_code == 200
    assert client.post("/", content=b"x" * 5_001).status_code == 413
    assert client.post("/", content=streamed()).status_code == 413  # type: ignore[arg-type]


def test_long_texts_are_compressed_for_who_takes_it() -> None:
    client = echo()

    zipped = client.post("/", content=b"y" * 3_000, headers={"Accept-Encoding": "gzip"})
    plain = client.post("/", content=b"y" * 3_000, headers={"Accept-Encoding": "identity"})
    short = client.post("/", content=b"y" * 500, headers={"Accept-Encoding": "gzip"})

    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < 100
    assert zipped.content == plain.content
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in short.headers


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", ""), ("identity", ""), ("deflate", ""), ("gzip", "gzip"), ("x-gzip", "gzip"), ("GZIP", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"), ("gzip;q=1.0, br;q=0.9", "gzip"), ("gzip;q=0.5,br;q=0.6", "br"),
        ("br;q=0, gzip", "gzip"), ("br;q=0, gzip;q=0", ""), ("*", "br"), ("*;q=0", ""), ("*;q=0.1, gzip;q=0.2", "gzip"),
        ("br;q=0, *;q=0.5", "gzip"), ("identity;q=0.9, br;q=0.5", ""), ("identity;q=0, br;q=0.1", "br"),
        ("br;q=nonsense, gzip;q=0.3", "gzip"), ("br; q=0.2 , gzip ; q=0.1", "br"), (",,;q=1", ""), ("gzipped", ""),
    ],
)  # fmt: skip
def test_the_encoding_is_the_one_preferred_of_those_offered(accepted: str, expected: str) -> None:
    """RFC 9110, §12.5.3: weights, 0 forbids, `*` is the rest; of equals brotli."""
    assert chosen(accepted) == expected


@pytest.mark.parametrize(("accepted", "read"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_every_encoding_holds_the_same_body_under_one_weak_tag(accepted: str, read: Any) -> None:
    async def page(request: Request) -> respond.Response:
        return respond.answer("é" * 2_000, respond.JSON, audience="public", language="fr", etag=respond.tag(1))

    client = TestClient(Compress(Starlette(routes=[Route("/", page)])))
    with client.stream("GET", "/", headers={"Accept-Encoding": accepted}) as answer:
        raw = b"".join(answer.iter_raw())

    assert answer.headers["content-encoding"] == accepted
    assert int(answer.headers["content-length"]) == len(raw) < 100
    assert read(raw).decode() == "é" * 2_000
    assert answer.headers["etag"] == respond.tag(1)
    assert answer.headers["etag"].startswith("W/")
    assert "Accept-Encoding" in answer.headers["vary"]


def test_what_could_be_compressed_varies_by_encoding() -> None:
    """A shared cache must not hand compressed bytes to who cannot read them; and headers of others stay."""
    for accepted in ("br", "gzip", "identity"):
        answer = echo().post("/", content=b"y" * 3_000, headers={"Accept-Encoding": accepted})
        assert answer.headers["vary"] == "Accept-Encoding"


def test_every_answer_forbids_scripts_from_elsewhere() -> None:
    policy = echo().get("/").headers["content-security-policy"]

    assert "script-src 'self'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "name", ["../secret", "a/../../secret", ".hidden", "/etc/passwd", "nope", "", "a\0b", "x" * 300]
)
def test_no_file_outside_the_folder_is_served(tmp_path: Path, name: str) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "web" / ".hidden").write_text("s")
    request = Request({"type": "http", "headers": [], "method": "GET", "path": "/"})

    with pytest.raises(HTTPException):
        Static(tmp_path / "web").answer(request, name)


@pytest.mark.parametrize(("accepted", "read"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_file_is_served_compressed_as_the_client_likes_best(tmp_path: Path, accepted: str, read: Any) -> None:
    (tmp_path / "a.mjs").write_text("export const a = 1;\n" * 100)
    headers = [(b"accept-encoding", accepted.encode())]
    answer = Static(tmp_path).answer(
        Request({"type": "http", "headers": headers, "method": "GET", "path": "/"}), "a.mjs"
    )

    assert answer.headers["content-encoding"] == accepted
    assert answer.headers["vary"] == "Accept-Encoding"
    assert read(bytes(answer.body)) == (tmp_path / "a.mjs").read_bytes()


def test_a_file_that_changed_is_served_anew(tmp_path: Path) -> None:
    request = Request({"type": "http", "headers": [], "method": "GET", "path": "/"})
    static = Static(tmp_path)
    (tmp_path / "a.mjs").write_text("export const a = 1;")
    first = static.answer(request, "a.mjs")
    (tmp_path / "a.mjs").write_text("export const a = 1234;")
    second = static.answer(request, "a.mjs")

    assert first.headers["content-type"].startswith("text/javascript")
    assert bytes(second.body) == b"export const a = 1234;"
    assert first.headers["etag"] != second.headers["etag"]


def test_the_version_of_a_folder_follows_its_contents(tmp_path: Path) -> None:
    """An address with the version of now is kept for ever; one of another version, or of none, is asked again."""
    request = Request({"type": "http", "headers": [], "method": "GET", "path": "/"})
    (tmp_path / "a.mjs").write_text("export const a = 1;")
    before, versioned = Static(tmp_path).version, Static(tmp_path).address("a.mjs")
    kept = Static(tmp_path).answer(request, versioned)
    (tmp_path / "a.mjs").write_text("export const a = 2;")
    after = Static(tmp_path)
    old = after.answer(request, versioned)

    assert versioned == f"v-{before}/a.mjs"
    assert before != after.version
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert bytes(old.body) == b"export const a = 2;"
    assert old.headers["cache-control"] == "public, no-cache"
    assert after.answer(request, "a.mjs").headers["cache-control"] == "public, no-cache"
