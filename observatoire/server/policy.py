"""The content security policy of a served city: ourselves, and the one origin whose map the city allows."""

from functools import cache

from starlette.types import Scope

from observatoire.server.middleware import POLICY


def policy_of(scope: Scope) -> str:
    """Return the policy of a request: before the server has its city, the strictest."""
    state = getattr(scope["app"].state, "obs", None)
    base = None if state is None else state.city.basemap
    return POLICY if base is None else with_images_of(base.origin)


@cache
def with_images_of(origin: str) -> str:
    """Return the policy that lets in the tiles of one other origin: pictures, and the fetches that bring them.

    Examples
    --------
    >>> [part for part in with_images_of("https://tiles.example").split("; ") if "example" in part]
    ["connect-src 'self' https://tiles.example", "img-src 'self' data: blob: https://tiles.example"]
    """
    own = POLICY.replace("connect-src 'self'", f"connect-src 'self' {origin}")
    return own.replace("img-src 'self' data: blob:", f"img-src 'self' data: blob: {origin}")
