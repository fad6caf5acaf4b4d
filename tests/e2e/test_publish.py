"""`obs publish`: a folder read as strangers read it, without the server that it came from."""

import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import geopandas
import mapbox_vector_tile
import pytest
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

from observatoire.layers.catalog import catalog
from observatoire.layers.presets import presets

pytestmark = pytest.mark.e2e

PUBLIC = {layer.id: layer for layer in catalog().values() if layer.visible_to("public")}
ZOOM = 11  # few tiles, for the time of the test


def publish(observatory: Any, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "observatoire.cli", "publish", "-o", "json", *arguments]
    return subprocess.run(command, env=observatory.environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(observatory: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A publication that has taken the place of another."""
    out = tmp_path_factory.mktemp("published") / "data"
    for time in ("first", "again"):
        done = publish(observatory, "--out", str(out), "--zoom", str(ZOOM))
        assert done.returncode == 0, done.stderr
        (out.parent / f"{time}.json").write_bytes((out / "publication.json").read_bytes())
        (out.parent / f"{time}.inode").write_text(str(out.stat().st_ino))
    return out


def tiles(path: Path) -> dict[tuple[int, int, int], bytes]:
    with path.open("rb") as file:
        return {(z, y, x): body for (z, x, y), body in all_tiles(MmapSource(file))}


def drawn(bodies: dict[tuple[int, int, int], bytes], zoom: int, layer: str) -> list[dict[str, Any]]:
    found = []
    for (z, *_), body in bodies.items():
        if z == zoom:
            found += mapbox_vector_tile.decode(gzip.decompress(body))[layer]["features"]
    return found


def test_the_same_data_give_the_same_bytes_and_a_publication_takes_the_place_of_another(folder: Path) -> None:
    first, again = ((folder.parent / f"{time}.json").read_bytes() for time in ("first", "again"))
    inodes = {(folder.parent / f"{time}.inode").read_text() for time in ("first", "again")}

    assert first == again
    assert len(inodes) == 2  # the folder is another one: it was swapped, not written over
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == ["data"]  # nothing is left beside it


def test_every_file_is_listed_with_its_length_and_digest(folder: Path) -> None:
    document = json.loads((folder / "publication.json").read_text())

    found = {str(p.relative_to(folder)): p for p in folder.rglob("*") if p.is_file() and p.name != "publication.json"}
    assert document["files"].keys() == found.keys()
    for name, path in found.items():
        body = path.read_bytes()
        assert document["files"][name] == {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def test_it_holds_all_public_collections_and_no_other(folder: Path) -> None:
    document = json.loads((folder / "publication.json").read_text())

    assert {each["id"] for each in document["collections"]} == PUBLIC.keys()
    assert {path.stem for path in (folder / "data").iterdir()} == PUBLIC.keys()
    assert {path.stem for path in (folder / "styles").iterdir()} <= PUBLIC.keys() | presets().keys()
    hidden = [layer for layer in catalog() if layer not in PUBLIC]
    assert {"faits", "risque", "videoprotection"} <= set(hidden)
    for path in folder.rglob("*"):
        if path.suffix in (".json", ".jsonld", ".html", ".md", ".qml"):
            text = path.read_text("utf-8")
            assert not [name for name in hidden if f'"{name}"' in text or f"/{name}." in text or f"`{name}`" in text]


@pytest.mark.parametrize("collection", ["signalements", "mesures-bruit", "divisions", "chantiers"])
def test_geoparquet_has_the_items_that_the_public_sees(observatory: Any, folder: Path, collection: str) -> None:
    items = observatory.get(f"/api/collections/{collection}/items", limit=10_000).json()["features"]

    table = geopandas.read_parquet(folder / "data" / f"{collection}.parquet")

    assert set(table.columns) == {*PUBLIC[collection].properties_for("public"), "geometry"}
    assert table.crs.to_authority() == ("OGC", "CRS84")
    assert sorted(table["id"]) == sorted(item["id"] for item in items)
    if collection == "signalements":  # rounded, as everywhere
        theirs = {item["id"]: item["geometry"]["coordinates"] for item in items}
        for identifier, place in zip(table["id"], table.geometry, strict=True):
            assert (place.x, place.y) == pytest.approx(theirs[identifier], abs=1e-6)  # items have six decimals


def test_pmtiles_conserve_the_number_of_items_at_every_zoom(folder: Path) -> None:
    with (folder / "tiles" / "signalements.pmtiles").open("rb") as file:
        reader = Reader(MmapSource(file))
        header, about = reader.header(), reader.metadata()
    bodies = tiles(folder / "tiles" / "signalements.pmtiles")
    number = len(geopandas.read_parquet(folder / "data" / "signalements.parquet"))

    assert (header["min_zoom"], header["max_zoom"]) == (0, ZOOM)
    assert (header["tile_type"], header["tile_compression"]) == (TileType.MVT, Compression.GZIP)
    assert header["clustered"]
    assert [layer["id"] for layer in about["vector_layers"]] == ["signalements"]
    for zoom in range(ZOOM + 1):
        assert sum(f["properties"].get("n", 1) for f in drawn(bodies, zoom, "signalements")) == number


def test_areas_are_in_the_tiles_with_their_ids(folder: Path) -> None:
    bodies = tiles(folder / "tiles" / "divisions.pmtiles")

    ids = {feature["id"] for feature in drawn(bodies, ZOOM, "divisions")}

    assert ids == set(geopandas.read_parquet(folder / "data" / "divisions.parquet")["id"])


@pytest.mark.parametrize("name", [*PUBLIC, *presets()])
def test_styles_ask_for_files_of_the_folder_only(folder: Path, name: str) -> None:
    path = folder / "styles" / f"{name}.json"
    if not path.exists():  # of an empty collection there are no tiles to draw
        assert not (folder / "tiles" / f"{name}.pmtiles").exists()
        return
    style = json.loads(path.read_text())

    assert "http" not in path.read_text()
    for source in style["sources"].values():
        assert (folder / source["url"].removeprefix("pmtiles://")).is_file()
    assert {layer["source"] for layer in style["layers"] if "source" in layer} == style["sources"].keys()


def test_dcat_leads_to_files_with_their_digests(folder: Path) -> None:
    document = json.loads((folder / "catalogue.jsonld").read_text())

    assert [dataset["dct:identifier"] for dataset in document["dcat:dataset"]] == list(PUBLIC)
    for dataset in document["dcat:dataset"]:
        assert dataset["dcat:distribution"]
        for each in dataset["dcat:distribution"]:
            body = (folder / each["dcat:downloadURL"]).read_bytes()
            assert each["dcat:byteSize"] == len(body)
            assert each["spdx:checksum"]["spdx:checksumValue"] == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("page", ["index.html", "index.en.html"])
def test_the_page_needs_nothing_but_the_folder(folder: Path, page: str) -> None:
    text = (folder / page).read_text("utf-8")

    for each in json.loads((folder / "publication.json").read_text())["collections"]:
        number = f"{each['items']:,}".replace(",", "\u202f" if page == "index.html" else ",")
        assert f"{number} {'objets' if page == 'index.html' else 'items'}" in text
    assert not re.search(r"<(script|img|iframe|link)\b|@import|url\(", text)
    addresses = re.findall(r'href="([^"]+)"', text)
    assert len(addresses) > 3 * len(PUBLIC)
    for address in addresses:
        if address.startswith("http"):
            assert address in {layer.license for layer in PUBLIC.values()}
        else:
            assert (folder / address).is_file(), address
    for layer in PUBLIC.values():
        assert f'id="{layer.id}"' in text


def test_with_a_base_addresses_are_whole(observatory: Any, tmp_path: Path) -> None:
    base = "https://data.example/ville"
    done = publish(observatory, "--out", str(tmp_path / "out"), "--base-url", base, "--zoom", "9")

    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "out" / "catalogue.jsonld").read_text())
    style = json.loads((tmp_path / "out" / "styles" / "divisions.json").read_text())
    assert document["@id"] == f"{base}/catalogue.jsonld"
    assert style["sources"]["divisions"]["url"] == f"pmtiles://{base}/tiles/divisions.pmtiles"
    told = json.loads(done.stdout)
    assert told["bytes"] > 0
    assert {each["id"] for each in told["collections"]} == PUBLIC.keys()


def test_a_folder_of_somebody_else_is_not_replaced(observatory: Any, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    done = publish(observatory, "--out", str(tmp_path))

    assert done.returncode != 0
    assert json.loads(done.stderr)["detail"].startswith("--out: ")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_address_that_is_none_is_refused(observatory: Any, tmp_path: Path) -> None:
    done = publish(observatory, "--out", str(tmp_path / "out"), "--base-url", "data.example")

    assert json.loads(done.stderr)["detail"].startswith("--base-url: ")
    assert not (tmp_path / "out").exists()
