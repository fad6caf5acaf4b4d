"""Pieces of which the operations of the OpenAPI document are made."""

from typing import Any

Json = dict[str, Any]

#: What may go wrong with any request to read: status, and the component that describes the answer.
TROUBLES = (
    ("400", "InvalidParameter"), ("401", "Unauthorised"), ("404", "NotFound"), ("414", "TooLong"),
    ("429", "TooMany"), ("500", "ServerError"), ("503", "Unavailable"),
)  # fmt: skip


def responses(answer: str, **more: str) -> Json:
    """Return the responses of an operation to read: 200, those of `more` by status, and all troubles.

    Examples
    --------
    >>> responses("Tile", **{"204": "EmptyTile"})["204"]
    {'$ref': '#/components/responses/EmptyTile'}
    """
    named = {"200": answer, **more, **dict(TROUBLES)}
    return {code: {"$ref": f"#/components/responses/{name}"} for code, name in named.items()}


def refs(*names: str) -> list[Json]:
    """Return references to the shared parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def parameter(name: str, schema: Json, description: str, place: str = "query") -> Json:
    """Return a parameter; lists are separated by commas."""
    common = {"name": name, "in": place, "description": description, "required": place == "path", "schema": schema}
    return common | ({"style": "form", "explode": False} if place == "query" else {})
