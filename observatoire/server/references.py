"""Inputs of an execution by reference: addresses that hold the value themselves (`data:`). None is fetched.

References
----------
.. [1] RFC 2397, *The "data" URL scheme*.
.. [2] OGC 18-062r2, requirement 18 (/req/core/process-execute-inputs), B: input values by reference.
"""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from observatoire.errors import BadInput

#: Members of a link (OGC 18-062r2, link.yaml).
LINK = {"href", "rel", "type", "hreflang", "title"}


def referred(name: str, link: dict[str, Any]) -> Any:
    """Return the value that a link of an input leads to: JSON where its media type says so, else text.

    Parameters
    ----------
    name : str
        Of the input, for messages.
    link : dict
        With a member `href`; `type` counts where the address names no media type.

    Raises
    ------
    BadInput
        If the address is not of the scheme `data`, or its value cannot be read.

    Examples
    --------
    >>> referred("message", {"href": "data:,Bonjour%20!"})
    'Bonjour !'
    >>> referred("bbox", {"href": "data:application/json;base64,WzQsIDQzLCA3LCA0NF0="})
    [4, 43, 7, 44]
    """
    href = link["href"]
    if not isinstance(href, str) or href[:5].lower() != "data:" or not link.keys() <= LINK:
        raise BadInput(
            f"inputs.{name}: expected the value itself, or a link whose href is a data: address (RFC 2397); "
            "this server fetches no others"
        )
    head, comma, given = href[5:].partition(",")
    media, *options = (part.strip().lower() for part in head.split(";"))
    if not comma:
        raise BadInput(f"inputs.{name}.href: expected data:[type][;base64],value")
    try:
        octets = unquote_to_bytes(given)
        if options[-1:] == ["base64"]:
            octets = base64.b64decode(octets, validate=True)
        kind = media or str(link.get("type", "")).partition(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            return orjson.loads(octets)
        return octets.decode()
    except (binascii.Error, orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"inputs.{name}.href: expected base64, JSON or UTF-8 as it says: {error}"[:200]) from None
