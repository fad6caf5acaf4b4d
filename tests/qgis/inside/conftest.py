"""What the tests inside QGIS share: the plugin importable, a server made of a dictionary. Run by QGIS's own Python."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "plugins"))
sys.path.insert(0, "/usr/share/qgis/python/plugins")  # where Processing lies

from qgis.PyQt.QtCore import QCoreApplication


class Fake:
    """A server whose answers are `answers[method, path]`: (status, headers, body), a function of the request's body,
    or seconds to keep silent."""

    def __init__(self):
        self.answers = {}
        self.asked = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                path = unquote(self.path.partition("?")[0])
                fake.asked.append((self.command, path, dict(self.headers), body))
                found = fake.answers.get((self.command, path), (404, {}, {"detail": "no such thing"}))
                if callable(found):
                    found = found(body)
                if isinstance(found, (int, float)):
                    time.sleep(found)
                    return
                status, headers, said = found
                raw = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                try:
                    self.wfile.write(raw)
                except OSError:
                    fake.asked.append(("CUT", path, {}, b""))

            do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names of http.server

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def get(self, path, said, status=200, **headers):
        self.answers["GET", path] = (status, headers, said)

    def offers(self, *descriptions):
        """Serve processes."""
        self.get("/processes", {"processes": [{"id": each["id"]} for each in descriptions], "links": []})
        for each in descriptions:
            self.get(f"/processes/{each['id']}", each)

    def runs(self, process, said, status=200, **headers):
        """Answer an execution."""
        self.answers["POST", f"/processes/{process}/execution"] = (status, headers, said)

    def sent(self, process):
        """Return the last execute body."""
        path = f"/processes/{process}/execution"
        return json.loads([body for method, asked, _, body in self.asked if (method, asked) == ("POST", path)][-1])

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def fake():
    server = Fake()
    yield server
    server.close()


@pytest.fixture
def server(fake):
    from qgis_obs.core.servers import Server

    return Server("fake", "Fake", fake.url)


@pytest.fixture
def loaded(fake):
    """Load processes into QGIS as it does without a desktop; return how to do it, and the provider."""
    from qgis.core import QgsApplication
    from qgis_obs.core import servers
    from qgis_obs.core.servers import Server
    from qgis_obs.core.session import Session
    from qgis_obs.processing.provider import Provider

    providers = []

    def load(*described):
        fake.offers(*described)
        servers.save(Server("fake", "Fake", fake.url))
        provider = Provider(Session(headless=True))
        QgsApplication.processingRegistry().addProvider(provider)
        providers.append(provider)
        return provider

    yield load
    for provider in providers:
        QgsApplication.processingRegistry().removeProvider(provider)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """Each test has a profile folder and settings of its own, and none of its tasks lives on into the next."""
    from qgis.core import QgsApplication, QgsSettings

    monkeypatch.setattr(QgsApplication, "qgisSettingsDirPath", staticmethod(lambda: f"{tmp_path}/"))
    monkeypatch.delenv("OBS_URL", raising=False)
    monkeypatch.delenv("OBS_API_KEY", raising=False)
    QgsSettings().remove("obs")
    yield
    tasks, end = QgsApplication.taskManager(), time.monotonic() + 30
    tasks.cancelAll()
    while tasks.countActiveTasks():
        assert time.monotonic() < end, f"still busy: {[task.description() for task in tasks.activeTasks()]}"
        QCoreApplication.processEvents()
        time.sleep(0.005)
    QgsSettings().remove("obs")


@pytest.fixture
def wait():
    """Return a function that turns the event loop until a condition holds; the longest turn of the GUI's thread, s."""

    def until(condition, seconds=60.0):
        end, longest = time.monotonic() + seconds, 0.0
        while not condition():
            assert time.monotonic() < end, "it did not come"
            begun = time.monotonic()
            QCoreApplication.processEvents()
            longest = max(longest, time.monotonic() - begun)
            time.sleep(0.005)
        return longest

    return until


@pytest.fixture
def held(wait):
    """Return a function that does something several times, each time until its condition holds; of the longest turns of
    the GUI's thread the shortest, s. A window that is held is held each time; a busy machine is not."""

    def least(begin, condition, tries=5):
        found = float("inf")
        for _ in range(tries):
            begin()
            found = min(found, wait(condition))
            if found < 0.1:
                break
        return found

    return least
