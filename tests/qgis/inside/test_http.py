"""Every way a request can fail has a class and a sentence of its own, in French too; nothing else gets the key."""

import socket
import threading
import time

import pytest
from qgis.core import QgsFeedback
from qgis_obs.core import errors, servers
from qgis_obs.core.http import Client
from qgis_obs.core.servers import Server
from qgis_obs.core.tasks import in_background


@pytest.fixture
def client(server):
    return Client(server, timeout_s=1.0, largest=100_000)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Refused), (401, errors.NotAllowed), (403, errors.NotAllowed), (404, errors.NotFound),
        (429, errors.TooManyRequests), (500, errors.ServerFailed), (503, errors.ServerFailed),
    ],
)  # fmt: skip
def test_a_status_has_a_sentence_with_the_servers_own_words(client, fake, status, kind):
    fake.get("/x", {"detail": "inputs.cell: too small"}, status, **{"Retry-After": "7"})

    with pytest.raises(kind, match=f"^{status}: .*inputs.cell: too small") as caught:
        client.get_json("x")
    assert fake.url in caught.value.details
    if status == 429:
        assert caught.value.retry_after == 7


def test_a_failing_server_is_not_hidden_by_an_older_answer(client, fake):
    """Qt answers a 5xx from its cache, as a 200 with both bodies in one."""
    for _ in range(3):
        fake.get("/x", {"n": 1})
        assert client.get_json("x") == {"n": 1}
        fake.get("/x", {}, 503)
        with pytest.raises(errors.ServerFailed, match=r"^50"):
            client.get_json("x")


def test_html_for_json_is_said_so(client, fake):
    fake.get("/x", b"<html>Log in</html>", **{"Content-Type": "text/html"})

    with pytest.raises(errors.NotJson, match="text/html"):
        client.get_json("x")


def test_a_giant_answer_is_cut_off(client, fake):
    fake.get("/x", b"0" * 30_000_000)

    with pytest.raises(errors.TooLarge, match=r"0\.1 MB"):
        client.get("x")


def test_a_server_that_hangs_is_given_up(client, fake):
    fake.answers["GET", "/x"] = 30.0
    begun = time.monotonic()

    with pytest.raises(errors.TimedOut):
        client.get("x")
    assert time.monotonic() - begun < 10


def test_nobody_there(server):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(errors.Unreachable, match="no answer"):
        Client(Server("x", "x", f"http://127.0.0.1:{port}")).get("x")


def test_a_cancelled_request_ends_at_once(client, fake):
    fake.answers["GET", "/x"] = 30.0
    feedback = QgsFeedback()
    threading.Timer(0.2, feedback.cancel).start()
    begun = time.monotonic()

    with pytest.raises(errors.Cancelled):
        client.get("x", feedback=feedback, timeout_s=30)
    assert time.monotonic() - begun < 2


def test_the_key_goes_to_its_own_server_only(fake):
    fake.get("/x", {})
    own = Client(Server("x", "x", fake.url, key="secret"))
    other = Client(Server("y", "y", "http://127.0.0.1:1", key="secret"))

    own.get("x")
    other.get(f"{fake.url}/x")

    assert [headers.get("X-API-Key") for _, _, headers, _ in fake.asked] == ["secret", None]
    assert "secret" not in repr(own.server)


def test_an_authentication_of_qgis_goes_to_its_own_server_only(fake):
    from qgis.core import QgsApplication, QgsAuthMethodConfig

    manager = QgsApplication.authManager()
    manager.setMasterPassword("only for this test", True)
    kept = QgsAuthMethodConfig("Basic")
    kept.setId("obstest")
    kept.setName("test")
    kept.setConfig("username", "key")
    kept.setConfig("password", "secret")
    manager.storeAuthenticationConfig(kept)
    fake.get("/x", {})

    Client(Server("x", "x", fake.url, "obstest")).get("x")
    Client(Server("y", "y", "http://127.0.0.1:1", "obstest")).get(f"{fake.url}/x")

    # RFC 7617: base64 of "key:secret"
    assert [headers.get("Authorization") for _, _, headers, _ in fake.asked] == ["Basic a2V5OnNlY3JldA==", None]


def test_a_redirection_elsewhere_is_not_followed(fake, client):
    """The key would go with it."""
    fake.get("/x", {}, 302, Location=fake.url.replace("127.0.0.1", "localhost") + "/y")
    fake.get("/y", {})

    with pytest.raises(errors.PluginError, match="302"):
        client.get("x")
    assert [path for _, path, _, _ in fake.asked] == ["/x"]


def test_a_redirection_at_home_is_followed_with_the_key(fake):
    fake.get("/x", {}, 302, Location="/y")
    fake.get("/y", {"n": 1})

    assert Client(Server("x", "x", fake.url, key="secret")).get_json("x") == {"n": 1}
    assert fake.asked[1][2]["X-API-Key"] == "secret"


def test_the_language_of_qgis_is_asked_for(client, fake):
    fake.get("/x", {})

    client.get("x")

    assert fake.asked[0][2]["Accept-Language"].startswith(("en", "fr"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftp://x",
        "observatoire",
        "http://",
        "http://a b",
        "http://u:p@x",
        "http://x/?a=1",
        "http://x:port",
        "https://x/#a",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(errors.BadUrl):
        servers.checked_url(text)


def test_a_hung_server_does_not_hold_the_desktop(server, fake, held):
    """Goal of the project: the GUI's thread is never blocked for more than 100 ms."""
    fake.answers["GET", "/x"] = 20.0
    ends = []
    client = Client(server, timeout_s=1.0)

    def ask():
        ends.clear()
        in_background("test", lambda _task: client.get("x"), ends.append, ends.append)

    longest = held(ask, lambda: ends)

    assert isinstance(ends[0], errors.TimedOut)
    assert longest < 0.1


def test_many_requests_in_threads_all_get_their_answers(server, fake, wait):
    """PyQt takes a new reply for an old one that lay at its address, where it hears of the old one's end too late."""
    fake.get("/x", {"n": 1})
    ends = []
    for _ in range(3):
        client = Client(server)
        in_background("test", lambda _t, c=client: [c.get_json("x") for _ in range(50)], ends.append, ends.append)

    wait(lambda: len(ends) == 3, 60)

    assert ends == [[{"n": 1}] * 50] * 3


def test_an_exception_that_was_not_foreseen_ends_the_task_and_not_qgis(wait):
    ends = []
    in_background("test", lambda _task: 1 / 0, ends.append, ends.append)

    wait(lambda: ends)

    assert "ZeroDivisionError" in str(ends[0])


def test_connections_are_kept_without_a_secret(monkeypatch):
    from qgis.core import QgsSettings

    monkeypatch.setenv("OBS_URL", "http://127.0.0.1:5000/api")
    monkeypatch.setenv("OBS_API_KEY", "secret")
    assert servers.active(headless=True).key == "secret"
    assert servers.active().key == ""

    servers.save(Server("a", "A", "https://a.example/api", "cfg1234"))
    servers.save(Server("b", "B", "https://b.example/api"))

    assert [each.id for each in servers.servers()] == ["a", "b"]
    assert servers.active(headless=True).key == ""  # it has an authentication, and is not the server of OBS_URL
    assert servers.servers(headless=True)[1].key == ""
    settings = QgsSettings()
    assert "secret" not in str([settings.value(name) for name in settings.allKeys() if name.startswith("obs")])
    servers.activate("b")
    servers.remove("a")
    assert [each.id for each in servers.servers()] == ["b"]
