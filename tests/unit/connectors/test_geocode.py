"""Addresses to places: by a service or by a file; what is not sure goes to quarantine, persons are not sent."""

import csv
import gzip
import io
import re
from pathlib import Path
from typing import Any

import pytest

from etl.connectors import geocode
from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake.options import Options
from observatoire.intake.source import Rejected
from observatoire.settings import settings

pytestmark = pytest.mark.unit

ROWS = """num,voie,insee
1,12 rue de Rome,13201
2,3 av. du Prado,13208
3,nulle part,13201
4,,13201
5,06 12 34 56 78,13201
6,12 rue de Rome,13201
"""


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OBS_VAR", str(tmp_path / "var"))
    settings.cache_clear()
    yield
    settings.cache_clear()


def addok(reply: Any) -> Any:
    """Answer as addok's batch does, the rows in the opposite order."""

    def answer(asked: Any) -> Any:
        content = re.search(rb"filename=.*?\r\n\r\n(.*?)\r\n--", asked.body, re.S)
        assert content is not None
        rows = list(csv.DictReader(io.StringIO(content[1].decode())))
        out = io.StringIO()
        names = [*rows[0], "latitude", "longitude", "result_score", "result_type", "result_id", "result_citycode",
                 "result_status"]  # fmt: skip
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        for row in reversed(rows):
            if "nulle" in row["q"]:
                found = {"result_status": "not-found"}
            else:
                score = 0.97 if "rome" in row["q"].casefold() else 0.41
                found = {"latitude": 43.29, "longitude": 5.38, "result_score": score, "result_status": "ok",
                         "result_type": "housenumber", "result_id": "13201_1", "result_citycode": "13201"}  # fmt: skip
            writer.writerow(row | found)
        return reply(out.getvalue().encode(), type="text/csv")

    return answer


def read(tmp_path: Path, **request: str) -> list[Any]:
    (tmp_path / "a.csv").write_text(ROWS)
    request = {"connector": "csv", "address": "voie", "commune": "insee"} | request
    return [r.row for r in geocode.read(tmp_path / "a.csv", Options(request=request)).records]


def test_a_batch_is_placed_and_what_is_not_sure_is_refused(service: Any, reply: Any, tmp_path: Path) -> None:
    service.answer = addok(reply)

    found = read(tmp_path, service=service.url)

    assert (found[0]["geo_lon"], found[0]["geo_lat"], found[0]["geo_score"]) == ("5.38", "43.29", "0.97")
    assert found[5]["geo_id"] == "13201_1"
    reasons = [r.reason for r in found[1:5] if isinstance(r, Rejected)]
    assert reasons == ["address-not-found", "address-not-found", "missing", "person:phone"]
    assert b"06 12" not in service.asked[0].body
    assert service.asked[0].body.count(b"Rome") == 1


def test_an_address_is_asked_once_and_not_stored(service: Any, reply: Any, tmp_path: Path) -> None:
    service.answer = addok(reply)

    first = read(tmp_path, service=service.url)
    second = read(tmp_path, service=service.url)

    assert len(service.asked) == 1
    assert str(first) == str(second)
    assert b"Rome" not in (settings().var / "geocode.sqlite").read_bytes()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"n,q\n0,x\n", b"n,q,longitude,latitude\n0,x,a,b\n", b'n\n"', b"\xff"]
)
def test_an_answer_that_is_no_table_is_said(service: Any, reply: Any, tmp_path: Path, body: bytes) -> None:
    service.answer = lambda _: reply(body)

    with pytest.raises(BadSource, match=r"^127\.0\.0\.1 answered"):
        read(tmp_path, service=service.url)


def test_a_geocoder_that_is_out_of_order_stops_the_load(service: Any, reply: Any, tmp_path: Path) -> None:
    service.answer = lambda _: reply(status=503)

    with pytest.raises(SourceUnavailable, match="answered 503"):
        read(tmp_path, service=service.url)


BAN = """id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat
13201_8300_00012;13201_8300;12;;Rue de Rome;13001;13201;Marseille 1er Arrondissement;5.38;43.29
13201_8300_00012_bis;13201_8300;12;bis;Rue de Rome;13001;13201;Marseille 1er Arrondissement;5.381;43.29
13208_7500_00005;13208_7500;5;;Avenue du Prado;13008;13208;Marseille 8e Arrondissement;5.39;43.27
"""


def test_a_file_of_addresses_does_without_a_network(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "ban.csv.gz", "wt") as out:
        out.write(BAN)

    found = read(tmp_path, ban=str(tmp_path / "ban.csv.gz"))

    assert (found[0]["geo_lon"], found[0]["geo_type"], found[0]["geo_score"]) == ("5.38", "housenumber", "1.0")
    assert (found[1]["geo_id"], found[1]["geo_type"], found[1]["geo_score"]) == ("13208_7500", "street", "0.7")
    assert isinstance(found[2], Rejected)
    strict = read(tmp_path, ban=str(tmp_path / "ban.csv.gz"), score="0.8")
    assert isinstance(strict[1], Rejected)


def test_a_cut_file_of_addresses_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(BAN.encode() * 50)
    (tmp_path / "ban.csv.gz").write_bytes(whole[:-30])

    with pytest.raises(BadSource, match="or is cut"):
        read(tmp_path, ban=str(tmp_path / "ban.csv.gz"))
    with pytest.raises(BadInput, match="either service or ban"):
        read(tmp_path)
