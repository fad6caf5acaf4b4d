"""One request and its answer, in whatever thread asks; the thread's own events go on meanwhile.

Not QgsBlockingNetworkRequest: in QGIS 3.22 it keeps every answer, which Qt then gives in place of a failure; it waits
for ever in the main thread where a certificate is refused, and where a request is stopped before it has begun.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsFeedback, QgsNetworkAccessManager
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QByteArray, QEventLoop, QTimer
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from .certificates import faults
from .errors import Cancelled, NotJson, TimedOut, TooLarge
from .texts import tr

#: How often a request looks whether it is still wanted, ms.
LOOK_MS = 50


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


@dataclass(frozen=True)
class Below:
    """What failed below HTTP: Qt's code and words, and what is wrong with the server's certificate, where it is it."""

    code: int
    words: str
    certificate: tuple[str, ...] = ()


class Watch:
    """Ends a request that takes too long, brings too much, or is not wanted any more."""

    def __init__(self, timeout_s: float, largest: int, feedback: QgsFeedback | None) -> None:
        self.timeout_s, self.largest, self.feedback = timeout_s, largest, feedback
        self.until = time.monotonic() + timeout_s
        self.late = self.over = self.unwanted = False

    def stops(self, received: int) -> bool:
        """Tell whether to end it, `received` bytes having come."""
        self.over = self.over or received > self.largest
        self.late = self.late or time.monotonic() > self.until
        self.unwanted = self.unwanted or (self.feedback is not None and self.feedback.isCanceled())
        return self.over or self.late or self.unwanted

    def raise_if_stopped(self, url: str) -> None:
        """Say why it was ended, where it was."""
        if self.unwanted:
            raise Cancelled
        if self.over:
            size = round(self.largest / 1e6, 1)
            raise TooLarge(
                tr("The answer is larger than {size} MB: ask for less (a smaller area, a shorter time).", size=size),
                url,
            )
        if self.late:
            seconds = round(self.timeout_s, 1)
            raise TimedOut(tr("The server did not answer within {seconds} s.", seconds=seconds), url)


def exchange(method: str, request: QNetworkRequest, body: bytes, watch: Watch) -> tuple[Answer, Below]:
    """Return the answer, with status 0 where none came, and what failed below HTTP."""
    network = QgsNetworkAccessManager.instance()
    if method == "POST":
        reply = network.post(request, QByteArray(body))
    elif method == "DELETE":
        reply = network.deleteResource(request)
    else:
        reply = network.get(request)
    _unwatched(reply)
    came = _wait(reply, watch)
    status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
    headers = {
        bytes(name).decode("latin-1").lower(): bytes(reply.rawHeader(name)).decode("latin-1")
        for name in reply.rawHeaderList()
    }
    answer = Answer(bytes(request.url().toEncoded()).decode(), int(status or 0), headers, came)
    below = Below(reply.error(), reply.errorString(), _certificate(reply))
    sip.delete(reply)  # here and now: nobody else deletes it while Python still holds it
    return answer, below


def _certificate(reply: QNetworkReply) -> tuple[str, ...]:
    if reply.error() != QNetworkReply.NetworkError.SslHandshakeFailedError:
        return ()
    return tuple(faults(reply.sslConfiguration().peerCertificateChain(), reply.url().host()))


def _unwatched(reply: QNetworkReply) -> None:
    """Keep PyQt from listening to the end of a reply.

    PyQt's monitor of objects that Qt made lives in the thread of the program: it hears of a reply's end when the next
    reply may already lie at the same address, and declares that one dead; it also changes its set without the lock of
    Python, while this thread may be changing it too. Nobody else listens to this signal; we delete the reply ourselves.
    """
    with suppress(TypeError):  # nobody listens
        reply.destroyed.disconnect()


def _wait(reply: QNetworkReply, watch: Watch) -> bytes:
    """Turn the thread's event loop until the reply is whole or not wanted; return its body.

    The clock, not only the signal, ends it: a signal that came before the loop is lost. Only Qt's own slot listens to
    the reply: an exception that leaves a slot in Python ends QGIS.
    """
    loop, clock = QEventLoop(), QTimer()

    def look() -> None:
        if reply.isFinished():
            loop.quit()
        elif watch.stops(reply.bytesAvailable()):
            reply.abort()
            loop.quit()

    reply.finished.connect(loop.quit)
    clock.timeout.connect(look)
    clock.start(LOOK_MS)
    loop.exec(QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents)
    clock.stop()
    came = bytes(reply.readAll()) if reply.isOpen() else b""
    watch.over = watch.over or len(came) > watch.largest
    return came
