"""Each rebinding of `upstream.py` is needed: a test fails here when pygeoapi has put it right, and it can go."""

import json
import subprocess
import sys

import pytest

from observatoire.server import upstream

pytestmark = pytest.mark.unit


def fresh(code: str) -> str:
    """Run code in a process of its own, where nothing is rebound."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.strip()


def test_pygeoapi_still_rewrites_angle_brackets_in_json() -> None:
    out = fresh("from pygeoapi.util import to_json; print(to_json({'a': 'x<b>'}))")

    assert out == '{"a":"x&lt;b&gt;"}'
    assert upstream.dumped({"a": "x<b>"}) == '{"a":"x<b>"}'


def test_pygeoapi_still_transforms_two_corners_of_a_box() -> None:
    """In Lambert-93 the box of Brest is turned by 5°: its north-west corner lies west of the transformed corners."""
    out = fresh(
        "from pygeoapi.crs import transform_bbox as t; from pyproj import Transformer;"
        "box = [-4.6, 48.3, -4.3, 48.5]; uri = 'http://www.opengis.net/def/crs/';"
        "west = t(box, uri + 'OGC/1.3/CRS84', uri + 'EPSG/0/2154')[0];"
        "corner = Transformer.from_crs(4326, 2154, always_xy=True).transform(-4.6, 48.5)[0];"
        "print(abs(west - corner) > 1000)"
    )

    assert out == "True"
    assert upstream.keep_box([-4.6, 48.3, -4.3, 48.5], "a", "b") == [-4.6, 48.3, -4.3, 48.5]
    assert upstream.keep_box([1.0], "a", "b").crs == "a"


def test_pygeoapi_still_races_on_its_cache_of_translations() -> None:
    """When another thread has filled the cache in between, the value is never set: UnboundLocalError."""
    out = fresh("""
import pygeoapi.l10n as l10n
class Racing(dict):
    def __contains__(self, key):   # another thread: the text is there now
        return True
    def __getitem__(self, key):
        raise KeyError(key)        # and was not when we looked
l10n._gettext_cache = {'fr': Racing()}
try:
    l10n.translate_gettext('Collections', 'fr')
    print('fine')
except UnboundLocalError:
    print('raced')
""")

    assert out == "raced"
    assert upstream.translated("no such text", "fr") == "no such text"


def test_pygeoapi_still_leaves_a_comma_in_json_ld_without_items() -> None:
    out = fresh("""
from pygeoapi.util import render_j2_template
config = {'server': {'templates': {}}}
print(render_j2_template(config, {}, 'collections/items/index.jsonld', {'@context': [], '@id': 'x', 'features': []}))
""")

    with pytest.raises(ValueError, match=r"Expecting|Illegal"):
        json.loads(out)
    assert json.loads(upstream.closed(out))["@id"] == "x"
    assert upstream.closed('{"a": [{"b": 1}]}') == '{"a": [{"b": 1}]}'
