"""The served small city under requests made from its own OpenAPI document, right and wrong ones, by fixed seeds.

No answer is a fault of the server, no status, media type or body is other than documented.
"""

import os
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.failures import Failure, FailureGroup

pytestmark = pytest.mark.conformance

FULL = os.environ.get("OBS_PROVE") == "full"
#: `OBS_FUZZ_CASES` asks for another number: some 90 a second where the machine is quiet, most of which is making them.
CASES = int(os.environ.get("OBS_FUZZ_CASES") or (50_000 if FULL else 500))
#: Pieces in which the operations are asked, each a test of its own: a failure is soon asked again.
PARTS = 4 if FULL else 1
#: Executions compute for seconds, or create jobs: their own tests ask them. Here what reads.
EXECUTIONS = ("/execution",)


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str
    keys: dict[str, str]

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def operations(document: dict[str, Any]) -> list[APIOperation[Any, Any, Any, Any]]:
    """What the document describes, without executions."""
    schema = schemathesis.openapi.from_dict(document)
    found = [result.ok() for result in schema.get_all_operations()]
    return [operation for operation in found if not operation.path.endswith(EXECUTIONS)]


def wrong(case: Case, document: dict[str, Any], session: requests.Session, base: str) -> str | None:
    """Send one request; return what is wrong with its answer."""
    answer = case.call(base_url=base, session=session, timeout=60)
    described = document["paths"][case.operation.path][case.operation.method.lower()]["responses"]
    if fault := _fault(case, answer, described, document):
        return f"{fault}: {case.as_curl_command()[:1500]}\n  → {answer.status_code} {answer.content[:300]!r}"
    return None


def _fault(case: Case, answer: Any, described: dict[str, Any], document: dict[str, Any]) -> str | None:
    if answer.status_code >= 500:
        return "a fault of the server"
    response = described.get(str(answer.status_code))
    if answer.status_code == 405:  # a method that the document does not describe, which wrong requests try
        return None if case.operation.method.upper() != case.method.upper() else "405"
    if response is None:
        return "status not documented"
    name = response.get("$ref", "").rsplit("/", 1)[-1]
    response = document["components"]["responses"][name] if name else response
    kind = (answer.headers.get("content-type") or [""])[0].partition("; charset")[0]
    if kind not in {media.partition("; charset")[0] for media in response.get("content", {})}:
        return f"media type {kind} not documented"
    try:
        case.operation.validate_response(answer)
    except (Failure, FailureGroup) as failure:
        return f"body not as documented: {failure}"
    return None


@pytest.mark.timeout(0 if FULL else 300)
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("audience", ["coordination", "", "planner"] if FULL else ["coordination"])
def test_requests_made_from_the_document_get_documented_answers(
    observatory: Observatory, audience: str, part: int
) -> None:
    document = observatory.get("/api/openapi", audience, f="json").json()
    described = operations(document)
    each = ceil(CASES / (6 if FULL else 2) / len(described))
    statuses: Counter[int] = Counter()
    session = requests.Session()
    session.hooks["response"].append(lambda response, **_: statuses.update([response.status_code]))
    if audience:
        session.headers["X-API-Key"] = observatory.keys[audience]
    sender = ThreadPoolExecutor(1)  # asks and checks while the next requests are made, which takes longest
    sent: list[Future[str | None]] = []
    for number, operation in list(enumerate(described))[part::PARTS]:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @seed(f"20260301 {number} {mode.value} {audience}")
            @settings(
                max_examples=each, database=None, deadline=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Case) -> None:
                sent.append(sender.submit(wrong, case, document, session, f"{observatory.url}/api"))

            try:
                ask()
            except Exception as error:
                # Nothing wrong can be asked of an operation without parameters.
                if type(error).__name__ not in ("Unsatisfiable", "SkipTest"):
                    raise
    faults = [fault for one in sent if (fault := one.result()) is not None]
    sender.shutdown()
    print(audience or "public", dict(statuses))

    assert faults == [], f"{len(faults)} of {statuses.total()}:\n" + "\n".join(faults[:10])
    assert statuses[200] > 0.1 * statuses.total()
    assert statuses[400] > 0.1 * statuses.total()


ITEMS = "/api/collections/signalements/items"
DEEP = b'{"inputs":' + b'{"a":' * 2_000 + b"1" + b"}" * 2_001
#: What gave 5xx, wrong rows or silence in stock pygeoapi 0.21 or 0.24 (method, path, media type and body).
LISTED: list[tuple[str, str, tuple[str, bytes] | None]] = [
    *(
        ("GET", f"{ITEMS}?{query}", None)
        for query in (
            "severity=abc", "category=%00", "nope=1", "q=x", "resulttype=zzz", "sortby=", "sortby=%00", "datetime=2024",
            "datetime=abc", "offset=99999999999999999999", "bbox=5,43,0,6,44,0", "bbox=5,43,6", "bbox=5,43,4,44",
            "bbox=nan,nan,nan,nan", "limit=abc", "limit=0", "f=xml", "crs=foo", "properties=nope", "id=abc",
            "filter=severity%20LIKE%20%27a%27", "filter=nature%3E%3D3", "filter=foo(severity)%3D1", "filter=%00",
            "filter=" + quote("(" * 4_000), "filter=" + quote("a+" * 2_000 + "a = 1"),
            "filter=nature%20%3D%20%27tag%27&filter-lang=cql-text", "filter-lang=cql-json",
        )
    ),
    *(("GET", f"{ITEMS}/{item}", None) for item in ("abc", "99999999999999", "%00", "-1")),
    ("GET", "/api/collections/signalements/tiles/WebMercatorQuad/3/99/99?f=mvt", None),
    ("GET", "/api/collections/signalements/tiles/nope/a/b/c", None),
    ("GET", "/api/jobs/%00", None),
    ("GET", "/api/jobs/%00/results", None),
    ("GET", "/api/processes/%00", None),
    ("POST", ITEMS, ("", b"{}")),
    ("POST", ITEMS, ("application/json", b"null")),
    ("POST", ITEMS, ("application/geo+json; charset=utf-8", b'{"type":"Feature"}')),
    ("POST", ITEMS, ("application/json", b"[" * 2_000)),
    ("PUT", f"{ITEMS}/3", ("application/geo+json", b"{}")),
    ("PUT", f"{ITEMS}/1000001", ("application/geo+json", b'{"type":"Feature","id":3}')),
    ("DELETE", f"{ITEMS}/abc", None),
    ("GET", "/admin/config", None),
    ("GET", "/api/admin/config", None),
    *(
        ("POST", "/api/processes/echo/execution", ("application/json", body))
        for body in (b"[]", b"null", b'"x"', b"1", b"", DEEP, b'{"inputs":{"message":{"a":1}}}',
                     b'{"inputs":{"message":"a"},"subscriber":1}',
                     b'{"inputs":{"message":"a"},"subscriber":{"successUri":"http://127.0.0.1:1/"}}',
                     b'{"inputs":{"message":"' + b"x" * 20_000_000 + b'"}}')
    ),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), LISTED, ids=lambda value: str(value)[:60])
def test_what_broke_the_stock_server_is_refused(
    observatory: Observatory, method: str, path: str, body: tuple[str, bytes] | None
) -> None:
    headers = {"Content-Type": body[0]} if body and body[0] else {}
    answer = httpx.request(
        method, observatory.url + path, headers=headers, content=body[1] if body else None, timeout=60
    )
    empty_but_right = "bbox=5,43,0,6,44,0", "bbox=5,43,4,44"

    if path.endswith(empty_but_right):
        assert answer.status_code == 200
        return
    assert answer.status_code in (400, 404, 405, 413, 415), answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert observatory.get(f"{ITEMS}/1", f="json").status_code in (200, 404)


@pytest.mark.parametrize("spoilt", ["status", "media type", "body"])
def test_an_answer_other_than_documented_is_seen(observatory: Observatory, spoilt: str) -> None:
    """The check above finds what it looks for: a document that is made wrong on purpose."""
    document = observatory.get("/api/openapi", f="json").json()
    parts = document["components"]
    if spoilt == "status":
        del document["paths"]["/collections"]["get"]["responses"]["200"]
    elif spoilt == "media type":
        parts["responses"]["Collections"]["content"] = {"text/plain": {}}
    else:
        parts["schemas"]["collections"]["required"].append("nosuch")
    operation = next(one for one in operations(document) if one.path == "/collections")
    case = operation.Case(method="GET", query={"f": "json"})

    fault = wrong(case, document, requests.Session(), f"{observatory.url}/api")

    assert fault is not None
    assert fault.startswith(spoilt)
