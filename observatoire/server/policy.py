"""The content security policy of a served city: ourselves, and the one origin whose map the city allows."""

from functools import cache

from starlette.types import Scope

from observatoire.server.middleware import POLICY

#: Where a request notes the one inline style sheet that its page holds.
_STYLE = "observatoire.style"


def let_in(scope: Scope, style: str) -> None:
    """Let in the inline style sheet of the page that answers a request.

    Parameters
    ----------
    style : str
        Its hash, as `style-src` writes it.
    """
    scope[_STYLE] = style


def policy_of(scope: Scope) -> str:
    """Return the policy of a request: before the server has its city, the strictest."""
    state = getattr(scope["app"].state, "obs", None)
    base = None if state is None else state.city.basemap
    policy = POLICY if base is None else with_images_of(base.origin)
    return policy if _STYLE not in scope else with_style(policy, scope[_STYLE])


@cache
def with_style(policy: str, style: str) -> str:
    """Return a policy that lets in one inline style sheet, by its hash.

    Examples
    --------
    >>> [part for part in with_style(POLICY, "'sha256-x'").split("; ") if "sha256" in part]
    ["style-src 'self' 'sha256-x'"]
    """
    return policy.replace("style-src 'self'", f"style-src 'self' {style}")


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
