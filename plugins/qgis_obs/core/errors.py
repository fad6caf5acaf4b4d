"""What can go wrong, each with a sentence for the user and details for whoever repairs it."""

from __future__ import annotations

from .texts import tr


class PluginError(Exception):
    """Something the user can read: `str(error)` is a sentence in their language.

    Attributes
    ----------
    details : str
        Address, status, first characters of the answer. Never a key.
    """

    def __init__(self, text: str, details: str = "") -> None:
        super().__init__(text.strip())
        self.details = details


class BadUrl(PluginError):
    """What was typed is no address of a server."""


class NoServer(PluginError):
    """No connection is set."""

    def __init__(self) -> None:
        super().__init__(tr("No server: add a connection, or set OBS_URL."))


class Unreachable(PluginError):
    """Nobody answers at the address."""


class TimedOut(PluginError):
    """The server took the request and did not answer in time."""


class BadCertificate(PluginError):
    """The server's certificate is expired, of another name, or of an unknown authority."""


class NotAllowed(PluginError):
    """401 or 403: no key, a wrong one, or one without this right."""


class NotFound(PluginError):
    """404: not there, or not for this key."""


class TooManyRequests(PluginError):
    """429: come back later.

    Attributes
    ----------
    retry_after : float
        Seconds after which the server answers again.
    """

    def __init__(self, text: str, details: str = "", retry_after: float = 1.0) -> None:
        super().__init__(text, details)
        self.retry_after = retry_after


class Refused(PluginError):
    """Another 4xx: the server says what is wrong with the request."""


class ServerFailed(PluginError):
    """5xx: the fault is the server's."""


class NotJson(PluginError):
    """The answer is no JSON: often the page of a proxy or of a login."""


class TooLarge(PluginError):
    """The answer is larger than the plugin takes; it was cut off, not read."""


class Cancelled(PluginError):
    """The user stopped it."""

    def __init__(self) -> None:
        super().__init__(tr("Stopped."))


class BadValue(PluginError):
    """A value of a form cannot be sent; the text names the input."""


class JobFailed(PluginError):
    """The job ended without a result."""
