"""The built-in processes, registered through the hooks that a partner's package uses."""

from typing import Any

from observatoire.hooks import impl


@impl
def obs_processes() -> list[type[Any]]:
    """Return the processes of this repository."""
    # Late: scikit-learn takes seconds to load, and a command that loads a file needs no process.
    from processes.aggregate import Aggregate
    from processes.echo import Echo
    from processes.event_adequacy import EventAdequacy
    from processes.risk_evaluation import RiskEvaluation
    from processes.risk_forecast import RiskForecast
    from processes.situation_report import SituationReport
    from processes.submit_report import SubmitReport
    from processes.works_clash import WorksClash

    return [
        Aggregate, Echo, EventAdequacy, RiskEvaluation, RiskForecast, SituationReport, SubmitReport, WorksClash,
    ]  # fmt: skip
