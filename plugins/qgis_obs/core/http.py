"""HTTP by QGIS's own network: its proxy, its certificates, its authentications. Blocks: call it in a task."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode, urljoin

from qgis.core import QgsApplication, QgsFeedback
from qgis.PyQt.QtCore import QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from .answers import complaint
from .errors import Cancelled, NotAllowed
from .exchange import Answer, Watch, exchange
from .servers import Server, origin
from .texts import language, tr

TIMEOUT_S = 30.0
#: Larger answers are cut off: QGIS would hold them in memory, several times over.
LARGEST = 200_000_000
JSON = "application/json"


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
        watch = Watch(timeout_s or self.timeout_s, largest or self.largest, feedback)
        request = self._request(url, headers or {})
        answer, below = exchange(method, request, body, watch)
        watch.raise_if_stopped(url)
        if not 200 <= answer.status < 300:
            raise complaint(url, answer.status, answer.headers, answer.body, below)
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
        # And an answer that is kept would be Qt's answer where the server fails (5xx), as a 200.
        request.setAttribute(QNetworkRequest.Attribute.CacheSaveControlAttribute, False)
        # No key follows to another server.
        request.setAttribute(
            QNetworkRequest.Attribute.RedirectPolicyAttribute, QNetworkRequest.RedirectPolicy.SameOriginRedirectPolicy
        )
        if self.server.authcfg and origin(url) == self.server.root:
            request = _authenticated(request, self.server.authcfg)
        return request


def _authenticated(request: QNetworkRequest, authcfg: str) -> QNetworkRequest:
    """Return a request with an authentication of QGIS; of one it does not hold, Qt would say that nobody answers."""
    manager = QgsApplication.authManager()
    if authcfg not in manager.configIds():
        raise NotAllowed(
            tr("The connection names the authentication “{id}”, which this QGIS does not hold.", id=authcfg)
        )
    done, changed = manager.updateNetworkRequest(request, authcfg)
    if not done:
        raise NotAllowed(tr("The authentication “{id}” cannot be used: is QGIS's master password set?", id=authcfg))
    return changed
