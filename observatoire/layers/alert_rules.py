"""The rules of alerts of a city: `layers/alert-rules.yml`, checked against the catalogue and the nomenclature."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from observatoire.alerts.rules import Count, Excess, Late, Rule, Rules
from observatoire.data import root
from observatoire.errors import BadSettings
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import codes


@cache
def alert_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """Read the rules.

    Raises
    ------
    BadSettings
        If the file is not YAML, does not follow the model, or names what the catalogue does not know; the text names
        the rule and the key.
    """
    file = path or root() / "layers" / "alert-rules.yml"
    try:
        rules = Rules.model_validate({"rules": yaml.safe_load(file.read_text("utf-8"))}).rules
    except yaml.YAMLError as error:
        raise BadSettings(f"{file.name}: not YAML: {error}") from None
    except ValidationError as error:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False))
        raise BadSettings(f"{file.name}: {where}") from None
    for rule in rules:
        if complaint := _complaint(rule):
            raise BadSettings(f"{file.name}: {rule.id}: {complaint}")
    return tuple(rules)


def code_property(layer: Layer) -> str | None:
    """Return the property that says what an item is: the one by which it is drawn, where that has codes."""
    name = layer.style.property
    return name if name is not None and layer.properties[name].codes is not None else None


def codes_of(rule: Rule) -> frozenset[str] | None:
    """Return the codes below the theme of a rule; None where it has none: all."""
    if not isinstance(rule, Count | Excess) or rule.theme is None:
        return None
    branch, _, code = rule.theme.rpartition("/") if rule.theme.count("/") == 2 else (rule.theme, "", "")
    known = codes(branch)
    if code and code not in known:
        raise BadSettings(f"layers/nomenclature.yml has no code {rule.theme!r}")
    return frozenset([code] if code else known)


def _complaint(rule: Rule) -> str:
    """Say what of a rule the catalogue does not allow; empty where all is well."""
    if isinstance(rule, Late):
        return ""
    layer = catalog().get(rule.collection)
    if layer is None:
        return f"collection: no file layers/catalog/{rule.collection}.yml"
    if layer.time_field is None:
        return f"collection: {layer.id} has no dates"
    blind = [a for a in rule.audience if not (layer.visible_to(a) and layer.exact_for(a))]
    if blind:
        return f"audience: {', '.join(blind)} may not see {layer.id} exactly"
    if isinstance(rule, Count | Excess):
        return _theme(rule, layer)
    if rule.subject not in layer.properties:
        return f"subject: {layer.id} has no property {rule.subject}"
    if rule.kind == "open" and "fin" not in layer.properties:
        return f"collection: {layer.id} has no property fin"
    return ""


def _theme(rule: Count | Excess, layer: Layer) -> str:
    name = code_property(layer)
    if layer.geometry != "Point":
        return f"collection: expected points, {layer.id} has {layer.geometry}"
    if name is None or "origin" not in layer.properties:
        return f"collection: {layer.id} has no codes, or does not say the origin of its items"
    if rule.theme is not None and rule.theme.split("/")[0] != layer.properties[name].codes:
        return f"theme: {layer.id} is of {layer.properties[name].codes}, not of {rule.theme}"
    try:
        codes_of(rule)
    except BadSettings as error:
        return f"theme: {error}"
    return ""
