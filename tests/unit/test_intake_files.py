"""Where a source's file is found, and how it is fetched from a server that misbehaves."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stamina

from observatoire.cities import SourceSettings
from observatoire.errors import SourceUnavailable
from observatoire.intake.files import fetch, source_file
from observatoire.settings import Settings

pytestmark = pytest.mark.unit

BODY = b"num,type\n1,tag\n"


class Server(ThreadingHTTPServer):
    """Answers the n-th request with the n-th of `answers`, the last one for ever: a status, or `cut`."""

    answers: tuple[int | str, ...] = (200,)
    asked = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        answer = self.server.answers[min(self.server.asked, len(self.server.answers) - 1)]
        self.server.asked += 1
        self.send_response(200 if answer == "cut" else int(answer))
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY[:5] if answer == "cut" else BODY)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[Server, str]]]:
    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def answering(*answers: int | str) -> tuple[Server, str]:
        server.answers = answers
        return server, f"http://127.0.0.1:{server.server_address[1]}/rows.csv"

    with stamina.set_testing(True, attempts=3):  # no pause between attempts
        yield answering
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_is_fetched_whole(serve: Callable[..., tuple[Server, str]], tmp_path: Path) -> None:
    _, address = serve(200)

    assert fetch("nord", address, tmp_path / "a" / "rows.csv").read_bytes() == BODY


@pytest.mark.parametrize("first", [503, 429, "cut"])
def test_a_passing_failure_is_tried_again(
    serve: Callable[..., tuple[Server, str]], tmp_path: Path, first: int | str
) -> None:
    server, address = serve(first, 200)

    assert fetch("nord", address, tmp_path / "rows.csv").read_bytes() == BODY
    assert server.asked == 2


@pytest.mark.parametrize(("answer", "asked"), [(404, 1), (403, 1), (500, 3), ("cut", 3)])
def test_a_lasting_failure_is_said_and_the_old_file_stays(
    serve: Callable[..., tuple[Server, str]], tmp_path: Path, answer: int | str, asked: int
) -> None:
    server, address = serve(answer)
    (tmp_path / "rows.csv").write_bytes(b"old")

    with pytest.raises(SourceUnavailable, match=r"^nord: ") as error:
        fetch("nord", address, tmp_path / "rows.csv")

    assert error.value.exit_code == 69
    assert server.asked == asked
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("rows.csv", b"old")]


def test_a_file_larger_than_the_limit_is_not_kept(serve: Callable[..., tuple[Server, str]], tmp_path: Path) -> None:
    _, address = serve(200)

    with pytest.raises(SourceUnavailable, match="larger than 10 bytes"):
        fetch("nord", address, tmp_path / "rows.csv", largest=10)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "nothing", "http://["])
def test_an_address_where_nobody_answers_is_said(tmp_path: Path, address: str) -> None:
    with (
        stamina.set_testing(True, attempts=1),
        pytest.raises(SourceUnavailable, match=r"(no whole answer|expected http)"),
    ):
        fetch("nord", address, tmp_path / "rows.csv")


def test_a_file_is_looked_for_in_obs_data_first_at_any_depth(tmp_path: Path) -> None:
    deep = tmp_path / "data" / "a" / "b" / "rows.csv"
    deep.parent.mkdir(parents=True)
    deep.write_bytes(BODY)
    source = SourceSettings(source="nord", file="rows.csv", address="http://127.0.0.1:1/")

    assert source_file("nord", source, Settings(data=tmp_path / "data", var=tmp_path)) == deep
