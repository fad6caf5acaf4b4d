"""Names of columns, mappings and layers that are about persons; narratives and their coder."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from observatoire.errors import BadInput, BadSettings
from observatoire.intake.check import Checker
from observatoire.intake.firewall.coder import can_code, code, rules
from observatoire.intake.firewall.columns import is_narrative, is_person, may_be_person
from observatoire.intake.mapping import check_map, make_parse
from observatoire.intake.options import options_from_text
from observatoire.intake.source import Rejected
from observatoire.layers.catalog import catalog, layer_of
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import codes

pytestmark = pytest.mark.unit

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PERSONS = [
    "Téléphone", "N° Tél.", "tel_mobile", "telMobile", "TELEPHONE", "phone-number", "Ｔｅｌ", "e-mail", "E_Mail",
    "courriel", "adresseMail",
    "NIR", "n_secu", "IBAN", "immat", "Immatriculation véhicule", "plaque_immat", "licensePlate", "adresse_ip",
    "ip", "IMEI", "Prénom",
    "PRENOM", "nom_famille", "Nom de naissance", "NomUsage", "lastName", "first_name", "full name",
    "date_naissance", "DDN", "dateOfBirth",
    "requérant", "mis_en_cause", "Témoin 1", "victime_nom", "plaignant", "matricule", "sexe", "nationalité",
    "civilité", "photo", "Caller_Name",
    "adresse_complète", "ssn",
]  # fmt: skip
PLACES = [
    "id", "num", "date", "nature", "type", "lon", "lat", "nom_qua", "nom_rue", "street_name", "libelle",
    "code_postal", "arrondissement",
    "commune", "voie", "quartier", "secteur", "état", "origine", "Ward", "Community_Area", "Creation_Date",
    "reference", "titre", "cell_id",
    "date_creation", "telemesure", "hotel", "capteur", "niveau_sonore", "patrimoine", "impact", "participants",
    "equipement",
]  # fmt: skip


@pytest.mark.parametrize("name", PERSONS)
def test_a_column_about_persons_is_known_however_it_is_written(name: str) -> None:
    assert is_person(name)


@pytest.mark.parametrize("name", PLACES)
def test_a_column_about_places_is_left_alone(name: str) -> None:
    assert not may_be_person(name)
    assert not is_narrative(name)


@pytest.mark.parametrize(
    "name", ["récit", "Mention", "texte_libre", "TexteLibre", "Commentaires", "description", "observations"]
)
def test_a_narrative_is_known_by_its_name(name: str) -> None:
    assert is_narrative(name)


def mapped(collection: str, mapping: str) -> None:
    check_map(layer_of(collection), options_from_text(map=mapping))


@pytest.mark.parametrize("column", ["Nom", "Téléphone", "adresse", "requérant", "description", "e-mail"])
def test_a_report_takes_nothing_from_a_column_about_persons(column: str) -> None:
    with pytest.raises(BadInput, match="must never enter signalements; drop it"):
        mapped("signalements", f"id=num,date=le,nature=type,lon=x,lat=y,reference={column}")
    with pytest.raises(BadInput, match="must never enter signalements"):
        mapped("signalements", f"id={column},date=le,nature=type,lon=x,lat=y")


def test_a_place_may_have_a_name_but_no_telephone() -> None:
    mapped("divisions", "id=code,code=code,nom=nom")
    with pytest.raises(BadInput, match="telephone must never enter divisions"):
        mapped("divisions", "id=code,code=code,nom=telephone")


def test_a_layer_cannot_have_a_property_about_persons() -> None:
    layer = layer_of("signalements")
    wrong = layer.model_copy(
        update={"properties": layer.properties | {"telephone_requerant": layer.properties["reference"]}}
    )

    with pytest.raises(BadSettings, match="properties about persons cannot enter: telephone_requerant"):
        Checker(wrong, origin="reported")


@pytest.mark.parametrize("layer", catalog().values(), ids=lambda layer: layer.id)
def test_no_layer_of_the_catalogue_is_about_persons(layer: Layer) -> None:
    Checker(layer, origin="administrative")


@pytest.mark.parametrize(
    ("told", "coded"),
    [
        ("Musique forte et cris depuis 23 h", "tapage"),
        ("TAPAGE NOCTURNE", "tapage"),
        ("Deux individus se battent devant le bar", "rixe"),
        ("Pas de tapage constaté. Bagarre en cours", "rixe"),
        ("vitre brisée, autoradio volé", "vol-roulotte"),
        ("Vente à la sauvette de cigarettes", "vente-sauvette"),
        ("abribus dégradé, vandalisme", "degradation"),
        ("Rien à signaler", None),
        ("sans bruit", None),
        ("", None),
    ],
)
def test_a_narrative_is_coded_by_its_words(told: str, coded: str | None) -> None:
    assert code(told, "faits") == coded


def test_a_branch_gives_its_own_codes_only() -> None:
    assert code("lampadaire éteint et tags", "espace-public/equipements") == "eclairage"
    assert code("tags", "espace-public/equipements") is None
    assert can_code("espace-public/proprete")
    assert not can_code("reponse")


def test_rules_name_codes_of_the_nomenclature() -> None:
    for domain, by_code in rules().domains.items():
        assert by_code.keys() <= codes(domain).keys()


def test_a_code_is_found_by_its_own_label() -> None:
    """The nomenclature's French label of each code leads to it, by rules that were not made from the labels."""
    for domain in rules().domains:
        for name, label in codes(domain).items():
            if name in rules().domains[domain]:
                assert code(label.fr, domain) == name, label.fr


def parse(mapping: str, row: dict[str, str]) -> dict[str, Any]:
    options = options_from_text(map=mapping)
    check_map(layer_of("faits"), options)
    return make_parse(layer_of("faits"), options, ZoneInfo("Europe/Paris"))(row)


def test_a_narrative_gives_a_code_and_nothing_else() -> None:
    row = {"n": "1", "le": "2026-01-02", "recit": "Mme Dobson se plaint de musique forte", "x": "5.37", "y": "43.3"}

    item = parse("id=n,date=le,nature=recit,lon=x,lat=y", row)

    assert item["nature"] == "tapage"
    assert "Dobson" not in str(item)
    with pytest.raises(Rejected, match=r"^nature: not-coded$"):
        parse("id=n,date=le,nature=recit,lon=x,lat=y", row | {"recit": "Mme Dobson"})


@pytest.mark.parametrize(
    "text",
    [
        "Jean Dupont",
        "DUPONT Jean",
        "J. Dupont",
        "jean.dupont",
        "jean dupont",
        "Jean-Dupont",
        "Dupont Jean 1985",
    ],
)
def test_a_reference_of_a_report_is_no_name(text: str) -> None:
    with pytest.raises(Rejected, match=r"^reference: (person:name|free-text)$"):
        Checker(layer_of("signalements"), origin="reported")(
            {"source_key": "1", "reference": text, "date": NOON, "nature": "tag"}
        )


@pytest.mark.parametrize(
    "text", ["SIG MRS 004512", "PV 2026 0451", "depot-sauvage-2024-0012", "Ref_2026_12", "MC-PM-2026-4"]
)
def test_a_reference_of_a_report_may_have_parts(text: str) -> None:
    item = Checker(layer_of("signalements"), origin="reported")(
        {"source_key": text, "reference": text, "date": NOON, "nature": "tag"}
    )

    assert item["reference"] == text
