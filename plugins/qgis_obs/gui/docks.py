"""The docks beside the list of jobs."""

from __future__ import annotations

from ..core.session import Session
from .catalogue_dock import CatalogueDock
from .dock import Dock
from .report_dock import ReportDock
from .risk_dock import RiskDock
from .works_dock import WorksDock


def make_docks(iface, session: Session) -> list[Dock]:
    """Return the docks to be added to the desktop, in their order.

    Parameters
    ----------
    iface : QgisInterface
        The desktop.
    session : Session
        Server, client, tasks.

    Returns
    -------
    list of Dock
    """
    return [kind(iface, session) for kind in (CatalogueDock, RiskDock, WorksDock, ReportDock)]
