"""Archives: looked through before anything in them is read, so that a small file cannot become a huge one."""

import zipfile
from pathlib import Path

from observatoire.errors import BadSource

ENTRIES = 2_000
LARGEST = 4 * 1024**3  # bytes, of all entries, decompressed
UNSUSPECTED = 64 * 1024**2  # bytes: below it, any rate of compression is fine
RATE = 250.0  # decompressed ÷ compressed: tables of maps reach 50, bombs 1 000

_MAPS = (".shp", ".gpkg", ".geojson", ".json", ".fgb", ".gml", ".kml", ".tab", ".mif")


def check_zip(file: Path) -> list[str]:
    """Return the names of a `.zip`'s entries.

    Raises
    ------
    BadSource
        If it is broken, or holds more than may be read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise BadSource("the .zip is cut or broken") from None
    size, packed = sum(e.file_size for e in entries), sum(e.compress_size for e in entries)
    if len(entries) > ENTRIES or size > LARGEST or (size > UNSUSPECTED and size > RATE * max(packed, 1)):
        raise BadSource("the .zip would become too large: expected at most 4 GiB, and no bomb")
    return [entry.filename for entry in entries if not entry.is_dir()]


def members(file: Path) -> list[str]:
    """Return where GDAL finds the map data: the file itself, or the files of map data in a `.zip`."""
    if not zipfile.is_zipfile(file):
        return [str(file)]
    names = [n for n in check_zip(file) if n.lower().endswith(_MAPS) and not Path(n).name.startswith(".")]
    if not names:
        raise BadSource("the .zip holds no map data: expected GeoJSON, GeoPackage or shapefile")
    return [f"/vsizip/{{{file}}}/{name}" for name in sorted(names)]
