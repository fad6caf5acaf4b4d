"""Writes the public collections as files: GeoParquet, tiles, styles, DCAT, pages; all as the public login sees them."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from observatoire.errors import StoreUnavailable
from observatoire.layers.map_style import legends
from observatoire.layers.maplibre import metadata
from observatoire.layers.model import Layer
from observatoire.layers.presets import presets
from observatoire.layers.qml import qml
from observatoire.publish.folder import MARK
from observatoire.publish.map_files import style_over_files
from observatoire.publish.pages import write_pages
from observatoire.publish.published import Published
from observatoire.publish.tiles import write_pmtiles
from observatoire.server.crs import CRS84
from observatoire.server.download import make
from observatoire.server.drawing import drawing
from observatoire.server.exports import FILES
from observatoire.server.records import dcat
from observatoire.server.records.entry import Entry
from observatoire.server.records.routes import entries
from observatoire.server.state import State

Json = dict[str, Any]
Progress = Callable[[int, int, str], None]

_TRIES = 3
_MEDIA_TYPES = {
    ".parquet": ("GeoParquet", FILES["geoparquet"].media_type),
    ".pmtiles": ("PMTiles", "application/vnd.pmtiles"),
}


async def publish(state: State, folder: Path, *, base: str, deepest: int, progress: Progress) -> Json:
    """Write all public collections into an empty folder.

    Parameters
    ----------
    base : str
        Where the folder will be found on the web, with a slash at its end; empty: addresses are relative.
    deepest : int
        Last zoom of the tiles.

    Returns
    -------
    dict
        What was written, as the file `publication.json` has it. It names no time of its own: the same data give the
        same bytes.

    Raises
    ------
    StoreUnavailable
        If a collection was loaded again and again while it was written.
    """
    for name in ("data", "tiles", "styles"):
        (folder / name).mkdir()
    listed = await entries(state, "public")
    done: list[Published] = []
    for number, entry in enumerate(listed):
        progress(number, len(listed) + 1, entry.layer.id)
        done.append(await _steady(state, entry, folder, deepest))
    progress(len(listed), len(listed) + 1, "styles, catalogue")
    await _write_styles(state, folder, done, base)
    (folder / "catalogue.jsonld").write_bytes(_json(_catalogue(state, done, base)))
    write_pages(folder, state.city, done, deepest)
    document = _document(state, folder, done)
    (folder / MARK).write_bytes(_json(document))
    progress(len(listed) + 1, len(listed) + 1, "")
    return document


async def _steady(state: State, entry: Entry, folder: Path, deepest: int) -> Published:
    """Write a collection whose tiles and items are of one moment: once more where a load came between."""
    layer = entry.layer
    for _ in range(_TRIES):
        before = await state.versions.of(layer.id)
        found = await _write(state, entry, folder, deepest)
        state.versions.forget()
        if await state.versions.of(layer.id) == before:
            return found
    raise StoreUnavailable(f"{layer.id} was loaded again and again while it was written: publish later")


async def _write(state: State, entry: Entry, folder: Path, deepest: int) -> Published:
    layer = entry.layer
    reader = state.reader(layer.id, "public")
    query = reader.file([("crs", CRS84)])
    data, tiles = folder / "data" / f"{layer.id}.parquet", folder / "tiles" / f"{layer.id}.pmtiles"
    tiles.unlink(missing_ok=True)
    file, _ = await asyncio.to_thread(make, state, "public", query, FILES["geoparquet"])
    with file:
        await asyncio.to_thread(_copy, file, data)
    await write_pmtiles(state, reader, tiles, deepest=deepest)
    found = Published(entry, await asyncio.to_thread(_items, data))
    found.files = {f"{path.parent.name}/{path.name}": described(path) for path in (data, tiles) if path.exists()}
    return found


def _copy(file: Any, path: Path) -> None:
    with path.open("wb") as out:
        while chunk := file.read(1 << 20):
            out.write(chunk)


def _items(path: Path) -> int:
    from pyarrow import parquet

    return int(parquet.read_metadata(path).num_rows)


async def _write_styles(state: State, folder: Path, done: list[Published], base: str) -> None:
    """Write a style of each collection that has tiles, for MapLibre and QGIS, and the maps made of them."""
    tiled = {each.layer.id for each in done if f"tiles/{each.layer.id}.pmtiles" in each.files}
    for name in [each.layer.id for each in done] + list(presets()):
        found = await drawing(state, "public", name)
        parts = [part for part in found.parts if part.layer.id in tiled]
        if parts:
            about = metadata(found.layer, "fr") if found.layer else {"obs:legends": legends(parts, "fr")}
            style = style_over_files(found.title.fr, parts, state.city.extent, base, metadata=about)
            (folder / "styles" / f"{name}.json").write_bytes(_json(style))
        if found.layer is not None:
            text = qml(state.layers[name], audience="public", language="fr")
            (folder / "styles" / f"{name}.qml").write_text(text, "utf-8")


def _catalogue(state: State, done: list[Published], base: str) -> Json:
    datasets = [
        dcat.dataset(
            each.entry, state.city, f"{base}index.html#{each.layer.id}", f"{base}index.html#{each.layer.id}",
            [_distribution(each.layer, base + path, about) for path, about in each.files.items()],
        )
        for each in done
    ]  # fmt: skip
    return dcat.whole(datasets, state.city, f"{base}catalogue.jsonld")


def _distribution(layer: Layer, address: str, about: Json) -> Json:
    title, media_type = _MEDIA_TYPES[Path(address).suffix]
    return dcat.distribution(address, title, media_type, layer.license) | {
        "dcat:byteSize": about["bytes"],
        "spdx:checksum": {
            "@type": "spdx:Checksum", "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": about["sha256"],
        },
    }  # fmt: skip


def _document(state: State, folder: Path, done: list[Published]) -> Json:
    """Return what was written: collections with their numbers, and every file with its digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "city": state.city.id,
        "simulated": state.city.simulated,
        "audience": "public",
        "collections": [
            {
                "id": each.layer.id, "items": each.items, "license": each.layer.license,
                "changed": each.entry.changed.isoformat(timespec="seconds") if each.entry.changed else None,
                "files": list(each.files),
            }
            for each in done
        ],
        "files": {str(path.relative_to(folder)): described(path) for path in files},
    }  # fmt: skip


def described(path: Path) -> Json:
    """Return length and SHA-256 of a file."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _json(document: Json) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
