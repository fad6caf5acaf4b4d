"""A client that others wrote (PyPI `georeport`) reads what was posted, in both formats."""

from typing import Any

import pytest
from georeport import GeoReport

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_client_of_others_makes_the_round_trip(doors: Any, form: str) -> None:
    theirs = GeoReport(f"{doors.base}/open311/v2", jurisdiction="demo", output_format=form)
    services = {service["service_code"]: service for service in theirs.get_service_list()}
    definition = theirs.get_service_definition("eclairage")
    with doors.client() as client:
        posted = client.post(
            f"/open311/v2/requests.{form}",
            data={"service_code": "eclairage", "lat": "43.3", "long": "5.4", "attribute[etat]": "eteint"},
        )
        second = client.post(
            f"/open311/v2/requests.{form}",
            data={"service_code": "tag", "lat": "43.3", "long": "5.4"},
        )
    mine = theirs.get_service_requests(service_code="eclairage", status="open")[0]
    again = theirs.get_service_request(mine["service_request_id"])

    assert (posted.status_code, second.status_code) == (201, 201)
    assert services["eclairage"]["metadata"] in (True, "true")
    assert definition["service_code"] == "eclairage"
    assert mine["service_request_id"] in posted.text
    assert again == mine
    assert mine["status"] == "open"
