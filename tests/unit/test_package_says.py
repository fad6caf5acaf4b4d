"""Who publishes the package: from its core metadata, nothing invented where they say nothing."""

from email.message import Message

import pytest

from observatoire.package_says import publisher

pytestmark = pytest.mark.unit


def said(**fields: list[str]) -> Message:
    message = Message()
    for name, values in fields.items():
        for value in values:
            message[name.replace("_", "-")] = value
    return message


def test_nothing_declared_is_nothing_said() -> None:
    assert publisher(said(Author=["The developers"])) == {}


def test_well_known_labels_are_understood_however_they_are_written() -> None:
    """Labels are compared without case, spaces and punctuation (packaging user guide)."""
    found = publisher(
        said(
            Project_URL=[
                "Source Code, https://code.example/obs",
                "Bug-Tracker, https://code.example/obs/issues?a=1,2",
                "Homepage, https://obs.example/",
                "Funding, https://obs.example/give",
            ],
            Author_email=["The developers <team@obs.example>"],
        )
    )

    assert found == {
        "repository": "https://code.example/obs",
        "tracker": "https://code.example/obs/issues?a=1,2",
        "homepage": "https://obs.example/",
        "email": "team@obs.example",
    }


def test_the_better_label_wins_and_a_maintainer_answers_where_no_author_does() -> None:
    found = publisher(
        said(
            Project_URL=["GitHub, https://mirror.example/obs", "Source, https://code.example/obs"],
            Maintainer_email=["m@obs.example"],
        )
    )

    assert found == {"repository": "https://code.example/obs", "email": "m@obs.example"}
