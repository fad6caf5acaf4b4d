"""`POST /reports` and what follows, as an app, a browser without JavaScript and staff meet them."""

import base64
import json
import random
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import escape
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image

pytestmark = pytest.mark.integration

LON, LAT = 5.368123, 43.291234
GOOD: dict[str, Any] = {"nature": "depot-sauvage", "lon": LON, "lat": LAT, "answers": {"volume": "sac"}}
NOISE = {
    "nature": "bruit", "lon": LON, "lat": LAT,
    "answers": {"origine": "voisinage", "en-cours": True, "recurrence": "souvent"},
}  # fmt: skip
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "fr"}


def picture(side: int = 300) -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (43.0, 17.0, 47.4), 3: "E", 4: (5.0, 22.0, 11.3)})
    Image.new("RGB", (side, side), (0, 90, 0)).save(out, "JPEG", exif=exif, comment=b"CANARY-EXIF")
    return out.getvalue()


def noise(side: int) -> bytes:
    """A picture that no compression makes short."""
    out = BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side)).save(out, "PNG")
    return out.getvalue()


def sent(client: httpx.Client, fields: dict[str, Any] = GOOD, **more: Any) -> Any:
    answer = client.post("/reports", json=fields | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def own(told: dict[str, Any]) -> dict[str, str]:
    return {"X-Tracking-Token": told["tracking_token"]}


def nonce(client: httpx.Client) -> str:
    """A nonce that is old enough to be sent."""
    given: str = client.get("/reports/forms").json()["nonce"]
    time.sleep(3.1)
    return given


# ------------------------------------------------------------------------------------------------------------ the forms
def test_the_forms_say_all_that_a_page_needs(doors: Any) -> None:
    with doors.client() as client:
        answer = client.get("/reports/forms")

    forms = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert {c["code"] for c in forms["categories"]} >= {"bruit", "depot-sauvage", "autre"}
    bruit = next(c for c in forms["categories"] if c["code"] == "bruit")
    assert set(bruit) == {"code", "title", "group", "urgent", "questions", "handled_by", "photo"}
    assert {q["id"]: q["kind"] for q in bruit["questions"]} == {
        "origine": "choice", "en-cours": "boolean", "debut": "datetime", "recurrence": "choice",
    }  # fmt: skip
    assert set(forms["limits"]) == {"photo_bytes", "description", "photo_types"}
    assert set(forms["privacy"]) == {"fr", "en"}


# ---------------------------------------------------------------------------------------------------------- in the list
def test_a_report_is_in_signalements_within_five_seconds(doors: Any) -> None:
    """For everyone its category, its rounded position and its reference; exact for staff by right."""
    with doors.client() as client, doors.client("coordination") as desk:
        client.get("/api/collections/signalements/items?limit=1")  # an answer that a cache may have kept
        told = sent(client, NOISE, description="Musique forte chez M. Quilp, quilp@example.org", photo=None)
        address = f"/api/collections/signalements/items?reference={told['reference']}"
        began = time.monotonic()
        while not (found := client.get(address).json()["features"]) and time.monotonic() < began + 5:
            time.sleep(0.1)
        exact = desk.get(address).json()["features"][0]["geometry"]["coordinates"]

    assert time.monotonic() - began < 5
    (feature,) = found
    assert {k: v for k, v in feature["properties"].items() if k not in ("date", "precision", "origin")} == {
        "reference": told["reference"], "nature": "bruit",
    }  # fmt: skip
    assert feature["geometry"]["coordinates"] == pytest.approx(told["public"]["position"])
    assert feature["geometry"]["coordinates"] != pytest.approx([LON, LAT], abs=1e-5)
    assert exact == pytest.approx([LON, LAT], abs=1e-6)


def test_no_public_answer_says_more_than_it_may(doors: Any) -> None:
    """Every public address that may speak of a report, in every format: no exact place, no words, no held photo."""
    with doors.client() as client:
        told = sent(client, GOOD, photo=base64.b64encode(picture()).decode(), lon=5.404321, lat=43.334321,
                    description="Chez Zuleika Quilp, quilp@example.org, 06 12 34 56 78")  # fmt: skip
        reference = told["reference"]
        items = "/api/collections/signalements/items"
        answers = [
            client.get(path)
            for path in (
                f"/reports/{reference}", f"/reports/{reference}/photo",
                "/reports/near?lon=5.4043&lat=43.3343&radius=900",
                f"{items}?reference={reference}", f"{items}?reference={reference}&f=csv", f"{items}?limit=50&f=html",
                "/api/collections/signalements/download?f=geoparquet",
                "/feeds/signalements.atom", "/feeds/signalements.ics", f"/feeds/reports/{reference}.atom",
                "/open311/v2/requests.xml?extensions=true", "/open311/v2/requests.json",
                f"/open311/v2/requests/{reference}.xml", "/reports/held", "/reports/open", "/api/jobs", "/city.json",
                "/health",
            )
        ]  # fmt: skip
        feeds = [a for a in answers if reference in a.text]

    assert len(feeds) >= 8
    assert {a.status_code for a in answers} <= {200, 401, 404}
    for answer in answers:
        for secret in (
            b"5.4043",
            b"43.3343",
            b"quilp",
            b"Quilp",
            b"34 56",
            told["tracking_token"].encode(),
            b"\xff\xd8\xff",
        ):
            if answer.url.path.startswith("/reports/near") and secret in (b"5.4043", b"43.3343"):
                continue
            assert secret not in answer.content, (answer.url, secret)


def test_the_answer_of_a_public_report_does_not_tell_its_answers(doors: Any) -> None:
    """The service that one answer leads to would tell the answer: in public it is the category's own."""
    with doors.client() as client:
        told = sent(client, NOISE | {"answers": NOISE["answers"] | {"origine": "chantier"}})  # type: ignore[operator]
        public = client.get(f"/reports/{told['reference']}").json()

    assert told["handled_by"]["en"] == "Street works coordination"
    assert public["handled_by"]["en"] == "Municipal police"
    assert "chantier" not in json.dumps(public)


# ---------------------------------------------------------------------------------------------------------------- forms
def test_the_same_report_by_json_by_form_and_by_form_with_photo(doors: Any) -> None:
    photo = picture()
    fields = {"nature": "depot-sauvage", "lon": str(LON), "lat": str(LAT), "answers.volume": "tas",
              "answers.passage": "on"}  # fmt: skip
    with doors.client() as client:
        by_json = client.post("/reports", json=GOOD | {"photo": base64.b64encode(photo).decode()})
        by_form = client.post("/reports", data=fields | {"idempotency_key": "form-key-00000001"})
        by_parts = client.post(
            "/reports", data=fields | {"answers": '{"volume": "tas"}'} | {"idempotency_key": "form-key-00000002"},
            files={"photo": ("moi.jpg", photo, "image/jpeg")},
        )  # fmt: skip
        mine = client.get(by_parts.headers["location"], headers=own(by_parts.json())).json()
        other = client.get(by_form.headers["location"], headers=own(by_form.json())).json()

    assert [a.status_code for a in (by_json, by_form, by_parts)] == [201, 201, 201]
    assert mine["owner"]["photo"] == "held"
    assert other["owner"]["answers"] == {"volume": "tas", "passage": True}
    assert (
        by_form.json()["tracking_url"] == f"/suivi/{by_form.json()['reference']}#t={by_form.json()['tracking_token']}"
    )


def test_a_browser_without_javascript_gets_pages(doors: Any) -> None:
    with doors.client(**BROWSER) as client:
        fields = {"nature": "depot-sauvage", "lon": str(LON), "lat": str(LAT), "answers.volume": "sac", "website": "",
                  "description": "<b>Quilp</b>", "nonce": nonce(client)}  # fmt: skip
        first = client.post("/reports", data=fields)
        double_tap = client.post("/reports", data=fields)
        went_back = client.post("/reports", data=fields | {"answers.volume": "tas"})
        found = [re.search(r"SIG-\d{4}-\d{7}", page.text) for page in (first, double_tap, went_back)]
        token = re.search(r'name="token" value="([^"]+)"', first.text)
        assert found[0] is not None
        assert token is not None
        track = client.post("/suivi", data={"reference": found[0][0].lower(), "token": token[1]})
        gone = client.post("/suivi", data={"reference": found[0][0], "token": token[1], "action": "delete"})
        after = client.post("/suivi", data={"reference": found[0][0], "token": token[1]})

    assert (first.status_code, first.headers["content-language"]) == (201, "fr")
    references = [match[0] for match in found if match]
    assert references[0] == references[1] != references[2]
    assert "Quilp" not in first.text
    assert "Supprimer mon signalement" in track.text
    assert "Un sac ou deux" in track.text
    assert (gone.status_code, after.status_code) == (200, 410)
    assert "supprimé par son auteur" in after.text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', first.text + track.text + gone.text)
    assert [address for address in addresses if not address.startswith(("/", "#")) or address.startswith("//")] == []


def test_a_form_that_is_too_fast_can_be_sent_again_without_typing_anew(doors: Any) -> None:
    with doors.client(**BROWSER) as client:
        young = client.get("/reports/forms").json()["nonce"]
        fields = {"nature": "tag", "lon": str(LON), "lat": str(LAT), "description": '"><script>x', "nonce": young}
        refused = client.post("/reports", data=fields)
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', refused.text))
        time.sleep(3.1)
        again = client.post("/reports", data=hidden)

    assert refused.status_code == 400
    assert "<script>x" not in refused.text
    assert hidden["description"] == escape('"><script>x', quote=True).replace("&quot;", "&#34;")
    assert again.status_code == 201


def test_a_refused_form_comes_back_filled_with_the_words_beside_its_field(doors: Any) -> None:
    fields = {"nature": "ordures", "lon": str(LON), "lat": str(LAT), "answers.quoi": "rue-sale",
              "answers.jours": "<b>beaucoup</b>", "description": "<b>derrière le kiosque</b>"}  # fmt: skip
    with doors.client(**BROWSER) as client:
        refused = client.post("/reports", data=fields | {"nonce": nonce(client)})

    beside = re.search(r'id="answers\.jours-problem">([^<]+)<', refused.text)
    assert (refused.status_code, refused.headers["cache-control"]) == (400, "no-store")
    assert beside is not None
    assert beside[1] == "Un nombre de 0 à 365 jours est attendu."
    assert 'value="rue-sale" required checked' in refused.text
    assert "<b>" not in refused.text.partition("<main")[2]
    assert escape("<b>derrière le kiosque</b>") in refused.text


def test_without_javascript_a_local_time_is_on_the_city_s_clocks(doors: Any) -> None:
    """Summer time: Paris is two hours ahead of UTC in July."""
    noon = datetime.now(UTC).replace(month=7, day=14, hour=12, minute=0, second=0, microsecond=0)
    if noon > datetime.now(UTC):
        noon = noon.replace(year=noon.year - 1)
    fields = {"nature": "bruit", "lon": str(LON), "lat": str(LAT), "answers.origine": "rue",
              "answers.en-cours": "false", "answers.recurrence": "parfois", "answers.debut": f"{noon.year}-07-14T13:30",
              "occurred": f"{noon.year}-07-14T14:00"}  # fmt: skip
    with doors.client() as client:
        told = client.post("/reports", data=fields | {"idempotency_key": "local-time-key-01"}).json()
        found = client.get(f"/reports/{told['reference']}", headers=own(told)).json()

    assert datetime.fromisoformat(told["public"]["date"]) == noon
    assert found["owner"]["answers"]["debut"] == f"{noon.year}-07-14T11:30:00+00:00"


def test_what_is_known_is_shown_to_a_browser_alone_and_nothing_is_kept(doors: Any) -> None:
    with doors.client(**BROWSER) as client:
        there = sent(client, GOOD, idempotency_key="known-here-key-001")["reference"]
        before = client.get("/reports/near", params={"lon": LON, "lat": LAT}).json()["reports"]
        looked = client.post(
            "/signaler", data={"nature": "depot-sauvage", "lon": str(LON), "lat": str(LAT), "answers.volume": "tas"}
        )
        nowhere = client.post("/signaler", data={"nature": "depot-sauvage", "address": "Rue de Nulle Part"})
        unknown = client.post("/signaler", data={"nature": "ovni"})
        after = client.get("/reports/near", params={"lon": LON, "lat": LAT}).json()["reports"]

    assert looked.status_code == 200
    assert 'id="known-here"' in looked.text
    assert {r["reference"] for r in before} == {r["reference"] for r in after} >= {there}
    assert [r["reference"] in looked.text for r in before if r["nature"] == "depot-sauvage"][:5].count(True) >= 1
    assert (nowhere.status_code, unknown.status_code) == (400, 400)
    assert "Aucune rue connue de ce nom" in nowhere.text


def test_a_form_without_nonce_or_key_is_refused(doors: Any) -> None:
    with doors.client() as client:
        answer = client.post("/reports", data={"nature": "tag", "lon": str(LON), "lat": str(LAT)})

    assert (answer.status_code, answer.json()["field"]) == (400, "nonce")


# ------------------------------------------------------------------------------------------------------------- refusals
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    "field", ["nature", "lon", "lat", "answers", "occurred", "idempotency_key", "website", "photo", "x"]
)
def test_markup_in_a_field_is_refused_by_its_name_and_never_said_back(doors: Any, field: str) -> None:
    with doors.client() as client:
        answer = client.post("/reports", json=GOOD | {field: MARKUP})

    problem = answer.json()
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["field"] == field
    assert {"fr", "en"} <= problem.keys()
    assert "onerror" not in answer.text


def test_markup_where_words_may_be_is_dropped_with_them(doors: Any) -> None:
    with doors.client() as client:
        told = sent(client, GOOD, description=MARKUP)
        shown = client.get(f"/reports/{told['reference']}", headers=own(told))

    assert "onerror" not in shown.text


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("lon, lat", {"lon": 2.35, "lat": 48.85}),
        ("lat", {"lat": "quarante-trois"}),
        ("occurred", {"occurred": (datetime.now(UTC) + timedelta(days=1)).isoformat()}),
        ("answers.volume", {"answers": {}}),
        ("photo", {"photo": base64.b64encode(b"not a photo").decode()}),
    ],
)
def test_what_is_wrong_is_named_in_both_languages(doors: Any, field: str, change: dict[str, Any]) -> None:
    with doors.client() as client:
        problem = client.post("/reports", json=GOOD | change).json()

    assert problem["field"] == field
    assert problem["fr"].startswith(f"{field} : ")
    assert problem["en"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("kind", "body", "status", "field"),
    [
        ("text/plain", b"hello", 415, "Content-Type"),
        ("application/json", b"[1]", 400, "body"),
        ("application/json", b"{", 400, "body"),
        ("application/json", b'{"nature": "tag\\u0000"}', 400, "nature"),
        ("application/x-www-form-urlencoded", "nature=é".encode(), 400, "body"),
        ("application/x-www-form-urlencoded", b"nature=tag&nature=tag", 400, "nature"),
        ("multipart/form-data; boundary=x", b"--y", 400, "body"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(doors: Any, kind: str, body: bytes, status: int, field: str) -> None:
    with doors.client() as client:
        answer = client.post("/reports", content=body, headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["field"]) == (status, field)


def test_a_photo_of_50_mb_is_refused_in_words_by_every_door(doors: Any) -> None:
    """The server takes the whole body in before it answers: a client that still sends would see a broken connection."""
    large = bytes(50_000_000)
    with doors.client() as client, doors.client(**BROWSER) as browser:
        by_app = client.post("/reports", data=GOOD_FORM, files={"photo": ("a.jpg", large, "image/jpeg")})
        by_browser = browser.post("/reports", data=GOOD_FORM, files={"photo": ("a.jpg", large, "image/jpeg")})
        by_city = client.post("/open311/v2/requests.xml", data={"a": "b"}, files={"media": ("a.jpg", large)})
        by_process = client.post("/api/processes/submit-report/execution", content=large)
        middling = client.post("/reports", json=GOOD | {"photo": base64.b64encode(noise(280)).decode()})

    assert {a.status_code for a in (by_app, by_browser, by_city, by_process, middling)} == {413}
    assert by_app.json()["field"] == middling.json()["field"] == "photo"
    assert "0.2 MB" in by_app.json()["en"]
    assert "0.2 Mo" in by_browser.text
    assert by_browser.headers["content-type"].startswith("text/html")
    assert "<errors><error><code>413</code>" in by_city.text


GOOD_FORM = {"nature": "depot-sauvage", "lon": str(LON), "lat": str(LAT), "answers.volume": "sac",
             "idempotency_key": "large-photo-key-1"}  # fmt: skip


# ----------------------------------------------------------------------------------------------------------------- once
def test_200_parallel_retries_over_http_make_one_report_each(doors: Any) -> None:
    keys = [f"http-retry-key-{n:03d}" for n in range(10)]

    def retry(key: str) -> tuple[str, int, str]:
        while True:
            answer = client.post("/reports", json=GOOD, headers={"Idempotency-Key": key})
            if answer.status_code != 503:
                return key, answer.status_code, answer.text
            time.sleep(0.2)

    with doors.client() as client, ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(retry, keys * 20))

    assert {status for _, status, _ in answers} == {201}
    assert len({json.loads(text)["reference"] for _, _, text in answers}) == len(answers) == len(keys)


def test_a_key_in_header_and_field_must_be_one(doors: Any) -> None:
    with doors.client() as client:
        answer = client.post(
            "/reports", json=GOOD | {"idempotency_key": "a" * 16}, headers={"Idempotency-Key": "b" * 16}
        )

    assert (answer.status_code, answer.json()["field"]) == (400, "idempotency_key")


# ------------------------------------------------------------------------------------------------------------- followed
def test_the_owner_deletes_with_the_token_and_nobody_without(doors: Any) -> None:
    with doors.client() as client:
        told = sent(client)
        address = f"/reports/{told['reference']}"
        strangers = [client.delete(address), client.delete(address, headers={"X-Tracking-Token": "x" * 22})]
        done = client.delete(address, headers=own(told))
        after = client.get(address)

    assert [a.status_code for a in strangers] == [404, 404]
    assert (done.status_code, after.status_code, after.json()["field"]) == (204, 410, "reference")


def test_staff_answer_and_residents_are_heard(doors: Any) -> None:
    with doors.client() as client, doors.client("coordination") as desk, doors.client("steward") as second:
        told = sent(client, GOOD, photo=base64.b64encode(picture()).decode())
        address = f"/reports/{told['reference']}"
        waiting = [one["reference"] for one in desk.get("/reports/held").json()["held"]]
        exact = next(r for r in desk.get("/reports/open").json()["reports"] if r["reference"] == told["reference"])
        held = client.get(f"{address}/photo").status_code
        wanted = desk.post(f"{address}/moderation", json={"decision": "publish"})
        again = desk.post(f"{address}/moderation", json={"decision": "publish"})
        waiting_on = client.get(f"{address}/photo").status_code
        published = second.post(f"{address}/moderation", json={"decision": "publish"})
        shown = client.get(f"{address}/photo")
        tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
        planned = desk.post(f"{address}/status", json={"status": "planned", "planned_for": tomorrow}).json()
        done = desk.post(f"{address}/status", json={"status": "closed", "reason": "rien-trouve"}).json()
        reopened = client.post(
            f"{address}/not-fixed", headers=own(told) | {"Idempotency-Key": "device-000000001"}
        ).json()
        more = client.post(f"{address}/me-too", headers={"Idempotency-Key": "device-000000002"}).json()

    assert told["reference"] in waiting
    assert (exact["lon"], exact["lat"]) == pytest.approx((LON, LAT), abs=1e-6)
    assert (held, wanted.status_code, again.status_code, waiting_on) == (404, 200, 409, 404)
    assert (published.status_code, shown.status_code) == (200, 200)
    assert not dict(Image.open(BytesIO(shown.content)).getexif())
    assert b"CANARY" not in shown.content
    assert planned["history"][-1]["planned_for"] == tomorrow
    assert done["history"][-1]["reason"]["fr"] == "Rien n'a été trouvé sur place"
    assert (reopened["status"], reopened["not_fixed"], more["me_too"]) == ("received", 1, 1)


@pytest.mark.parametrize(("audience", "status"), [("", 401), ("planner", 404)])
def test_the_staff_s_pages_are_for_staff(doors: Any, audience: str, status: int) -> None:
    with doors.client() as client, doors.client(audience) as asking:
        reference = sent(client)["reference"]
        answers = [
            asking.get("/reports/held"), asking.get("/reports/open"), asking.get("/reports/terms"),
            asking.post(f"/reports/{reference}/status", json={"status": "done"}),
            asking.post(f"/reports/{reference}/moderation", json={"decision": "publish"}),
        ]  # fmt: skip

    assert {a.status_code for a in answers} == {status}


# ------------------------------------------------------------------------------------------------------- by the process
def test_the_process_takes_the_same_report_and_keeps_no_job(doors: Any) -> None:
    execution = "/api/processes/submit-report/execution"
    body = {"inputs": NOISE | {"description": "Tapage chez Zuleika Quilp", "idempotency_key": "process-key-0000001"}}
    with doors.client() as client:
        described = client.get("/api/processes/submit-report").json()
        answer = client.post(execution, json=body | {"response": "document"})
        preferred = client.post(execution, json=body | {"response": "document"}, headers={"Prefer": "respond-async"})
        form = client.post("/api/processes/submit-report/form", data={"nature": "tag"})
        told = answer.json()
        found = client.get(f"/reports/{told['reference']}", headers=own(told)).json()
    with psycopg.connect(doors.database) as store:
        jobs = store.execute("SELECT count(*) FROM obs.jobs WHERE process = 'submit-report'").fetchone()

    assert set(described["outputs"]) == {"reference", "tracking_token", "status"}
    assert "async-execute" not in described["jobControlOptions"]
    assert (answer.status_code, preferred.status_code, form.status_code) == (200, 200, 400)
    assert preferred.json() == told
    assert found["owner"]["answers"]["origine"] == "voisinage"
    assert jobs == (0,)


def test_the_process_says_which_input_is_wrong(doors: Any) -> None:
    with doors.client() as client:
        answers = [
            client.post("/api/processes/submit-report/execution", json={"inputs": GOOD | change}).json()["detail"]
            for change in ({"lon": "east"}, {"lon": 2.0}, {"answers": {"volume": "x"}}, {"email": "a@b.fr"})
        ]

    assert [text.partition(":")[0] for text in answers] == ["inputs.lon", "lon, lat", "answers.volume", "inputs.email"]
