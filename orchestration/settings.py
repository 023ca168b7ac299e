"""The only reader of environment variables (and of `.env`)."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_DIR = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_DIR / "dbt_project"
SEEDS_DIR = PROJECT_DIR / "seeds"
PREFIX = "TOUCHLINE_"

TELEMETRY_OFF = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    # dlt delayed the end of a process by 5 s.
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
}


class Settings(BaseSettings):
    """What a run can be told; each field is `TOUCHLINE_<FIELD>` in the environment or in `.env`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=PROJECT_DIR / ".env", extra="ignore", frozen=True
    )

    home: Path = Path("warehouse")
    """Everything that a run makes is under this folder (relative: to the current one)."""
    sources: str = "demo"
    """The connectors to read, with commas between."""
    as_of: datetime | None = None
    """The moment that the marts describe; without it, the latest one seen in the data."""
    reporting_currency: str = "USD"
    """The currency of every amount in the marts (ISO 4217)."""
    default_currency: str = ""
    """The currency of a deal that names none; without it such an amount is told, not counted."""
    business_timezone: str = "UTC"
    """The zone whose calendar the days, weeks and months are of (IANA name)."""
    phone_region: str = "RU"
    """The country (ISO 3166) whose numbers may be written without a country code."""
    dbt_vars: str = "{}"
    """Further dbt vars (JSON), such as `{"call_match_seconds": 90}`."""
    max_quarantined_share: float = Field(0.05, ge=0, le=1)
    """A larger share of bad rows among an entity's new ones stops it."""
    min_quarantined_rows: int = Field(50, ge=0)
    """So many bad rows never stop an entity, however few it has in all (CASES.md)."""
    publish_personal_data: bool = False
    """Names of customers in the published database; off unless somebody asks."""
    releases_kept: int = Field(7, ge=2)
    runs_kept: int = Field(60, ge=2)
    """How many runs Dagster remembers."""
    """How many published databases stay, the one in force among them."""
    memory_limit: str = "4GiB"
    """What DuckDB may take before it writes to TOUCHLINE_HOME/tmp."""
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1)
    """How many cores DuckDB and dbt use; all by default."""
    schedule: str = "0 3 * * *"
    """When the nightly runs (cron, in `business_timezone`)."""
    dbt_subprocess: bool = False
    """Run dbt as a program instead of in this process: slower, but leans on no internals of it."""
    full_refresh: bool = False
    """Ask the sources for everything again."""
    rebuild: bool = False
    """Compute everything anew from what has landed, not only what the night's rows touch."""
    dbt_project_dir: Path = DBT_PROJECT_DIR
    """Another project, in tests."""
    connector_retries: int = Field(2, ge=0)
    """How often a source that can't be reached is asked again before the night fails."""
    retry_delay_seconds: float = Field(30, ge=0)
    """How long to wait before a source that did not answer is asked again."""
    free_space_factor: float = Field(3.0, ge=0)
    """A run starts only with so many times the size of the build and its marts free on the disk."""
    min_free_mb: int = Field(256, ge=0)
    """A run starts only with so many megabytes free on the disk."""

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("as_of")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        if value is None:
            return None
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(UTC).replace(tzinfo=None)

    @field_validator("dbt_vars")
    @classmethod
    def _json_object(cls, value: str) -> str:
        if not isinstance(json.loads(value), dict):
            # Pydantic tells ValueErrors only.
            raise ValueError(  # noqa: TRY004
                'is no JSON object, such as {"call_match_seconds": 90}'
            )
        return value

    @field_validator("business_timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{value!r} is no time zone; one is Europe/Paris") from error
        return value

    @property
    def source_names(self) -> list[str]:
        return [name.strip() for name in self.sources.split(",") if name.strip()]

    @property
    def build_file(self) -> Path:
        return self.home / "build.duckdb"

    @property
    def marts_file(self) -> Path:
        """Where the marts are built; a release is a copy of it, and called the same."""
        return self.home / "marts" / "touchline.duckdb"

    @property
    def published_file(self) -> Path:
        return self.home / "current" / "touchline.duckdb"

    @property
    def report_file(self) -> Path:
        return self.home / "report" / "scorecard.html"

    @property
    def releases_dir(self) -> Path:
        return self.home / "releases"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    @property
    def dbt_target_dir(self) -> Path:
        return self.home / "dbt_target"

    @property
    def tmp_dir(self) -> Path:
        return self.home / "tmp"

    @property
    def logs_dir(self) -> Path:
        return self.home / "logs"

    @cached_property
    def extra_dbt_vars(self) -> dict[str, Any]:
        return dict(json.loads(self.dbt_vars))

    @property
    def stable_dbt_vars(self) -> dict[str, Any]:
        """The dbt vars that are the same from night to night."""
        return {
            "business_timezone": self.business_timezone,
            "reporting_currency": self.reporting_currency,
            "default_currency": self.default_currency,
            "publish_personal_data": self.publish_personal_data,
            **self.extra_dbt_vars,
        }

    def connector_settings(self, name: str) -> Mapping[str, str]:
        """`TOUCHLINE_<NAME>_<KEY>` of the environment and of `.env`, as `{key: value}`."""
        prefix = f"{PREFIX}{name}_".upper()
        found = {**_read_env_file(PROJECT_DIR / ".env"), **os.environ}
        return {
            key[len(prefix) :].lower(): value
            for key, value in found.items()
            if key.upper().startswith(prefix) and value != ""
        }


def _read_env_file(path: Path) -> dict[str, str]:
    return {key: value for key, value in dotenv_values(path).items() if value is not None}


def build_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` win over the environment."""
    os.environ.update({k: v for k, v in TELEMETRY_OFF.items() if k not in os.environ})
    return Settings(**{key: value for key, value in overrides.items() if value is not None})
