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
    processes: int = Field(default=2, ge=1, le=64, description="Worker processes for the executions of one server.")
    execution_timeout_s: float = Field(default=120.0, gt=0, description="Longest time of one synchronous execution, s.")
    max_row_bytes: int = Field(default=1_048_576, ge=1_000, description="Longest row of a source, bytes.")
    log_level: str = Field(default="INFO", description="Level of the logs: DEBUG, INFO, WARNING, ERROR.")


@cache
def settings() -> Settings:
    """Return the settings of this process."""
    return Settings()
