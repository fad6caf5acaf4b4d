"""Work that only so many requests may do at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from observatoire.errors import ObsError


class BusyError(ObsError):
    """`OBS_DOWNLOADS` files are being made."""

    type, status, exit_code = "busy", 503, 75
    headers = {"Retry-After": "10"}  # noqa: RUF012  # a constant


class Turns:
    """How many files are being made in this process: no more than so many."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Take a turn.

        Raises
        ------
        BusyError
            If none is left.
        """
        if self.taken >= self.most:
            raise BusyError("other files are being made: ask again in ten seconds")
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
