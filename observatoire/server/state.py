"""What the routes of one server process share: made once when it starts, never changed."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from starlette.requests import HTTPConnection

from observatoire import __version__
from observatoire.cities import City
from observatoire.errors import UnknownLayer
from observatoire.layers.model import Audience, Layer
from observatoire.layers.presets import presets
from observatoire.server.api import Api
from observatoire.server.counts import Counts
from observatoire.server.crs import Systems
from observatoire.server.extents import Extents
from observatoire.server.pools import Pools
from observatoire.server.principal import Keys
from observatoire.server.reading import Reader
from observatoire.server.tiles.shared import Shared
from observatoire.server.turns import Turns
from observatoire.server.versions import Versions
from observatoire.settings import Settings
from observatoire.store.database import Store
from observatoire.store.roles import Passwords
from observatoire.tiles.pyramid import Pyramid, pyramids


@dataclass(frozen=True)
class State:
    """One server process."""

    settings: Settings
    city: City
    layers: dict[str, Layer]
    store: Store
    passwords: Passwords
    pools: Pools
    versions: Versions
    keys: Keys
    counts: Counts
    extents: Extents
    turns: Turns
    tiles: Shared
    systems: Systems
    api: Api
    base: str

    @cached_property
    def secret(self) -> bytes:
        """Key of the cursors' signatures: the same in every process of this machine, and after a restart."""
        return sha256(b"cursor" + self.passwords.fingerprint().encode()).digest()

    @cached_property
    def pyramids(self) -> dict[str, Pyramid]:
        """In which tiles are served."""
        return pyramids(self.city)

    @cached_property
    def edition(self) -> str:
        """What answers depend on beside the data: part of every entity tag."""
        layers = "".join(layer.model_dump_json() for layer in self.layers.values())
        parts = (__version__, layers, repr(presets()), self.city.model_dump_json(), self.base, self.settings.limit_max)
        return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]

    @cached_property
    def _readers(self) -> dict[tuple[str, Audience], Reader]:
        return {}

    @cached_property
    def documents(self) -> dict[Audience, dict[str, Any]]:
        """OpenAPI documents made so far."""
        return {}

    def reader(self, collection: str, audience: Audience) -> Reader:
        """Return the reader of requests for a collection.

        Raises
        ------
        UnknownLayer
            If there is none of that name that `audience` may see: the same answer for both.
        """
        key = (collection, audience)
        if key not in self._readers:
            layer = self.layers.get(collection)
            if layer is None or not layer.visible_to(audience):
                raise UnknownLayer("no such collection")
            self._readers[key] = Reader(
                layer, audience, self.systems, self.settings.limit_default, self.settings.limit_max, self.city.zone,
                self.secret,
            )  # fmt: skip
        return self._readers[key]

    def visible(self, audience: Audience) -> dict[str, Layer]:
        """Return the layers that an audience may see."""
        return {name: layer for name, layer in self.layers.items() if layer.visible_to(audience)}


def state_of(connection: HTTPConnection) -> State:
    """Return the state of the server that got a request."""
    state: State = connection.app.state.obs
    return state
