"""The three-level nomenclature: domain → theme → code (`layers/nomenclature.yml`)."""

from functools import cache

import yaml
from pydantic import ValidationError

from observatoire.data import root
from observatoire.errors import BadSettings
from observatoire.layers.model import Model
from observatoire.text import Text


class Theme(Model):
    """Second level."""

    label: Text
    codes: dict[str, Text]


class Domain(Model):
    """First level: what `codes:` of a property names."""

    label: Text
    themes: dict[str, Theme]


class Nomenclature(Model):
    """All domains."""

    domains: dict[str, Domain]


@cache
def nomenclature() -> Nomenclature:
    """Read the nomenclature.

    Raises
    ------
    BadSettings
        If the file does not follow the model.
    """
    path = root() / "layers" / "nomenclature.yml"
    try:
        return Nomenclature.model_validate({"domains": yaml.safe_load(path.read_text("utf-8"))})
    except ValidationError as error:
        raise BadSettings(f"layers/nomenclature.yml: {error}") from None


def codes(branch: str) -> dict[str, Text]:
    """Return the leaves below a branch: a domain (`espace-public`) or a theme (`espace-public/proprete`)."""
    domain, _, theme = branch.partition("/")
    try:
        themes = nomenclature().domains[domain].themes
        chosen = [themes[theme]] if theme else list(themes.values())
    except KeyError:
        raise BadSettings(f"layers/nomenclature.yml has no branch {branch!r}") from None
    return {code: label for t in chosen for code, label in t.codes.items()}
