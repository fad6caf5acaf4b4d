"""Every setting is documented, with its default and its meaning."""

import pytest

from observatoire.data import root
from observatoire.settings import Settings

pytestmark = pytest.mark.unit


def test_the_page_of_settings_is_the_list_of_settings() -> None:
    page = (root() / "docs" / "settings.md").read_text("utf-8")
    said = [line for line in page.splitlines() if line.startswith("| `OBS_")]

    expected = [
        f"| `OBS_{name.upper()}` | {'' if f.default is None else f'`{f.default}`'} | {f.description} |"
        for name, f in Settings.model_fields.items()
    ]
    assert said == expected


def test_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_DATABASE_URL", "postgresql://a:hunter2@127.0.0.1/x")

    assert "hunter2" not in repr(Settings())
