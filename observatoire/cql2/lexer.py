"""From the text of a filter to its tokens, in one pass."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple, NoReturn

from observatoire.cql2.errors import FilterError, quoted

TokenKind = Literal["name", "quoted", "string", "number", "sign", "end"]

# identifierStart and identifierPart of the grammar (OGC 21-065r2, Annex B), with Python's idea of a letter.
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
      | (?P<name>[^\W\d][\w.:]*|[:_][\w.:]*)
      | (?P<string>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<sign><=|>=|<>|[=<>()+\-*/%^,])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A word of the text.

    Attributes
    ----------
    kind : TokenKind
    value : str
        Without quotes.
    word : str
        In upper case, to be compared with keywords; empty for anything but an unquoted name.
    at : int
        Where it starts, characters.
    """

    kind: TokenKind
    value: str
    word: str
    at: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a text, the last one of kind `end`.

    Raises
    ------
    FilterError
        A character that starts no token, a quotation that does not end.
    """
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            _refuse(text, at)
        kind: TokenKind = match.lastgroup  # type: ignore[assignment]  # the groups are named after the kinds
        value = match.group(kind)
        if kind in ("string", "quoted"):
            value = value[1:-1].replace(value[0] * 2, value[0])
        yield Token(kind, value, value.upper() if kind == "name" else "", match.start(kind))
        if kind == "end":
            return
        at = match.end()


def position(text: str, at: int) -> str:
    """Say where a character stands.

    >>> position("a = 1 AND\\nb = = 2", 14)
    'line 2, column 5'
    """
    line = text.count("\n", 0, at) + 1
    return f"line {line}, column {at - text.rfind('\n', 0, at)}"


def _refuse(text: str, at: int) -> NoReturn:
    rest = text[at:].lstrip()
    at = len(text) - len(rest)
    what = {"'": "a text that does not end", '"': "a quoted name that does not end"}.get(rest[0])
    if what is None:
        what = "a number that is not one" if rest[0].isdigit() else f"unexpected character {quoted(rest[0])}"
    raise FilterError(f"filter: {what} at {position(text, at)}")
