"""The docks beside the list of jobs."""

from __future__ import annotations

from ..core.session import Session


def make_docks(iface, session: Session) -> list:  # noqa: ARG001
    """Return the docks to be added to the desktop, in their order.

    Parameters
    ----------
    iface : QgisInterface
        The desktop.
    session : Session
        Server, client, tasks.

    Returns
    -------
    list of QDockWidget
    """
    return []
