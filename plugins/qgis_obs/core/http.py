"""HTTP by QGIS's own network: its proxy, its certificates, its authentications. Blocks: call it in a task."""

from __future__ import annotations

import json
from dataclasses import dataclass
from threading import Timer
from typing import Any
from urllib.parse import urlencode, urljoin

from qgis.core import QgsApplication, QgsBlockingNetworkRequest, QgsFeedback, QgsNetworkReplyContent
from qgis.PyQt.QtCore import QByteArray, Qt, QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from .answers import complaint
from .errors import Cancelled, NotAllowed, NotJson, PluginError, TimedOut, TooLarge
from .servers import Server, origin
from .tasks import away_from_the_gui
from .texts import language, tr

TIMEOUT_S = 30.0
#: Larger answers are cut off: QGIS would hold them in memory, several times over.
LARGEST = 200_000_000
JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What a server answered.

    Attributes
    ----------
    url : str
        What was asked.
    status : int
        2xx; everything else is raised.
    headers : dict
        Names in lower case.
    body : bytes
        As it came, decompressed.
    """

    url: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Return the media type without its parameters, in lower case; empty where none is said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body as JSON.

        Raises
        ------
        NotJson
            It is HTML, or broken off.
        """
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except ValueError:
            raise NotJson(
                tr(
                    "{url}: expected JSON, got {kind}. Is this the address of an API, or a login page in between?",
                    url=self.url, kind=self.media_type or tr("something else"),
                ),
                self.body[:300].decode("utf-8", "replace"),
            ) from None  # fmt: skip


class Client:
    """Asks one server. Authentication goes to the server's own origin and nowhere else.

    Parameters
    ----------
    server : Server
        Whom to ask.
    timeout_s : float, s
        For a whole request; each call may say another.
    largest : int, bytes
        Answers above are cut off and raised as `TooLarge`.
    """

    def __init__(self, server: Server, *, timeout_s: float = TIMEOUT_S, largest: int = LARGEST) -> None:
        self.server = server
        self.timeout_s = timeout_s
        self.largest = largest

    def url(self, path: str, **parameters: object) -> str:
        """Return the address of `path`, below the landing page, or of a link as the server wrote it."""
        url = path if path.startswith(("http://", "https://")) else f"{self.server.url}/{path.lstrip('/')}"
        query = urlencode({name: value for name, value in parameters.items() if value is not None})
        return f"{url}{'&' if '?' in url else '?'}{query}" if query else url

    def get(self, path: str, *, accept: str = JSON, **how: Any) -> Answer:
        """Read. `how`: `timeout_s`, `largest`, `feedback`, `headers`; see `ask`."""
        return self.ask("GET", path, headers={"Accept": accept, **how.pop("headers", {})}, **how)

    def get_json(self, path: str, **how: Any) -> Any:
        """Read JSON."""
        return self.get(path, **how).json()

    def post_json(self, path: str, body: Any, **how: Any) -> Answer:
        """Send JSON."""
        headers = {"Content-Type": JSON, "Accept": f"{JSON}, */*;q=0.5", **how.pop("headers", {})}
        return self.ask("POST", path, body=json.dumps(body, ensure_ascii=False).encode(), headers=headers, **how)

    def delete(self, path: str, **how: Any) -> Answer:
        """Delete, e.g. dismiss a job."""
        return self.ask("DELETE", path, headers={"Accept": JSON, **how.pop("headers", {})}, **how)

    def ask(
        self, method: str, path: str, *, body: bytes = b"", headers: dict[str, str] | None = None,
        timeout_s: float | None = None, largest: int | None = None, feedback: QgsFeedback | None = None,
    ) -> Answer:  # fmt: skip
        """Ask, and wait for the whole answer.

        Parameters
        ----------
        method : {"GET", "POST", "DELETE"}
            What to do.
        path : str
            Below the landing page, or a whole address.
        body : bytes
            Of a POST.
        headers : dict
            Beside `Accept-Language` and the key.
        timeout_s : float, s
            For the whole request; by default the client's.
        largest : int, bytes
            By default the client's.
        feedback : QgsFeedback
            Cancelled, it ends the request.

        Raises
        ------
        PluginError
            Every way it can fail, each with a class of its own in `errors`.
        """
        url = urljoin(f"{self.server.url}/", self.url(path))
        if feedback is not None and feedback.isCanceled():
            raise Cancelled
        watch = _Watch(timeout_s or self.timeout_s, largest or self.largest, feedback)
        authcfg = _known(self.server.authcfg) if self.server.authcfg and origin(url) == self.server.root else ""
        request = self._request(url, headers or {})

        def send() -> tuple[QgsNetworkReplyContent, str]:
            blocking = QgsBlockingNetworkRequest()
            blocking.setAuthCfg(authcfg)
            blocking.downloadProgress.connect(watch.received)
            _send(blocking, method, request, body, watch.stop)
            return blocking.reply(), blocking.errorMessage()

        with watch:
            reply, said_by_qt = away_from_the_gui(send)
        watch.raise_if_stopped(url)
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        found = {
            bytes(name).decode("latin-1").lower(): bytes(reply.rawHeader(name)).decode("latin-1")
            for name in reply.rawHeaderList()
        }
        answer = Answer(url, int(status or 0), found, bytes(reply.content()))
        if reply.attribute(QNetworkRequest.Attribute.SourceIsFromCacheAttribute):
            # Only the network was asked: where the server fails (5xx), Qt takes its cache all the same, and says 200.
            raise complaint(url, 500, {}, b"", reply.error(), tr("in its place QGIS has an older answer"))
        if not 200 <= answer.status < 300:
            raise complaint(url, answer.status, found, answer.body, reply.error(), said_by_qt)
        if len(answer.body) > watch.largest:
            raise watch.too_large(url)
        return answer

    def _request(self, url: str, headers: dict[str, str]) -> QNetworkRequest:
        request = QNetworkRequest(QUrl(url))
        said = {"Accept-Language": f"{language()}, en;q=0.5", **headers}
        if self.server.key and origin(url) == self.server.root:
            said["X-API-Key"] = self.server.key
        for name, value in said.items():
            request.setRawHeader(name.encode("latin-1"), value.encode("latin-1"))
        # What a server says of its jobs is true for a moment only.
        request.setAttribute(
            QNetworkRequest.Attribute.CacheLoadControlAttribute, QNetworkRequest.CacheLoadControl.AlwaysNetwork
        )
        request.setAttribute(QNetworkRequest.Attribute.CacheSaveControlAttribute, False)
        return request


def _known(authcfg: str) -> str:
    """Return the id of an authentication that this QGIS holds; of another, Qt would only say that nobody answers."""
    if authcfg not in QgsApplication.authManager().configIds():
        raise NotAllowed(
            tr("The connection names the authentication “{id}”, which this QGIS does not hold.", id=authcfg)
        )
    return authcfg


def _send(
    blocking: QgsBlockingNetworkRequest, method: str, request: QNetworkRequest, body: bytes, stop: QgsFeedback
) -> None:
    if method == "POST":
        blocking.post(request, QByteArray(body), True, stop)
    elif method == "DELETE":
        blocking.deleteResource(request, stop)
    else:
        blocking.get(request, True, stop)


class _Watch:
    """Ends a request that takes too long, brings too much, or is not wanted any more."""

    def __init__(self, timeout_s: float, largest: int, feedback: QgsFeedback | None) -> None:
        self.stop = QgsFeedback()
        self.timeout_s, self.largest, self.feedback = timeout_s, largest, feedback
        self.late = self.over = False
        self.timer = Timer(timeout_s, self._time_is_over)
        self.timer.daemon = True

    def __enter__(self) -> None:
        if self.feedback is not None:
            # Direct: a request of the main thread blocks it, and would hear of nothing that is queued there.
            self.feedback.canceled.connect(self.stop.cancel, Qt.ConnectionType.DirectConnection)
        self.timer.start()

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        if self.feedback is not None:
            self.feedback.canceled.disconnect(self.stop.cancel)

    def _time_is_over(self) -> None:
        self.late = True
        self.stop.cancel()

    def received(self, so_far: int, _total: int) -> None:
        if so_far > self.largest and not self.over:
            self.over = True
            self.stop.cancel()

    def too_large(self, url: str) -> PluginError:
        return TooLarge(
            tr("The answer is larger than {size} MB: ask for less (a smaller area, a shorter time).",
               size=round(self.largest / 1e6, 1)), url,
        )  # fmt: skip

    def raise_if_stopped(self, url: str) -> None:
        if self.over:
            raise self.too_large(url)
        if self.feedback is not None and self.feedback.isCanceled():
            raise Cancelled
        if self.late:
            raise TimedOut(tr("The server did not answer within {seconds} s.", seconds=round(self.timeout_s, 1)), url)
