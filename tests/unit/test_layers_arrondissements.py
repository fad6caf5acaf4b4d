"""One code for the many ways of writing an arrondissement (INSEE, Code officiel géographique)."""

import pytest

from observatoire.layers.arrondissements import arrondissement, arrondissement_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("rank", range(1, 17))
def test_code_postcode_and_words_are_one(rank: int) -> None:
    code = f"132{rank:02d}"
    end = "er" if rank == 1 else "e"
    written = [code, f"130{rank:02d}", f"{rank}{end} arrondissement", f"Marseille {rank}{end}", f"MARSEILLE {rank:02d}"]

    assert {arrondissement(text, "13055") for text in [*written, f" {rank}{end} arr. "]} == {code}
    assert arrondissement(arrondissement_name(code), "13055") == code


@pytest.mark.parametrize(
    "text", ["", "13055", "13017", "13200", "13217", "13100", "0", "17e", "Lyon 1er", "Aubagne", "1 2"]
)
def test_what_is_no_arrondissement_of_the_city_is_none(text: str) -> None:
    assert arrondissement(text, "13055") is None


def test_lyon_and_paris_have_their_own_codes() -> None:
    assert (arrondissement("69009", "69123"), arrondissement("69389", "69123")) == ("69389", "69389")
    assert (arrondissement("75020", "75056"), arrondissement("20e", "75056")) == ("75120", "75120")
    assert arrondissement("13001", "13003") is None
    with pytest.raises(ValueError, match="13217"):
        arrondissement_name("13217")
