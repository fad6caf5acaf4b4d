"""Layers of forecasts: weeks for the temporal controller, and the difference of two forecasts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from qgis.core import (
    Qgis,
    QgsDateTimeRange,
    QgsEditorWidgetSetup,
    QgsFeature,
    QgsFillSymbol,
    QgsGeometry,
    QgsRuleBasedRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QDateTime, Qt, QTimeZone

from . import badge, shapes
from .comparison import Comparison
from .legend import Legend
from .texts import tr
from .weeks import NUMBERS, Forecast

_OPACITY = 178  # 70 %, as in the server's styles
KIND = "obs/kind"  # custom property: `weeks` or `difference`
#: ColorBrewer PuOr, from less to more; the middle one is “no change”.
DIVERGING = ("#5e3c99", "#b2abd2", "#f7f7f7", "#fdb863", "#e66101")


def weeks_layer(name: str, made: Sequence[Forecast], legend: Legend) -> QgsVectorLayer:
    """Return a layer in memory: a feature a cell and period, which the temporal controller plays.

    The legend tells apart the answers that occur, each with the classes, which are the same in all periods.
    """
    words = [
        ("period", tr("Period")),
        ("cell_id", tr("Cell")),
        ("answer", tr("Answer")),
        ("skill", tr("Skill of the forecast")),
    ]
    numbers = list(zip(NUMBERS, _number_titles()))
    layer = _layer(name, texts=words, numbers=numbers, times=[("start", tr("From")), ("end", tr("To"))])
    shapes.add(layer, _week_features(layer, made))
    choices = [{badge.answer_words(a): a} for a in badge.ANSWERS]
    layer.setEditorWidgetSetup(layer.fields().indexOf("answer"), QgsEditorWidgetSetup("ValueMap", {"map": choices}))
    answers = {str(cell.get("answer")) for one in made for cell in one.cells.values()}
    layer.setRenderer(_weeks_renderer(answers, legend, badge.skill_words(made[-1].card)))
    layer.setMapTipTemplate(_tip(layer, ["period", "answer", "skill", *NUMBERS]))
    times = layer.temporalProperties()
    times.setIsActive(True)
    times.setMode(Qgis.VectorTemporalMode.FeatureDateTimeStartAndEndFromFields)
    times.setStartField("start")
    times.setEndField("end")
    times.setLimitMode(Qgis.VectorTemporalLimitMode.IncludeBeginExcludeEnd)
    layer.setCustomProperty(KIND, "weeks")
    _settle(layer, "\n".join(f"{f.period}: {badge.sentence(f.card)}" for f in made))
    return layer


def frame(made: Forecast) -> QgsDateTimeRange:
    """Return the period of a forecast as the temporal controller shows it: its end is not of it."""
    return QgsDateTimeRange(_time(made.start), _time(made.end), True, False)


def difference_layer(name: str, comparison: Comparison, notes: str) -> QgsVectorLayer:
    """Return a layer in memory: a feature a cell, coloured by the difference; what is unknown is hatched."""
    texts = [("cell_id", tr("Cell")), ("answer_before", tr("Answer before")), ("answer_after", tr("Answer after")),
             ("apart", tr("Intervals of 90 % do not meet"))]  # fmt: skip
    numbers = [("before", tr("Expected before")), ("after", tr("Expected after")), ("difference", tr("Difference"))]
    layer = _layer(name, texts=texts, numbers=numbers, times=[])
    apart = {True: tr("yes"), False: tr("no"), None: tr("unknown")}
    drawn = shapes.geometries(one["geometry"] for one in comparison.features)
    said = [dict(one["properties"], apart=apart[one["properties"]["apart"]]) for one in comparison.features]
    shapes.add(layer, (_feature(layer, shape, words) for shape, words in zip(drawn, said)))
    layer.setRenderer(_difference_renderer(comparison.largest()))
    layer.setMapTipTemplate(_tip(layer, ["difference", "before", "after", "apart", "answer_before", "answer_after"]))
    layer.setCustomProperty(KIND, "difference")
    _settle(layer, notes)
    return layer


def _number_titles() -> list[str]:
    return [
        tr("Expected number"),
        tr("Lower bound (90 %)"),
        tr("Upper bound (90 %)"),
        tr("Probability of at least one"),
        tr("Rank (1: the highest)"),
    ]


def _layer(
    name: str, *, texts: Iterable[tuple[str, str]], numbers: Iterable[tuple[str, str]], times: Iterable[tuple[str, str]]
) -> QgsVectorLayer:
    kinds = ((times, "datetime"), (texts, "string"), (numbers, "double"))
    fields = [(field, kind, title) for listed, kind in kinds for field, title in listed]
    uri = "&".join(["Polygon?crs=EPSG:4326", *(f"field={field}:{kind}" for field, kind, _ in fields)])
    layer = QgsVectorLayer(uri, name, "memory")
    for number, (_, _, title) in enumerate(fields):
        layer.setFieldAlias(number, title)
    return layer


def _week_features(layer: QgsVectorLayer, made: Iterable[Forecast]) -> Iterable[QgsFeature]:
    for one in made:
        skill = badge.skill_words(one.card)
        times = {"start": _time(one.start), "end": _time(one.end), "period": one.period, "skill": skill}
        drawn = shapes.geometries(one.shapes[cell] for cell in one.cells)
        for (cell, said), geometry in zip(one.cells.items(), drawn):
            yield _feature(layer, geometry, {**said, "cell_id": cell, **times})


def _feature(layer: QgsVectorLayer, geometry: QgsGeometry, said: dict[str, Any]) -> QgsFeature:
    feature = QgsFeature(layer.fields())
    feature.setGeometry(geometry)
    feature.setAttributes([said.get(field.name()) for field in layer.fields()])
    return feature


def _time(text: str) -> QDateTime:
    """Return a moment in UTC: what the layer compares is then the same whatever the computer's zone."""
    found = QDateTime.fromString(text, Qt.DateFormat.ISODate)
    return found.toTimeZone(QTimeZone(b"UTC"))


def _fill(color: str, *, hatched: bool = False, outline: str = "no") -> QgsFillSymbol:
    red, green, blue = (int(color[n : n + 2], 16) for n in (1, 3, 5))
    style = "f_diagonal" if hatched else "solid"
    return QgsFillSymbol.createSimple(
        {"color": f"{red},{green},{blue},{_OPACITY}", "style": style, "outline_style": outline, "outline_width": "0.4"}
    )


def _rule(filter_: str, label: str, symbol: QgsFillSymbol | None) -> QgsRuleBasedRenderer.Rule:
    return QgsRuleBasedRenderer.Rule(symbol, filterExp=filter_, label=label)


def _weeks_renderer(answers: set[str], legend: Legend, skill: str) -> QgsRuleBasedRenderer:
    root = QgsRuleBasedRenderer.Rule(None)
    for answer in badge.ANSWERS:
        if answer not in answers:
            continue
        filter_ = f"\"answer\" = '{answer}'"
        if answer == "abstains":
            root.appendChild(_rule(filter_, badge.answer_words(answer), _fill("#9a9a9a", hatched=True)))
            continue
        parent = _rule(filter_, f"{badge.answer_words(answer)} · {skill}", None)
        bounds = [*(step.least for step in legend.steps[1:]), None]
        for step, upper in reversed(list(zip(legend.steps, bounds))):
            within = f'"{legend.property}" >= {step.least!r}'
            within += "" if upper is None else f' AND "{legend.property}" < {upper!r}'
            parent.appendChild(_rule(within, step.label, _fill(step.color)))
        root.appendChild(parent)
    return QgsRuleBasedRenderer(root)


def _difference_renderer(largest: float) -> QgsRuleBasedRenderer:
    """Two classes either side of the middle fifth, and a border round cells whose intervals do not meet."""
    root = QgsRuleBasedRenderer.Rule(None)
    step = largest / 5 or 1.0
    bounds = [(None, -3 * step), (-3 * step, -step), (-step, step), (step, 3 * step), (3 * step, None)]
    for color, (low, high) in zip(DIVERGING, bounds):
        parts = [f'"difference" >= {low!r}'] if low is not None else []
        parts += [f'"difference" < {high!r}'] if high is not None else []
        label = f"{'' if low is None else f'{low:+.2f}'} … {'' if high is None else f'{high:+.2f}'}".strip()
        root.appendChild(_rule(" AND ".join(parts), label, _fill(color)))
    root.appendChild(_rule('"difference" IS NULL', tr("Unknown: one of them abstains"), _fill("#9a9a9a", hatched=True)))
    apart = QgsFillSymbol.createSimple({"style": "no", "outline_color": "0,0,0,255", "outline_width": "0.4"})
    yes = tr("yes").replace("'", "''")
    root.appendChild(_rule(f"\"apart\" = '{yes}'", tr("Intervals do not meet"), apart))
    return QgsRuleBasedRenderer(root)


def _tip(layer: QgsVectorLayer, names: Iterable[str]) -> str:
    rows = []
    for name in names:
        number = layer.fields().indexOf(name)
        kind = layer.fields().at(number).typeName()
        value = f'to_string(round("{name}", 4))' if kind == "double" else f'represent_value("{name}")'
        if kind == "datetime":
            value = f"format_date(\"{name}\", 'yyyy-MM-dd HH:mm')"
        title = layer.attributeAlias(number)
        rows.append(f"<tr><th align='left'>{title}</th><td>[% coalesce({value}, '—') %]</td></tr>")
    return f"<table>{''.join(rows)}</table>"


def _settle(layer: QgsVectorLayer, notes: str) -> None:
    layer.setReadOnly(True)
    about = layer.metadata()
    about.setAbstract(f"{notes}\n{caveat()}")
    layer.setMetadata(about)


def caveat() -> str:
    """Return the notice that goes with every forecast."""
    return tr(
        "These are reports, not the nuisance itself: a place that reports less is forecast less. Places, never persons."
    )
