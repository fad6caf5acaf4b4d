"""The header `Prefer` (RFC 7240): what a client would rather have."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_WAIT = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Prefer:
    """What we understand of it; the rest is not regarded, as the RFC has it.

    Attributes
    ----------
    respond_async : bool
        To be answered 201 at once.
    wait : float, s, optional
        How long to wait for an answer.
    """

    respond_async: bool = False
    wait: float | None = None


def read_prefer(headers: Iterable[str]) -> Prefer:
    """Return the preferences of all headers of that name; of one given twice, the first counts (RFC 7240, 2).

    Examples
    --------
    >>> read_prefer(["Respond-Async, wait=10"])
    Prefer(respond_async=True, wait=10.0)
    """
    given: dict[str, str] = {}
    for part in ",".join(headers).split(","):
        name, _, value = part.partition(";")[0].partition("=")
        given.setdefault(name.strip().lower(), value.strip().strip('"'))
    wait = given.get("wait", "")
    return Prefer("respond-async" in given, float(wait) if _WAIT.fullmatch(wait) else None)
