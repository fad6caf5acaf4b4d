"""Credentials of services: named in a city's file, held by environment variables."""

import os
from base64 import b64encode
from collections.abc import Mapping

from observatoire.errors import BadInput, BadSettings

#: What every service's `request` may hold.
REQUEST = {
    "auth": "`env:NAME`: variable that holds `user:password`, for Basic authentication",
    "header": "`Name: env:NAME`: a header, and the variable that holds its value",
}


def credentials(request: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that `auth` and `header` of a source's `request` say.

    Raises
    ------
    BadInput
        If one is not a reference to an environment variable: a city's file holds no secret.
    BadSettings
        If the variable is not set.
    """
    headers = {}
    if (auth := request.get("auth")) is not None:
        headers["Authorization"] = f"Basic {b64encode(secret('auth', auth).encode()).decode()}"
    if (header := request.get("header")) is not None:
        name, _, reference = header.partition(":")
        headers[name.strip()] = secret("header", reference.strip())
    return headers


def secret(field: str, reference: str) -> str:
    """Return the value of the environment variable that `env:NAME` names."""
    kind, _, name = reference.partition(":")
    if kind != "env" or not name.isidentifier():
        raise BadInput(f"{field}: expected env:NAME, the environment variable that holds it")
    value = os.environ.get(name)
    if not value:
        raise BadSettings(f"{field}: the environment variable {name} is not set")
    if not value.isascii() or not value.isprintable():
        raise BadSettings(f"{field}: the environment variable {name} holds what no header can")
    return value
