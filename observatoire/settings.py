"""Settings: environment variables `OBS_…`, one class, all documented in docs/settings.md (a test keeps that true)."""

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment; an unset variable takes the default given here."""

    model_config = SettingsConfigDict(env_prefix="OBS_", extra="ignore", frozen=True)

    var: Path = Field(
        default=Path("var"), description="Folder of what this machine keeps: keys, journals, the embedded store."
    )
    city: Path = Field(default=Path("cities/demo.yml"), description="File of the city that is loaded and served.")
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL address of an administrator of your own PostGIS; unset: an embedded store.",
    )
    data: Path | None = Field(
        default=None, description="Folder where the files of sources are looked for before the network."
    )
    store_wait_s: float = Field(
        default=60.0, ge=0, description="How long `obs serve` and `obs worker` wait for a database that is down, s."
    )
    bind: str = Field(default="127.0.0.1:5000", description="Address and port of `obs serve`.")
    url: str | None = Field(
        default=None, description="Public address of the server, in links; unset: http:// and OBS_BIND."
    )
    pool_size: int = Field(
        default=6, ge=1, le=50, description="Most database connections per audience and server process."
    )
    statement_timeout_ms: int = Field(
        default=10_000, ge=100, description="Longest time of one database query of a request, ms."
    )
    limit_default: int = Field(default=10, ge=1, description="Items per page when `limit` is not given.")
    limit_max: int = Field(default=10_000, ge=1, description="Most items per page.")
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, description="Longest request body, bytes.")
    max_url_bytes: int = Field(default=32_768, ge=1_000, description="Longest address of a request, bytes.")
    rate_per_second: float = Field(
        default=0.0,
        ge=0,
        description="Requests per second of one audience from one address, twice as many at once; 0: no limit.",
    )
    photo_bytes: int = Field(default=6_000_000, ge=10_000, description="Longest photo of a resident's report, bytes.")
    reports_per_hour: int = Field(
        default=120,
        ge=0,
        description="Most reports and voices of one network prefix (/24, /56) in an hour; 0: no limit.",
    )
    cors_origins: str = Field(
        default="*", description="Origins whose pages may read the API, separated by commas; `*`: all; empty: none."
    )
    tiles_kept_mb: int = Field(default=64, ge=0, le=65_536, description="Tiles that one server process keeps, MiB.")
    downloads: int = Field(default=2, ge=1, le=64, description="Files of whole collections made at once by one server.")
    processes: int = Field(default=2, ge=1, le=64, description="Worker processes for the executions of one server.")
    execution_timeout_s: float = Field(default=120.0, gt=0, description="Longest time of one synchronous execution, s.")
    sync_wait_s: float = Field(
        default=60.0, ge=0, description="Longest wait for a heavy execution that a worker runs, s; then 201 and a job."
    )
    worker_slots: int = Field(default=2, ge=1, le=64, description="Jobs that one `obs worker` runs at a time.")
    worker_nice: int = Field(
        default=14, ge=0, le=19, description="Steps by which a worker's computations stand back behind requests."
    )
    job_timeout_s: float = Field(default=3600.0, gt=0, description="Longest time of one attempt at a job, s.")
    job_memory_mb: int = Field(default=8192, ge=1024, description="Most address space of a job, MiB.")
    job_lease_s: float = Field(
        default=15.0, ge=1, description="A job whose worker is not heard of for this long is taken up again, s."
    )
    job_attempts: int = Field(default=5, ge=1, le=100, description="Most attempts at a job whose workers are lost.")
    job_kept_s: float = Field(default=259_200.0, gt=0, description="Time for which a job and its results are kept, s.")
    jobs_waiting: int = Field(default=1_000, ge=1, description="Most jobs of one audience that wait; then 429.")
    callback_origins: str = Field(
        default="",
        description="Where a job may call back to (`subscriber`): `https://host[:port]`, by commas; empty: nowhere.",
    )
    callback_networks: str = Field(
        default="",
        description="Networks that callbacks may reach although they are not public: `10.1.2.0/24`, by commas.",
    )
    risk_processes: int = Field(
        default=1, ge=1, le=256, description="Processes over which `obs forecast` and `obs worker` spread one forecast."
    )
    dask_scheduler: str | None = Field(
        default=None, description="Address of a Dask scheduler that computes forecasts: `tcp://host:8786`; unset: none."
    )
    max_row_bytes: int = Field(default=1_048_576, ge=1_000, description="Longest row of a source, bytes.")
    log_level: str = Field(default="INFO", description="Level of the logs: DEBUG, INFO, WARNING, ERROR.")

    @property
    def base(self) -> str:
        """Public address of the API, without a slash at its end."""
        return f"{(self.url or f'http://{self.bind}').rstrip('/')}/api"


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()
