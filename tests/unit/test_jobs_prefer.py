"""What a client would rather have, however it writes that."""

import pytest

from observatoire.server.prefer import Prefer, read_prefer

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Prefer()),
        ([""], Prefer()),
        (["respond-async"], Prefer(respond_async=True)),
        (["RESPOND-ASYNC"], Prefer(respond_async=True)),
        (["respond-async, wait=10"], Prefer(respond_async=True, wait=10)),
        (["wait=10", "respond-async"], Prefer(respond_async=True, wait=10)),
        (["wait = 5 ; x=1"], Prefer(wait=5)),
        (['wait="7"'], Prefer(wait=7)),
        (["wait=3, wait=9"], Prefer(wait=3)),  # RFC 7240, 2: the first one counts
        (["wait=-1"], Prefer()),
        (["wait=1e3"], Prefer()),
        (["wait=99999999999999999999"], Prefer()),
        (["return=minimal, handling=lenient"], Prefer()),
        (["x-respond-async"], Prefer()),
        ([",,,;;==,"], Prefer()),
    ],
)
def test_preferences_are_read_as_the_rfc_writes_them(headers: list[str], expected: Prefer) -> None:
    assert read_prefer(headers) == expected
