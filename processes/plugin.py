"""The built-in processes, registered through the hooks that a partner's package uses."""

from typing import Any

from observatoire.hooks import impl
from processes.aggregate import Aggregate
from processes.echo import Echo
from processes.risk_forecast import RiskForecast


@impl
def obs_processes() -> list[type[Any]]:
    """Return the processes of this repository."""
    return [Aggregate, Echo, RiskForecast]
