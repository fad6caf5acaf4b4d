"""No more requests a second of one audience from one address than `OBS_RATE_PER_SECOND`; twice as many at once."""

from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from time import monotonic

from starlette.types import ASGIApp, Receive, Scope, Send

from observatoire.server.context import current
from observatoire.server.problems import problem

#: Callers remembered; who was forgotten starts with a full bucket.
KEPT = 10_000


@dataclass
class Bucket:
    """Requests that a caller may still make, and when that was counted."""

    left: float
    at: float


class Rates:
    """Middleware: a token bucket a caller, in each process; 429 when it is empty."""

    def __init__(self, app: ASGIApp, per_second: float) -> None:
        self.app = app
        self.per_second = per_second
        self.depth = max(1.0, 2 * per_second)
        self.buckets: OrderedDict[tuple[str, str], Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or 429 with the seconds to wait."""
        wait = self._wait(scope, monotonic()) if scope["type"] == "http" and self.per_second else 0.0
        if wait:
            detail = f"more than {self.per_second:g} requests a second"
            answer = problem(429, detail, headers={"Retry-After": str(ceil(wait))})
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _wait(self, scope: Scope, now: float) -> float:
        """Take a token; return the seconds until there is one, 0 where there was."""
        caller = (current().audience, (scope.get("client") or ("",))[0])
        bucket = self.buckets.setdefault(caller, Bucket(self.depth, now))
        self.buckets.move_to_end(caller)
        if len(self.buckets) > KEPT:
            self.buckets.popitem(last=False)
        bucket.left = min(self.depth, bucket.left + (now - bucket.at) * self.per_second)
        bucket.at = now
        if bucket.left < 1:
            return (1 - bucket.left) / self.per_second
        bucket.left -= 1
        return 0.0
