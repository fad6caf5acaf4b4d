"""The built-in processes, registered through the hooks that a partner's package uses."""

from typing import Any

from observatoire.hooks import impl


@impl
def obs_processes() -> list[type[Any]]:
    """Return the processes of this repository."""
    # Late: scikit-learn takes seconds to load, and a command that loads a file needs no process.
    from processes.aggregate import Aggregate
    from processes.echo import Echo
    from processes.risk_evaluation import RiskEvaluation
    from processes.risk_forecast import RiskForecast
    from processes.works_clash import WorksClash

    return [Aggregate, Echo, RiskEvaluation, RiskForecast, WorksClash]
