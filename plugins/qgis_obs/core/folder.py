"""Where the plugin keeps what outlives a session: descriptions and the list of jobs. Never a key, never data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from qgis.core import QgsApplication


def folder() -> Path:
    """Return the plugin's folder in the profile, made where it is missing."""
    path = Path(QgsApplication.qgisSettingsDirPath()) / "obs"
    path.mkdir(parents=True, exist_ok=True)
    return path


def read(path: Path, otherwise: Any) -> Any:
    """Return the JSON of a file; `otherwise` where it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return otherwise


def write(path: Path, said: Any) -> None:
    """Write JSON, whole or not at all, readable by the user only."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    part.chmod(0o600)
    part.replace(path)
