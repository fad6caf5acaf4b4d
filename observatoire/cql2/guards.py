"""Limits of what a filter may ask, checked before anything recurses: none may exhaust the stack or the processor."""

from typing import Any

from observatoire.cql2.errors import FilterError

MAX_TEXT = 65_536  # bytes of UTF-8; a polygon of 1 000 vertices takes about 16 000
MAX_BRACKETS = 32  # brackets inside brackets, in the text form
MAX_DEPTH = 64  # operators inside operators, in either form
MAX_OPERATORS = 500
MAX_NODES = 2_000  # expressions, without the coordinates of geometries
MAX_VALUES = 1_000  # of one IN
MAX_VERTICES = 10_000  # of one geometry
MAX_JSON_DEPTH = 2 * MAX_DEPTH + 16  # an operator opens an object and an array; a geometry at most ten more
GEOMETRY_MEMBERS = frozenset({"coordinates", "bbox"})


def check_text(text: str) -> None:
    """Refuse what is too long, and characters that PostgreSQL cannot hold."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise FilterError("filter: the text holds half of a surrogate pair, it is not Unicode") from None
    if size > MAX_TEXT:
        raise FilterError(f"filter: {size} bytes, at most {MAX_TEXT}")
    if "\0" in text:
        raise FilterError("filter: the text holds the character NUL")


def check_json_depth(text: str) -> None:
    """Refuse brackets nested deeper than any filter needs, before a recursive reader sees them."""
    depth, inside, escaped = 0, False, False
    for c in text:
        if inside:
            if escaped:
                escaped = False
            elif c == "\\":
                escaped = True
            elif c == '"':
                inside = False
        elif c == '"':
            inside = True
        elif c in "[{":
            depth += 1
            if depth > MAX_JSON_DEPTH:
                raise too_deep()
        elif c in "]}":
            depth -= 1


def check_tree(tree: Any) -> None:
    """Refuse a tree that is too deep or too large to be visited.

    Walks by a list of its own, not by recursion. Depth counts operators, nodes count everything but coordinates.
    """
    nodes = operators = 0
    pending: list[tuple[Any, int]] = [(tree, 0)]
    while pending:
        node, depth = pending.pop()
        nodes += 1
        if isinstance(node, dict):
            if "op" in node:
                operators, depth = operators + 1, depth + 1
            elif "geometries" in node:
                depth += 1
            children = [value for key, value in node.items() if key not in GEOMETRY_MEMBERS]
        elif isinstance(node, list):
            children = node
        else:
            continue
        if depth > MAX_DEPTH or len(pending) > 2 * MAX_NODES:
            raise too_deep() if depth > MAX_DEPTH else too_large()
        if nodes > MAX_NODES or operators > MAX_OPERATORS:
            raise too_large()
        pending.extend((child, depth + isinstance(child, list)) for child in children)


def too_deep() -> FilterError:
    """Return the error of what is nested too deeply."""
    return FilterError(f"filter: nested too deeply, at most {MAX_BRACKETS} brackets and {MAX_DEPTH} operators")


def too_large() -> FilterError:
    """Return the error of what has too many parts."""
    return FilterError(f"filter: too large, at most {MAX_OPERATORS} operators and {MAX_NODES} values")
