"""Content encodings: which one a client takes, and how a body is written in it."""

from collections.abc import Callable
from functools import lru_cache

import brotli
from isal import igzip

#: The fastest levels: 0.1 to 0.3 ms for a page of 235 kB, where zlib's default takes 3.6 ms for 10 % less.
GZIP, BROTLI = 1, 1
#: By name, the preferred first: brotli is the shorter one, gzip the quicker one.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=BROTLI),
    "gzip": lambda body: igzip.compress(body, GZIP, mtime=0),
}
_ALIASES = {"x-gzip": "gzip"}


@lru_cache(maxsize=1024)
def chosen(accepted: str) -> str:
    """Return the encoding for a client, by its Accept-Encoding (RFC 9110, §12.5.3).

    Returns
    -------
    str
        A name of `ENCODERS`, the one of the greatest weight; empty where the body is to be sent as it is: no header,
        none of ours in it, or `identity` preferred.

    Examples
    --------
    >>> chosen("gzip, deflate, br, zstd")
    'br'
    >>> chosen("br;q=0.5, gzip;q=0.8")
    'gzip'
    >>> chosen("br;q=0, *")
    'gzip'
    >>> chosen("gzip;q=0.2, identity")
    ''
    """
    weights = _weights(accepted)
    rest = weights.get("*", 0.0)
    best = max(ENCODERS, key=lambda name: weights.get(name, rest))  # of equals the first
    weight = weights.get(best, rest)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else ""


def takes(accepted: str, name: str) -> bool:
    """Tell whether a client takes an encoding: for a body that is kept in it.

    Examples
    --------
    >>> takes("gzip, br", "gzip"), takes("gzip;q=0, *", "gzip"), takes("*", "gzip"), takes("", "gzip")
    (True, False, True, False)
    """
    weights = _weights(accepted)
    return weights.get(name, weights.get("*", 0.0)) > 0


def _weights(accepted: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in accepted.lower().split(",")[:32]:
        name, _, options = (piece.strip() for piece in part.partition(";"))
        weights.setdefault(_ALIASES.get(name, name), _weight(options))
    return weights


def _weight(options: str) -> float:
    for option in options.split(";"):
        name, _, value = option.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
