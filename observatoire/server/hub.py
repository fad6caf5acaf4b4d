"""What the store rings, fanned out to the screens that listen: one listener a process, a short queue a screen."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

from observatoire.errors import ObsError
from observatoire.jobs.bell import listen
from observatoire.layers.model import Audience, Layer
from observatoire.store.database import Store

CHANNEL = "obs_events"
MOST = 200  # screens that one process serves
QUEUED = 100  # events that wait for one screen; it is then told to look for itself

log = logging.getLogger("observatoire.events")
Event = dict[str, Any]
#: The store went away and came back, or a screen was too slow: what happened meanwhile is not known.
LOOK: Event = {"kind": "look"}


class TooManyScreens(ObsError):
    """This process serves as many screens as it may."""

    type, status, exit_code = "too-many-screens", 503, 75
    headers = {"Retry-After": "10"}  # noqa: RUF012  # a constant


@dataclass(eq=False)
class Screen:
    """One that listens, with the rights of its audience."""

    audience: Audience
    queue: "asyncio.Queue[Event]" = field(default_factory=lambda: asyncio.Queue(QUEUED))

    def tell(self, event: Event) -> None:
        """Queue an event; where the queue is full, its place is taken by one that says: look for yourself."""
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(LOOK)


class Hub:
    """Fans out; a context manager runs its listener.

    Parameters
    ----------
    layers : mapping of Layer
        Who may see which collection.
    """

    def __init__(self, store: Store, layers: Mapping[str, Layer]) -> None:
        self._store = store
        self._layers = layers
        self._screens: set[Screen] = set()
        self._listening: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[str], None]] = []

    async def __aenter__(self) -> "Hub":
        self._listening = asyncio.create_task(listen(self._store, self.heard, (CHANNEL,)))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening

    @property
    def screens(self) -> int:
        """Number of screens that listen."""
        return len(self._screens)

    def enter(self, audience: Audience) -> Screen:
        """Have a screen told from now on.

        Raises
        ------
        TooManyScreens
            If this process serves `MOST` already.
        """
        if len(self._screens) >= MOST:
            raise TooManyScreens(f"this server tells {MOST} screens already; try again later")
        screen = Screen(audience)
        self._screens.add(screen)
        return screen

    def leave(self, screen: Screen) -> None:
        """Tell a screen no more."""
        self._screens.discard(screen)

    def heard(self, channel: str, payload: str) -> None:
        """Hand on what rang to those who may know it; after a gap (no channel), tell all to look."""
        if channel == "":
            for screen in self._screens:
                screen.tell(LOOK)
            return
        try:
            event = orjson.loads(payload)
        except orjson.JSONDecodeError:
            log.warning("a ring that is not JSON was dropped")
            return
        for screen in self._screens:
            if self._may(screen.audience, event):
                screen.tell({name: value for name, value in event.items() if name != "audience"})

    def _may(self, audience: Audience, event: Any) -> bool:
        """Tell whether an audience may know of an event; of what is not named here, nobody may."""
        if not isinstance(event, dict):
            return False
        if event.get("kind") == "collection":
            layer = self._layers.get(str(event.get("collection")))
            return layer is not None and layer.visible_to(audience)
        if event.get("kind") == "alert":
            return audience in event.get("audience", ())
        return False
