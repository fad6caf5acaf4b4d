"""A report as it is sent: every field that is wrong is named, in two languages; words are coded and end there."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import Refused
from observatoire.reports.form_answers import with_offset
from observatoire.reports.forms import BRANCH, forms
from observatoire.reports.rates import prefix_of
from observatoire.reports.report import Given, Report, check
from observatoire.reports.secret import OLDEST, YOUNGEST, Secret, token_digest
from observatoire.server.reports.multipart import parts

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 28, 20, 30, tzinfo=UTC)
SECRET = Secret(bytes(range(32)))
NOISE = {"origine": "rue", "en-cours": True, "recurrence": "souvent"}
GOOD = Given(nature="bruit", lon=5.37, lat=43.29, answers=NOISE, idempotency_key="0123456789abcdef")


def checked(**changes: Any) -> Report:
    return check(replace(GOOD, **changes), forms(), SECRET, NOW)


def test_every_code_can_be_reported_and_says_who_handles_it() -> None:
    assert forms().categories.keys() == codes(BRANCH).keys()
    assert forms().handler("bruit", {"origine": "rue"}).en == "Municipal police"
    assert forms().handler("bruit", {"origine": "chantier"}).en == "Street works coordination"


def test_a_good_report_keeps_its_answers_and_none_of_its_words() -> None:
    report = checked(description="Tapage et musique forte sous ma fenêtre", address="12 rue des Lilas")

    assert report.answers == NOISE
    assert report.coded == "bruit"
    assert "fenêtre" not in repr(report)
    assert not {f.name for f in fields(report)} & {"description", "address", "photo"}


BAD: list[tuple[str, dict[str, Any]]] = [
    ("website", {"website": "http://spam.example"}),
    ("nature", {"nature": None}),
    ("nature", {"nature": "<script>alert(1)</script>"}),
    ("nature", {"nature": ["bruit"]}),
    ("lon", {"lon": "cinq"}),
    ("lon", {"lon": True}),
    ("lat", {"lat": "NaN"}),
    ("lat", {"lat": "1e400"}),
    ("lat", {"lat": None}),
    ("lon, lat", {"lon": None, "lat": None}),
    ("answers", {"answers": "{not json"}),
    ("answers", {"answers": ["a"]}),
    ("answers.origine", {"answers": NOISE | {"origine": "<b>rue</b>"}}),
    ("answers.origine", {"answers": NOISE | {"origine": ""}}),
    ("answers.en-cours", {"answers": NOISE | {"en-cours": "peut-être"}}),
    ("answers.debut", {"answers": NOISE | {"debut": "hier soir"}}),
    ("answers.debut", {"answers": NOISE | {"debut": "2026-11-28T20:00:00"}}),
    ("answers.nom", {"answers": NOISE | {"nom": "Dupont"}}),
    ("description", {"description": "a" * 2_001}),
    ("description", {"description": {"a": 1}}),
    ("photo", {"photo": b"\xff\xd8"}),
    ("occurred", {"occurred": "demain"}),
    ("occurred", {"occurred": "2026-11-29T20:30:00Z"}),
    ("occurred", {"occurred": "2024-01-01T00:00:00Z"}),
    ("occurred", {"occurred": "9999-12-31T23:59:59-14:00"}),
    ("sent", {"occurred": "2026-11-28T20:00:00Z", "sent": "maintenant"}),
    ("sent", {"occurred": "9999-12-31T20:00:00Z", "sent": "0001-01-02T00:00:00Z"}),
    ("idempotency_key", {"idempotency_key": "short"}),
    ("idempotency_key", {"idempotency_key": "é" * 20}),
    ("idempotency_key", {"idempotency_key": 12345678901234567890}),
]


@pytest.mark.parametrize(("field", "changes"), BAD, ids=[f"{f}-{n}" for n, (f, _) in enumerate(BAD)])
def test_a_wrong_field_is_named_in_both_languages_and_its_value_is_not_said(
    field: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused) as refused:
        checked(**changes)

    error = refused.value
    assert error.status == 400
    assert error.members["field"] == field
    assert error.members["fr"].startswith(f"{field} : ")
    assert error.members["en"].startswith(f"{field}: ")
    assert not [word for word in ("<script", "spam", "Dupont", "peut-être") if word in str(error.members)]


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("3,5", 3.5), (4, 4)])
def test_a_number_may_be_written_as_a_text(text: Any, number: float) -> None:
    report = checked(nature="ordures", answers={"quoi": "rue-sale", "jours": text})

    assert report.answers["jours"] == number


@pytest.mark.parametrize("wrong", ["trois", "1e9", -1, "NaN", True, "٣ jours"])
def test_a_text_in_a_number_is_refused(wrong: Any) -> None:
    with pytest.raises(Refused, match=r"answers\.jours: expected a number from 0 to 365 days"):
        checked(nature="ordures", answers={"quoi": "rue-sale", "jours": wrong})


def test_a_clock_that_is_a_day_wrong_is_corrected_where_the_device_says_its_time() -> None:
    """The device is a day ahead; it happened half an hour before it was sent."""
    wrong = NOW + timedelta(days=1)
    report = checked(occurred=(wrong - timedelta(minutes=30)).isoformat(), sent=wrong.isoformat())

    assert report.occurred == NOW - timedelta(minutes=30)
    assert any("clock" in notice.en for notice in report.notices)


def test_other_takes_the_code_that_the_description_speaks_of() -> None:
    assert checked(nature="autre", answers={}, description="un gros nid de poule").nature == "voirie"
    assert checked(nature="autre", answers={}, description="rien de tout cela").nature == "autre"


def test_a_description_that_names_a_person_is_said_to_be_dropped() -> None:
    notices = checked(description="M. Dupont fait du bruit, 06 12 34 56 78").notices

    assert [notice.en for notice in notices] == [
        "Your description named or located a person. It was not kept, as no description is."
    ]


def test_the_fingerprint_is_of_what_is_kept_not_of_words() -> None:
    assert checked(description="a").fingerprint == checked(description="b").fingerprint
    assert checked().fingerprint != checked(lon=5.38).fingerprint


def test_a_token_has_128_bits_and_is_the_same_for_the_same_key_only() -> None:
    """22 characters of base64url hold 132 bits, 128 of them the token's."""
    assert SECRET.token("a" * 16) == SECRET.token("a" * 16) != SECRET.token("b" * 16)
    assert len(SECRET.token("a" * 16)) == len(SECRET.token(None)) == 22
    assert SECRET.token(None) != SECRET.token(None)
    assert Secret(bytes(32)).token("a" * 16) != SECRET.token("a" * 16)
    assert len(token_digest("\ud800")) == 32


def test_a_nonce_is_ours_and_of_its_time() -> None:
    nonce = SECRET.nonce(1_000)
    SECRET.check_nonce(nonce, 1_000 + YOUNGEST)
    SECRET.check_nonce(nonce, 1_000 + OLDEST)

    for given, now in ((nonce, 1_001), (nonce, 1_001 + OLDEST), (nonce[:-2] + "AA", 1_010), ("", 1_010), ("é%", 1_010)):
        with pytest.raises(Refused) as refused:
            SECRET.check_nonce(given, now)
        assert refused.value.field == "nonce"


def test_a_photo_is_sealed_to_its_report() -> None:
    sealed = SECRET.seal(b"pixels", b"SIG-2026-0000001")

    assert b"pixels" not in sealed
    assert SECRET.open(sealed, b"SIG-2026-0000001") == b"pixels"
    assert SECRET.open(sealed, b"SIG-2026-0000002") is None
    assert Secret(bytes(32)).open(sealed, b"SIG-2026-0000001") is None


def test_a_prefix_is_of_a_network_not_of_a_person() -> None:
    assert prefix_of("198.51.100.7") == prefix_of("198.51.100.200") != prefix_of("198.51.101.7")
    assert prefix_of("2001:db8:0:1::1") == prefix_of("2001:db8:0:ff:ffff::2") != prefix_of("2001:db8:0:100::1")


def test_a_multipart_form_is_read_byte_by_byte() -> None:
    """RFC 7578: a file holds whatever bytes, line ends and hyphens too; its name goes no further."""
    blob = bytes(range(256)) + b"\r\n--x\r\n\n\r--"
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="nature"\r\n\r\nbruit\r\n'
        b'--xyz\r\nContent-Disposition: form-data; name="photo"; filename="moi a la maison.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + blob + b"\r\n--xyz--\r\n"
    )
    nature, photo = parts(body, 'multipart/form-data; boundary="xyz"')

    assert (nature.name, nature.body, nature.file) == ("nature", b"bruit", False)
    assert (photo.name, photo.body, photo.file) == ("photo", blob, True)
    assert "maison" not in repr(photo)


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b"", "multipart/form-data; boundary=xyz"),
        (b"--xyz\r\n\r\n", "multipart/form-data"),
        (b'--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut', "multipart/form-data; boundary=xyz"),
        (b"--xyz\r\nContent-Type: text/plain\r\n\r\nno name\r\n--xyz--", "multipart/form-data; boundary=xyz"),
    ],
)
def test_a_broken_multipart_form_is_refused(body: bytes, header: str) -> None:
    with pytest.raises(Refused, match="body"):
        list(parts(body, header))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2026-07-14T13:30", "2026-07-14T13:30:00+02:00"),
        ("2026-12-14T13:30:15", "2026-12-14T13:30:15+01:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),  # comes twice: the first
        ("2026-13-45T99:99", "2026-13-45T99:99"),
        ("2026-07-14T13:30Z", "2026-07-14T13:30Z"),
        ("sac", "sac"),
        (True, True),
    ],
)
def test_a_browser_s_local_time_is_read_on_the_city_s_clocks(typed: Any, kept: Any) -> None:
    """Offsets of Europe/Paris: +02:00 until the last Sunday of October, 03:00 (directive 2000/84/EC)."""
    assert with_offset(typed, ZoneInfo("Europe/Paris")) == kept
