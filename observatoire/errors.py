"""What can go wrong, said so that it may be shown.

The text of an `ObsError` is safe to show to anybody: it names the field, the value expected, the unit. It never
contains a row. Every other exception is an internal error, shown as a reference only.
"""

import logging
import secrets
from typing import ClassVar

log = logging.getLogger("observatoire")


class ObsError(Exception):
    """Base of all errors whose text may be shown.

    Attributes
    ----------
    type : str
        Last part of the problem type URI (RFC 9457).
    status : int
        HTTP status.
    exit_code : int
        Exit code of `obs`, after sysexits.h.
    """

    type = "error"
    status = 500
    exit_code = 70


class BadInput(ObsError):
    """A value given by the caller is not one that can be used."""

    type, status, exit_code = "bad-input", 400, 65


class BadSource(ObsError):
    """A source as a whole cannot be read: nothing was loaded."""

    type, status, exit_code = "bad-source", 422, 65


class NotFound(ObsError):
    """What was asked for does not exist, or not for this caller."""

    type, status, exit_code = "not-found", 404, 66


class UnknownLayer(NotFound):
    """No file of that name in the catalogue."""

    type = "unknown-layer"


class UnknownSource(NotFound):
    """No source of that name in the city."""

    type = "unknown-source"


class SourceUnavailable(ObsError):
    """A source's file or address cannot be reached."""

    type, status, exit_code = "source-unavailable", 502, 69


class StoreUnavailable(ObsError):
    """The database is missing, stopped or refuses us."""

    type, status, exit_code = "store-unavailable", 503, 69
    headers: ClassVar = {"Retry-After": "5"}


class Unauthorised(ObsError):
    """A key is needed, or the one given is not known."""

    type, status, exit_code = "unauthorised", 401, 77


class BadSettings(ObsError):
    """A setting or a file of the catalogue is wrong."""

    type, status, exit_code = "bad-settings", 500, 78


class WorkersLost(ObsError):
    """A process or a cluster that computed for us ended before its answer."""

    type, status, exit_code = "workers-lost", 503, 69


def internal(error: BaseException) -> str:
    """Log an unexpected exception under a fresh reference and return the text that may be shown."""
    reference = secrets.token_hex(4)
    log.error("internal error %s", reference, exc_info=error)
    return f"internal error, reference {reference}"
