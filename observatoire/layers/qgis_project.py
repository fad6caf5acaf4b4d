"""From the catalogue to a QGIS project: the layers that an audience may see, styled, read from the API."""

from collections.abc import Iterable, Mapping
from io import BytesIO
from xml.etree.ElementTree import Element, SubElement
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from pyproj import CRS, Transformer

from observatoire.cities import City
from observatoire.layers.model import Audience, Layer
from observatoire.layers.qml import VERSION, attributes, document, parts
from observatoire.text import Text

#: A name, not a secret: the authentication of this id in the user's own QGIS adds the header `X-API-Key`.
AUTHCFG = "obs0key"
#: Items that QGIS asks for at once.
PAGE_SIZE = 10_000
NAME = "observatoire.qgs"
#: A folder of the list of layers each, uppermost first.
GROUPS: Mapping[str, Text] = {
    "places": Text(fr="Lieux et événements", en="Places and events"),
    "measures": Text(fr="Prévisions et mesures", en="Forecasts and measures"),
    "areas": Text(fr="Découpages", en="Areas"),
}
_KINDS = {"Point": "Point", "LineString": "Line", "Polygon": "Polygon", "MultiPolygon": "Polygon"}


def project(
    city: City, layers: Iterable[Layer], *, base: str, audience: Audience, language: str, page_size: int = PAGE_SIZE
) -> bytes:
    """Return a project of QGIS 3.22 or newer (`.qgz`).

    Parameters
    ----------
    base : str
        Address of the landing page of the API.
    audience : Audience
        Decides which layers and fields are there. For any other than the public, layers name the authentication
        `AUTHCFG`: the file holds no key.
    page_size : int
        Items that QGIS asks for at once; no more than the server's `OBS_LIMIT_MAX`.

    Returns
    -------
    bytes
        The same catalogue, city and words give the same bytes.
    """
    visible = [layer for layer in layers if layer.visible_to(audience)]
    root = Element("qgis", version=VERSION, projectname=city.title.in_(language))
    SubElement(root, "title").text = city.title.in_(language)
    SubElement(root, "projectCrs").append(_crs(city.crs))
    sources = {layer.id: source(layer, base=base, audience=audience, page_size=page_size) for layer in visible}
    _tree(root, visible, sources, language)
    _view(root, city)
    drawn = SubElement(root, "projectlayers")
    for layer in visible:
        drawn.append(_layer(layer, sources[layer.id], audience=audience, language=language))
    _settings(root, city)
    return _zipped(document(root))


def source(layer: Layer, *, base: str, audience: Audience, page_size: int = PAGE_SIZE) -> str:
    """Return where QGIS reads a layer: what the map window shows, in pages."""
    words = {
        "url": base,
        "typename": layer.id,
        "pagingEnabled": "true",
        "pageSize": str(page_size),
        "restrictToRequestBBOX": "1",
    }
    if audience != "public":
        words["authcfg"] = AUTHCFG
    return " ".join(f"{name}='{value}'" for name, value in words.items())


def layer_id(layer: Layer) -> str:
    """Return the id of a layer in the project: QGIS replaces those of ten letters or fewer by random ones."""
    return f"observatoire_{layer.table}"


def group(layer: Layer) -> str:
    """Return the folder of a layer: areas lie under measures, places over both, so that nothing is hidden."""
    if _KINDS[layer.geometry] != "Polygon":
        return "places"
    return "areas" if layer.style.color is not None else "measures"


def _tree(root: Element, layers: list[Layer], sources: Mapping[str, str], language: str) -> None:
    tree = SubElement(root, "layer-tree-group")
    for key, title in GROUPS.items():
        members = [layer for layer in layers if group(layer) == key]
        if not members:
            continue
        folder = SubElement(tree, "layer-tree-group", name=title.in_(language), checked="Qt::Checked", expanded="1")
        for layer in members:
            SubElement(
                folder, "layer-tree-layer", id=layer_id(layer), name=layer.title.in_(language),
                source=sources[layer.id], providerKey="OAPIF", checked="Qt::Checked", expanded="1",
            )  # fmt: skip


def _layer(layer: Layer, where: str, *, audience: Audience, language: str) -> Element:
    node = Element("maplayer", attributes(layer) | {"type": "vector", "geometry": _KINDS[layer.geometry]})
    SubElement(node, "id").text = layer_id(layer)
    SubElement(node, "datasource").text = where
    SubElement(node, "layername").text = layer.title.in_(language)
    SubElement(node, "srs").append(_crs("EPSG:4326"))
    SubElement(node, "provider", encoding="UTF-8").text = "OAPIF"
    about = SubElement(node, "resourceMetadata")
    SubElement(about, "identifier").text = layer.id
    SubElement(about, "language").text = language
    SubElement(about, "type").text = "dataset"
    SubElement(about, "title").text = layer.title.in_(language)
    SubElement(about, "abstract").text = layer.description.in_(language)
    SubElement(about, "license").text = layer.license
    node.extend(parts(layer, audience=audience, language=language))
    return node


def _view(root: Element, city: City) -> None:
    """Add the window: the city's extent, in its CRS."""
    names = ("xmin", "ymin", "xmax", "ymax")
    transformer = Transformer.from_crs("OGC:CRS84", city.crs, always_xy=True)
    west, south, east, north = city.extent
    bounds = transformer.transform_bounds(west, south, east, north, densify_pts=21)
    window = {name: f"{value:.0f}" for name, value in zip(names, bounds, strict=True)}
    canvas = SubElement(root, "mapcanvas", name="theMapCanvas", annotationsVisible="1")
    SubElement(canvas, "units").text = "meters"
    extent = SubElement(canvas, "extent")
    for name, value in window.items():
        SubElement(extent, name).text = value
    SubElement(canvas, "rotation").text = "0"
    SubElement(canvas, "destinationsrs").append(_crs(city.crs))
    default = SubElement(SubElement(root, "ProjectViewSettings", UseProjectScales="0"), "DefaultViewExtent", window)
    default.append(_crs(city.crs))


def _settings(root: Element, city: City) -> None:
    """Add steps of a week for the temporal controller; distances in metres, areas in hectares, on the ellipsoid."""
    SubElement(root, "ProjectTimeSettings", timeStep="1", timeStepUnit="wk", frameRate="1", cumulativeTemporalRange="0")
    properties = SubElement(root, "properties")
    SubElement(SubElement(properties, "Measure"), "Ellipsoid", type="QString").text = "EPSG:7030"
    measurement = SubElement(properties, "Measurement")
    SubElement(measurement, "DistanceUnits", type="QString").text = "meters"
    SubElement(measurement, "AreaUnits", type="QString").text = "ha"
    reference = SubElement(properties, "SpatialRefSys")
    SubElement(reference, "ProjectionsEnabled", type="int").text = "1"
    identification = SubElement(root, "projectMetadata")
    SubElement(identification, "identifier").text = city.id


def _crs(code: str) -> Element:
    """Return a CRS by its code, which QGIS looks up in its own database, and in full for when it is not there."""
    known = CRS.from_user_input(code)
    node = Element("spatialrefsys")
    SubElement(node, "wkt").text = known.to_wkt()
    SubElement(node, "srsid").text = str(known.to_epsg())  # any number > 0: without one, QGIS does not read the code
    SubElement(node, "srid").text = str(known.to_epsg())
    SubElement(node, "authid").text = code
    SubElement(node, "description").text = known.name
    SubElement(node, "geographicflag").text = "true" if known.is_geographic else "false"
    return node


def _zipped(text: str) -> bytes:
    """Return an archive of one file, without the time at which it was made."""
    archive = BytesIO()
    with ZipFile(archive, "w") as package:
        entry = ZipInfo(NAME, date_time=(1980, 1, 1, 0, 0, 0))
        entry.compress_type = ZIP_DEFLATED
        package.writestr(entry, text)
    return archive.getvalue()
