"""Open311 GeoReport v2, by its specification (wiki.open311.org/GeoReport_v2): both formats, word for word."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import httpx
import pytest
from lxml import etree
from PIL import Image

pytestmark = pytest.mark.integration

BASE = "/open311/v2"
#: What an app of another city sends (the arguments of the specification's own example).
FORM = {
    "jurisdiction_id": "demo", "service_code": "eclairage", "lat": "43.3112", "long": "5.3987",
    "attribute[etat]": "clignote", "attribute[nombre]": "3", "email": "smit333@sfgov.org",
    "device_id": "tt222111", "account_id": "123456", "first_name": "Zuleika", "last_name": "Quilp",
    "phone": "111111111",
    "description": "A large sinkhole is destroying the street, call Zuleika Quilp",
}  # fmt: skip
#: Elements of a request, in the specification's order.
ELEMENTS = [
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description", "agency_responsible",
    "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address", "address_id", "zipcode",
    "lat", "long", "media_url",
]  # fmt: skip

GOLDEN_DISCOVERY = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    "<discovery><changeset>2026-11-28T00:00:00Z</changeset>"
    "<contact>Port-Calme (simulated city) : http://city.example/</contact><key_service>No key is needed.</key_service>"
    "<endpoints><endpoint><specification>http://wiki.open311.org/GeoReport_v2</specification>"
    "<url>http://city.example/open311/v2</url><changeset>2026-11-28T00:00:00Z</changeset><type>test</type>"
    "<formats><format>text/xml</format><format>application/json</format></formats></endpoint></endpoints></discovery>"
)
GOLDEN_SERVICE = (
    "<service><service_code>tag</service_code><service_name>Graffiti</service_name>"
    "<description>Handled by: Street cleaning.</description><metadata>true</metadata><type>realtime</type>"
    "<keywords>tag,proprete</keywords><group>Cleanliness</group></service>"
)
GOLDEN_DEFINITION = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    "<service_definition><service_code>vegetation</service_code><attributes>"
    "<attribute><variable>true</variable><code>passage</code><datatype>singlevaluelist</datatype>"
    "<required>false</required><datatype_description/><order>1</order><description>Does it block the way?</description>"
    "<values><value><key>true</key><name>Yes</name></value><value><key>false</key><name>No</name></value></values>"
    "</attribute><attribute><variable>true</variable><code>tombe</code><datatype>singlevaluelist</datatype>"
    "<required>false</required><datatype_description/><order>2</order>"
    "<description>Has a tree or a branch fallen?</description>"
    "<values><value><key>true</key><name>Yes</name></value><value><key>false</key><name>No</name></value></values>"
    "</attribute></attributes></service_definition>"
)
GOLDEN_REQUEST = (
    "<?xml version='1.0' encoding='utf-8'?>\n"
    "<service_requests><request><service_request_id>{id}</service_request_id><status>closed</status>"
    "<status_notes>Closed without action: Nothing was found on site</status_notes>"
    "<service_name>Street lighting</service_name><service_code>eclairage</service_code><description/>"
    "<agency_responsible>Public lighting</agency_responsible><service_notice/>"
    "<requested_datetime>{then}</requested_datetime><updated_datetime>{then}</updated_datetime><expected_datetime/>"
    "<address/><address_id/><zipcode/><lat>{lat}</lat><long>{long}</long><media_url/></request></service_requests>"
)


@pytest.fixture
def client(doors: Any) -> Any:
    with doors.client(**{"Accept-Language": "en"}) as client:
        yield client


def made(client: httpx.Client, form: dict[str, str] = FORM, **more: str) -> dict[str, str]:
    answer = client.post(f"{BASE}/requests.json", data=form | more)
    assert answer.status_code == 201, answer.text
    (row,) = answer.json()
    return dict(row)


def test_discovery_and_services_are_word_for_word(client: httpx.Client) -> None:
    discovery = client.get(f"{BASE}/discovery.xml")
    services = client.get(f"{BASE}/services.xml")
    definition = client.get(f"{BASE}/services/vegetation.xml")

    assert discovery.headers["content-type"] == "text/xml; charset=utf-8"
    assert discovery.text == GOLDEN_DISCOVERY
    assert GOLDEN_SERVICE in services.text
    assert definition.text == GOLDEN_DEFINITION


@pytest.mark.parametrize(
    "path",
    ["/discovery", "/services", "/services/bruit", "/services/ordures", "/requests", "/requests?extensions=true"],
)
def test_xml_and_json_say_the_same(client: httpx.Client, path: str) -> None:
    """Every element of the XML is a member of the JSON of the same value as a text, in the same order."""
    made(client)
    page, _, query = path.partition("?")
    root = etree.fromstring(client.get(f"{BASE}{page}.xml?{query}").content)
    answer = client.get(f"{BASE}{page}.json?{query}")

    def plain(element: Any) -> Any:
        lists = ("services", "attributes", "values", "service_requests", "endpoints", "formats")
        if element.tag in lists:
            return [plain(child) for child in element]
        if len(element):
            return {child.tag: plain(child) for child in element}
        return element.text

    def texts(value: Any) -> Any:
        if isinstance(value, list):
            return [texts(one) for one in value]
        if isinstance(value, dict):
            return {key: texts(one) for key, one in value.items()}
        return value if value is None else json.dumps(value) if not isinstance(value, str) else value

    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert plain(root) == texts(answer.json())


def test_a_form_of_another_city_s_app_makes_a_round_trip(doors: Any, client: httpx.Client) -> None:
    """Posted, found by id, by token and in the list; closed by staff; word for word, without a word of the sender's."""
    created = client.post(f"{BASE}/requests.xml", data=FORM)
    request = etree.fromstring(created.content)[0]
    reference, token = request.findtext("service_request_id"), request.findtext("token")
    by_token = client.get(f"{BASE}/tokens/{token}.json").json()
    open_one = client.get(f"{BASE}/requests/{reference}.json").json()[0]
    with doors.client("coordination") as desk:
        desk.post(f"/reports/{reference}/status", json={"status": "closed", "reason": "rien-trouve"})
    closed = client.get(f"{BASE}/requests/{reference}.xml")
    listed = client.get(f"{BASE}/requests.xml?service_request_id={reference}")

    assert created.status_code == 201
    assert [child.tag for child in request] == ["service_request_id", "service_notice", "account_id", "token"]
    assert by_token == [{"service_request_id": reference, "token": token}]
    assert list(open_one) == ELEMENTS
    assert (open_one["status"], open_one["status_notes"]) == ("open", "Received")
    then = re.search(r"<requested_datetime>([^<]+)", closed.text)
    assert then is not None
    assert datetime.fromisoformat(then[1]).utcoffset() is not None
    golden = GOLDEN_REQUEST.format(id=reference, then=then[1], lat=open_one["lat"], long=open_one["long"])
    assert re.sub(r"<updated_datetime>[^<]+", f"<updated_datetime>{then[1]}", closed.text) == golden
    assert listed.text == closed.text
    for word in ("Quilp", "smit333", "tt222111", "111111111", "sinkhole", "43.3112", "5.3987"):
        assert word not in created.text + closed.text + json.dumps(open_one)


def test_a_photo_comes_as_a_file_or_as_base64_and_is_shown_once_published(doors: Any, client: httpx.Client) -> None:
    out = BytesIO()
    Image.new("RGB", (60, 60), (9, 9, 9)).save(out, "PNG")
    by_file = client.post(f"{BASE}/requests.json", data=FORM, files={"media": ("a.png", out.getvalue(), "image/png")})
    by_text = made(client, media=base64.b64encode(out.getvalue()).decode())
    reference = by_file.json()[0]["service_request_id"]
    before = client.get(f"{BASE}/requests/{reference}.json").json()[0]["media_url"]
    with doors.client("steward") as desk, doors.client("coordination") as second:
        for key in (desk, second):
            key.post(f"/reports/{reference}/moderation", json={"decision": "publish"})
        assert desk.get(f"/reports/{by_text['service_request_id']}/photo").status_code == 200
    after = client.get(f"{BASE}/requests/{reference}.json").json()[0]["media_url"]

    assert before is None
    assert after == f"http://city.example/reports/{reference}/photo"


def test_a_list_is_narrowed_down_as_the_specification_has_it(doors: Any, client: httpx.Client) -> None:
    one = made(client, {"service_code": "voirie", "lat": "43.2401", "long": "5.2901", "attribute[quoi]": "trou"})
    reference = one["service_request_id"]
    now = datetime.now(UTC)

    def found(**words: str) -> bool:
        rows = client.get(f"{BASE}/requests.json", params=words).json()
        return reference in [row["service_request_id"] for row in rows]

    assert found(service_code="voirie,tag", status="open")
    assert not found(service_code="tag")
    assert not found(status="closed")
    assert found(lat="43.24", long="5.29", radius="500")
    assert not found(lat="43.34", long="5.39", radius="500")
    assert found(start_date=(now - timedelta(hours=1)).isoformat(), end_date=(now + timedelta(hours=1)).isoformat())
    assert not found(end_date=(now - timedelta(hours=1)).isoformat())
    with doors.client("coordination") as desk:
        desk.post(f"/reports/{reference}/status", json={"status": "forwarded", "reason": "transmis"})
    assert found(updated_after=(now - timedelta(minutes=1)).isoformat())
    assert not found(updated_after=(now + timedelta(minutes=5)).isoformat())
    pages = [client.get(f"{BASE}/requests.json?page={n}&page_size=1").json() for n in (1, 2)]
    assert [len(page) for page in pages] == [1, 1]
    assert pages[0] != pages[1]
    extended = client.get(f"{BASE}/requests/{reference}.json?extensions=true").json()[0]["extended_attributes"]
    assert extended == {"detailed_status": "forwarded", "detailed_reason": "transmis", "me_too": 0, "not_fixed": 0}


BAD = [
    (400, "service_code", {"service_code": ""}),
    (404, "service_code", {"service_code": "nope"}),
    (404, "jurisdiction_id", {"jurisdiction_id": "elsewhere.org"}),
    (403, "api_key", {"api_key": "not-a-key"}),
    (400, "lat, long", {"lat": "48.8", "long": "2.3"}),
    (400, "long", {"long": "east"}),
    (400, "attribute[etat]", {"attribute[etat]": "tired"}),
    (400, "attribute[nombre]", {"attribute[nombre]": "many"}),
    (400, "media_url", {"media_url": "http://elsewhere.example/a.jpg"}),
    (400, "media", {"media": "bm90IGEgcGhvdG8="}),
    (400, "address_id", {"address_id": "7"}),
    (400, "colour", {"colour": "red"}),
]


@pytest.mark.parametrize(("status", "field", "change"), BAD, ids=[f"{s}-{f}" for s, f, _ in BAD])
def test_errors_are_lists_of_codes_and_descriptions(
    client: httpx.Client, status: int, field: str, change: dict[str, str]
) -> None:
    by_xml = client.post(f"{BASE}/requests.xml", data=FORM | change)
    by_json = client.post(f"{BASE}/requests.json", data=FORM | change)

    assert (by_xml.status_code, by_json.status_code) == (status, status)
    (error,) = by_json.json()
    assert error["code"] == status
    assert error["description"].startswith(f"{field}: ")
    root = etree.fromstring(by_xml.content)
    assert (root.tag, root[0].tag, root[0].findtext("code")) == ("errors", "error", str(status))
    assert root[0].findtext("description") == error["description"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/requests/SIG-2026-0000000.xml", 404),
        ("/tokens/AAAAAAAAAAAAAAAAAAAAAA.xml", 404),
        ("/services/nope.xml", 404),
        ("/services.csv", 404),
        ("/requests.xml?status=fixed", 400),
        ("/requests.xml?page=0", 400),
        ("/requests.xml?page_size=1001", 400),
        ("/requests.xml?radius=5", 400),
        ("/requests.xml?start_date=yesterday", 400),
        ("/requests.xml?service_code=nope", 404),
        ("/requests.xml?status=open&status=closed", 400),
        ("/requests.xml?colour=red", 400),
    ],
)
def test_a_wrong_question_is_answered_in_the_form_of_the_standard(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(BASE + path)

    assert answer.status_code == status
    assert answer.text.startswith("<?xml")
    assert f"<code>{status}</code>" in answer.text


def test_a_deleted_report_is_gone_from_everywhere(client: httpx.Client) -> None:
    row = made(client)
    reference = row["service_request_id"]
    assert client.delete(f"/reports/{reference}", headers={"X-Tracking-Token": row["token"]}).status_code == 204

    assert client.get(f"{BASE}/requests/{reference}.xml").status_code == 410
    assert client.get(f"{BASE}/requests.json?service_request_id={reference}").json() == []
    assert client.get(f"{BASE}/tokens/{row['token']}.json").status_code == 404


def test_a_known_key_is_taken_and_the_format_may_be_left_to_the_client(doors: Any, client: httpx.Client) -> None:
    keyed = client.post(f"{BASE}/requests", data=FORM | {"api_key": doors.keys["planner"]})
    asked = client.get(f"{BASE}/services", headers={"Accept": "application/json"})

    assert keyed.status_code == 201
    assert keyed.headers["content-type"].startswith("text/xml")
    assert keyed.headers["location"].endswith(".xml")
    assert asked.headers["content-type"].startswith("application/json")
