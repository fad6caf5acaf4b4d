"""From a layer to QML, the style of QGIS: its legend, the names and values of its fields, and when its items are."""

from collections.abc import Container, Iterator
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from observatoire.layers.maplibre import OTHER
from observatoire.layers.model import Audience, Layer, Property, StyleClass
from observatoire.layers.nomenclature import codes
from observatoire.text import Text

DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
#: The oldest QGIS that we promise: newer ones read its files, older ones warn.
VERSION = "3.22.0"
ANY_OTHER = Text(fr="Autre valeur", en="Any other value")
#: On a sheet of paper, mm: a circle, an outline, a line.
CIRCLE, OUTLINE, LINE = 2.0, 0.26, 0.5
#: As in the MapLibre style: cells of a graduated layer let the map through, so do areas with classes; areas of one
#: plain colour are a hint of it.
CELL_OPACITY, CLASS_OPACITY, AREA_OPACITY = 0.7, 0.4, 0.08


def qml(layer: Layer, *, audience: Audience, language: str) -> str:
    """Return the style of a collection as one audience may see it.

    Parameters
    ----------
    audience : Audience
        Fields that it may not see are not named.
    language : str
        Of labels, field names and coded values.

    Returns
    -------
    str
        An XML document; the same words give the same bytes.
    """
    root = Element("qgis", {"version": VERSION, "styleCategories": "AllStyleCategories"} | attributes(layer))
    root.extend(parts(layer, audience=audience, language=language))
    return document(root)


def document(root: Element) -> str:
    """Return a document of QGIS, indented."""
    indent(root, " ")
    return DOCTYPE + tostring(root, encoding="unicode") + "\n"


def attributes(layer: Layer) -> dict[str, str]:
    """Return the attributes that a style and a layer of a project have: drawn at all scales, not edited."""
    return {
        "readOnly": "1",
        "hasScaleBasedVisibilityFlag": "0",
        "labelsEnabled": "0",
        "simplifyDrawingHints": "0" if layer.geometry == "Point" else "1",
    }


def parts(layer: Layer, *, audience: Audience, language: str) -> list[Element]:
    """Return what a style and a layer of a project have in common."""
    fields = {n: p for n, p in layer.properties_for(audience).items() if n != layer.id_field}
    return [
        *([_temporal(layer.time_field)] if layer.time_field in fields else []),
        _renderer(layer, fields, language),
        *_fields(fields, language),
        _tip(fields, language),
    ]


def alias(name: str, prop: Property, language: str) -> str:
    """Return how a field is called: its title, with its unit; its name where the layer file gives none."""
    title = prop.title.in_(language) if prop.title else name
    return f"{title} ({prop.unit})" if prop.unit else title


def _renderer(layer: Layer, fields: Container[str], language: str) -> Element:
    """Return how items are drawn: by one symbol, one a value, or one a range of values."""
    style = layer.style
    if style.property not in fields:
        root = Element("renderer-v2", type="singleSymbol")
        _symbols(root, layer, [style.color or OTHER])
    elif layer.graduated:
        root = Element(
            "renderer-v2", type="graduatedSymbol", attr=str(style.property), graduatedMethod="GraduatedColor"
        )
        lines = SubElement(root, "ranges")
        classes = list(_ranges(style.classes))
        for number, (line, upper) in enumerate(classes):
            label = line.label.in_(language)
            bounds = {"lower": repr(float(line.least or 0.0)), "upper": upper}
            SubElement(lines, "range", bounds, symbol=str(number), label=label, render="true")
        _symbols(root, layer, [line.color for line, _ in classes])
    else:
        root = Element("renderer-v2", type="categorizedSymbol", attr=str(style.property))
        lines = SubElement(root, "categories")
        named = [(c.value or "", c.label.in_(language), c.color) for c in style.classes]
        named.append(("", ANY_OTHER.in_(language), OTHER))  # QGIS draws with it whatever has no line of its own
        for number, (value, label, _) in enumerate(named):
            words = {"value": value, "type": "string", "symbol": str(number), "label": label, "render": "true"}
            SubElement(lines, "category", words)
        _symbols(root, layer, [color for *_, color in named])
    return root


def _ranges(classes: tuple[StyleClass, ...]) -> Iterator[tuple[StyleClass, str]]:
    """Yield classes with their upper bounds, the highest first.

    QGIS takes the first range that holds a value, both bounds counted; downwards, a value that is the lower bound of a
    class is in that class, as the layer file says, and not in the one below.
    """
    upper = "inf"
    for line in sorted(classes, key=lambda c: c.least or 0.0, reverse=True):
        yield line, upper
        upper = repr(float(line.least or 0.0))


def _symbols(root: Element, layer: Layer, colors: list[str]) -> None:
    parent = SubElement(root, "symbols")
    for number, color in enumerate(colors):
        kind, name, opacity, words = _symbol(layer, color)
        symbol = SubElement(parent, "symbol", type=kind, name=str(number), alpha=repr(opacity), clip_to_extent="1")
        drawn = SubElement(symbol, "layer", {"class": name, "enabled": "1", "locked": "0", "pass": "0"})
        drawn.append(_map(words))


def _symbol(layer: Layer, color: str) -> tuple[str, str, float, dict[str, str]]:
    """Return type of symbol, class of its only layer, opacity and properties."""
    if layer.geometry == "Point":
        edge = {"outline_color": _rgba("#ffffff"), "outline_style": "solid", "outline_width": "0.15"}
        return "marker", "SimpleMarker", 1.0, {"name": "circle", "color": _rgba(color), "size": str(CIRCLE), **edge}
    if layer.geometry == "LineString":
        return "line", "SimpleLine", 1.0, {"line_color": _rgba(color), "line_width": str(LINE), "capstyle": "round"}
    if layer.graduated:
        return "fill", "SimpleFill", CELL_OPACITY, {"color": _rgba(color), "style": "solid", "outline_style": "no"}
    edge = {"outline_color": _rgba(color), "outline_style": "solid", "outline_width": str(OUTLINE)}
    opacity = AREA_OPACITY if layer.style.property is None else CLASS_OPACITY
    return "fill", "SimpleFill", 1.0, {"color": _rgba(color, opacity), "style": "solid", **edge}


def _rgba(color: str, opacity: float = 1.0) -> str:
    """Return a colour as QGIS writes it: four numbers of 0 to 255."""
    return ",".join(str(n) for n in (*bytes.fromhex(color[1:]), round(255 * opacity)))


def _temporal(field: str) -> Element:
    """Return that items are instants; shown or hidden only once the temporal controller runs."""
    node = Element(
        "temporal", enabled="1", mode="1", limitMode="0", startField=field, endField="", fixedDuration="0",
        durationUnit="min", durationField="", startExpression="", endExpression="", accumulate="0",
    )  # fmt: skip
    span = SubElement(node, "fixedRange")
    SubElement(span, "start")
    SubElement(span, "end")
    return node


def _fields(fields: dict[str, Property], language: str) -> list[Element]:
    """Return names, values and order of fields."""
    configuration, aliases, table = Element("fieldConfiguration"), Element("aliases"), Element("attributetableconfig")
    columns = SubElement(table, "columns")
    for number, (name, prop) in enumerate(fields.items()):
        field = SubElement(configuration, "field", name=name, configurationFlags="None")
        field.append(_widget(prop, language))
        SubElement(aliases, "alias", field=name, index=str(number), name=alias(name, prop, language))
        SubElement(columns, "column", type="field", name=name, hidden="0", width="-1")
    return [configuration, aliases, table]


def _widget(prop: Property, language: str) -> Element:
    """Return how the values of a field are shown: words for codes, instants to the minute."""
    if prop.codes is not None:
        node = Element("editWidget", type="ValueMap")
        options = Element("Option", type="Map")
        lines = SubElement(options, "Option", type="List", name="map")
        for code, label in codes(prop.codes).items():
            lines.append(_map({label.in_(language): code}))
    elif prop.format is not None:
        node = Element("editWidget", type="DateTime")
        shown = "yyyy-MM-dd HH:mm" if prop.format == "date-time" else "yyyy-MM-dd"
        options = _map({"display_format": shown, "field_format": shown})
    else:
        node, options = Element("editWidget", type=""), Element("Option")
    SubElement(node, "config").append(options)
    return node


def _tip(fields: dict[str, Property], language: str) -> Element:
    """Return what the map says of an item under the pointer: its fields, one a line; text is never read as HTML."""
    lines = "".join(
        f"<tr><th align='left'>{_escaped(alias(name, prop, language))}</th>"
        f"<td>[% replace(coalesce({_value(name, prop)}, '—'), '<', '&lt;') %]</td></tr>"
        for name, prop in fields.items()
    )
    node = Element("mapTip")
    node.text = f"<table>{lines}</table>"
    return node


def _value(name: str, prop: Property) -> str:
    """Return the expression of QGIS that gives a field as text."""
    if prop.codes is not None:
        return f'represent_value("{name}")'
    if prop.format == "date-time":
        return f"format_date(\"{name}\", 'yyyy-MM-dd HH:mm')"
    return f'to_string("{name}")'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("[%", "[ %")


def _map(words: dict[str, str]) -> Element:
    """Return words and their values as QGIS writes them."""
    node = Element("Option", type="Map")
    for name, value in words.items():
        SubElement(node, "Option", type="QString", name=name, value=value)
    return node
