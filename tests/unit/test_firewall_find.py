"""The person firewall on strings written by hand: what it finds, what it must leave alone, however it is disguised."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from observatoire.intake.firewall.detectors import DETECTORS
from observatoire.intake.firewall.firewall import find, find_number, is_reference, may_be_shown
from observatoire.intake.firewall.normalise import HEAD, fold, views, with_digits

pytestmark = pytest.mark.unit

FOUND = {
    "phone": [
        "0612345678", "06 12 34 56 78", "06.12.34.56.78", "06/12/34/56/78", "06 123 456 78", "0 6 1 2 3 4 5 6 7 8",
        "+33612345678", "+33 (0)6 12 34 56 78", "0033 6 12 34 56 78", "(+33) 4.91.55.11.12", "33612345678",
        "tél:0491551112", "rappeler au 04-91-55-11-12 svp", "O6 l2 34 56 78", "+41 79 123 45 67", "+213 551 23 45 67",
        "le 02/01/2024 au 0491551112",
    ],
    "email": [
        "jean@exemple.fr", "JEAN.DUPONT+x@EXEMPLE.CO.UK", "jean (at) exemple point fr", "jean[at]exemple[.]fr",
        "jean arobase exemple.fr", "jean @ exemple.fr", "écrire à jean@localhost",
    ],
    # The example of the Carte Vitale's specification in the literature: 2 69 05 49 588 157 80.
    "nir": ["269054958815780", "2 69 05 49 588 157 80", "2 69 05 49 588 157", "2690549588157",
    "NIR 2.69.05.49.588.157.80"],
    # The examples of the SWIFT registry.
    "iban": [
        "FR1420041010050500013M02606", "FR14 2004 1010 0505 0001 3M02 606", "de89 3704 0044 0532 0130 00",
        "NO93 8601 1117 947", "MT84MALT011000012345MTLCAST001S", "GB29-NWBK-6016-1331-9268-19",
        "FR15 2004 1010 0505 0001 3M02 606",
    ],
    "plate": [
        "AB-123-CD", "AB 123 CD", "ab123cd", "DE 456 LF", "véhicule AB-123-CD stationné", "1234 AB 13",
        "123 ABC 2A", "45-XYZ-974",
        "1234AB13", "immatriculé W 1234",
    ],
    "ip": ["192.168.1.17", "10.0.0.1:8080", "2001:db8::8a2e:370:7334", "fe80::1ff:fe23:4567:890a",
    "192[.]168[.]1[.]17"],
    "device": ["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7"],
    "name": [
        "Mme Dupont", "M. Le Goff", "M.Dupont", "M DUPONT", "MME LE GOFF", "mme dupont", "madame d'Arc",
        "Mlle A. Benali",
        "Monsieur Kader", "Dr Escat", "docteur dupont", "Me Collard", "vu par Maître Collard", "le dénommé Karim",
        "le nommé Karim",
        "Mme_Dupont", "mme-dupont", "épouse Martin", "née Martin", "chez Mme X", "Madame Rue",
    ],
    "birth-date": [
        "né le 12/03/1985", "Née le 3 mars 2015", "DDN 12031985", "DDN:12.03.85", "né(e) le 1er avril 1999",
        "born 3 March 1985",
        "12/03/1985", "1985-03-12", "12 03 1985", "3 mars 1985", "date de naissance : 12-03-2020", "né en 1985",
    ],
    "address": [
        "12 rue Paradis, appt 4", "appartement 12", "12 bis bd Chave 3e étage gauche", "12, rue Paradis bât. B",
        "4 impasse Blanc, chez Dupont", "Flat 4B", "3ème étage porte 12", "12 avenue Foch esc. C", "logement n° 8",
    ],
    "field": ['{"nom_famille": "x"}', '[{"a": {"Téléphone": 1}}]'],
}  # fmt: skip
LEFT = [
    "tag", "SIG-2026-004512", "2026/00451", "PV 2026/0451", "11-00049231", "A", "A-1",
    "CRS2154RES250mN6247000E892250", "R0000001",
    "5e0b8a3c-1f7e-4c7b-9d26-0a4c0f9b1d11", "507f1f77bcf86cd799439011", "2026-11-25", "02/01/2024 14:05",
    "2026-11-25T14:05:00Z",
    "2026-MC-13", "SAINT-JEAN-DU-DESERT", "Notre-Dame de la Garde nord", "LES TROIS LUCS", "Rue du Docteur Escat",
    "avenue du Professeur Calmette", "rue Monsieur le Prince", "Visite de M. le Maire", "Mme la Préfète",
    "Travaux du 120 au 140 rue Paradis",
    "entre le 120 et le 140", "RD 568 et RN 113", "Cérémonie du 8 mai 1945", "place du 11 novembre 1918",
    "boulevard du 8 mai 1945 le 18",
    "Arrêté du 12/03/2009", "Marché, du 01/12/2026 au 24/12/2026", "Travaux 12 rue Paradis", "12 bis rue Paradis",
    "Bâtiment B de l'école",
    "Porte d'Aix", "maîtrise d'ouvrage", "maître d'œuvre", "150 m. de voirie", "8h30 à 18h00", "14:05:07",
    "version 2.1.0", "1 200 000 €",
    "552 100 554 00013", "Match OM - PSG", "Métro M1", "PR 12+300", "DN 200 mm", "lot 3/12", "zone 30", "13001",
    "C++::std", "Soirée DJ @ Dock",
    "professeur des écoles", "node/1234567890", "depot-sauvage-2024-0012", "Concert à 20 h 30",
    "Élections 2026, 1er tour",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in FOUND.items() for text in texts])
def test_what_is_of_a_person_is_found(kind: str, text: str) -> None:
    assert find(text) == f"person:{kind}"


@pytest.mark.parametrize("text", LEFT)
def test_what_is_of_nobody_is_left_alone(text: str) -> None:
    assert find(text) is None


def wide(text: str) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


SECRET = "06 12 34 56 78"
WRAPPED = {
    "full-width": wide(SECRET),
    "Arabic-Indic": SECRET.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "Bengali": SECRET.translate(str.maketrans("0123456789", "০১২৩৪৫৬৭৮৯")),
    "bold": SECRET.translate(str.maketrans("0123456789", "𝟬𝟭𝟮𝟯𝟰𝟱𝟲𝟳𝟴𝟵")),
    "negative circled": SECRET.translate(str.maketrans("0123456789", "⓿❶❷❸❹❺❻❼❽❾")),
    "superscript": SECRET.translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")),
    "keycaps": "".join(f"{c}\ufe0f\u20e3" if c.isdigit() else c for c in SECRET),
    "zero-width": "\u200b".join(SECRET),
    "struck through": "\u0336".join(SECRET),
    "soft hyphens": "\u00ad".join(SECRET),
    "other dashes": SECRET.replace(" ", "–"),
    "thin spaces": SECRET.replace(" ", "\u2009"),
    "JSON": json.dumps({"a": {"b": [SECRET]}}),
    "a number in JSON": json.dumps({"a": 33612345678}),
    "JSON in JSON": json.dumps({"a": json.dumps([SECRET])}),
    "an address": "https://x.example/?q=06%2012%2034%2056%2078",
    "an address twice": "06%252012%252034%252056%252078",
    "plus signs": "06+12+34+56+78",
    "entities": "".join(f"&#{ord(c)};" for c in SECRET),
    "escapes": "".join(f"\\u{ord(c):04x}" for c in SECRET),
    "hexadecimal escapes": "".join(f"\\x{ord(c):02x}" for c in SECRET),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 of UTF-16": base64.b64encode(SECRET.encode("utf-16-le")).decode(),
    "base64 twice": base64.b64encode(base64.b64encode(SECRET.encode())).decode(),
    "base32": base64.b32encode(SECRET.encode()).decode(),
    "hexadecimal": SECRET.encode().hex(),
    "hexadecimal with spaces": SECRET.encode().hex(" "),
    "quoted printable": "".join(f"={ord(c):02X}" for c in SECRET),
    "full-width in JSON in base64": base64.b64encode(json.dumps({"a": wide(SECRET)}).encode()).decode(),
    "backwards for the machine": "\u202e" + SECRET[::-1],
    "parts in JSON": json.dumps(SECRET.split()),
    "pictures between": "06📞12📞34📞56📞78",
    "tags between": "<b>06</b> <i>12</i> 34<br/> 56 78",
    "data address": "data:text/plain;base64," + base64.b64encode(SECRET.encode()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("text", WRAPPED.values(), ids=WRAPPED)
def test_no_disguise_hides_a_telephone(text: str) -> None:
    assert find(text) == "person:phone"


def test_letters_of_other_scripts_hide_no_name() -> None:
    assert (
        find("Ммe Dupоnt") == find("Μme Dupont") == find("Ｍｍｅ　Ｄｕｐｏｎｔ") == find("𝓜𝓶𝓮 𝓓𝓾𝓹𝓸𝓷𝓽") == "person:name"
    )


def test_folding_keeps_case_and_figures() -> None:
    assert fold("Élie Dupönt ½ № Ⅷ") == "Elie Dupont 1/2 No VIII"
    assert with_digits("O6 l2 34 56 78") == "06 12 34 56 78"
    assert with_digits("SOLEIL-2026") == "SOLEIL-2026"


def test_a_birth_is_that_of_an_act_where_it_is_near() -> None:
    """Ten years: a numeric date by itself is nobody's below that, whatever the year of the test."""
    year = datetime.now(UTC).year

    assert find(f"12/03/{year - 11}") == "person:birth-date"
    assert find(f"12/03/{year - 5}") is None
    assert find(f"né le 12/03/{year - 5}") == "person:birth-date"


def test_large_integers_are_looked_at() -> None:
    assert find_number(269054958815780) == "person:nir"
    assert find_number(33612345678) == "person:phone"
    assert find_number(1_234_567_890) is None
    assert find_number(-5) is None


def test_a_message_may_show_a_code_but_no_name_and_no_birth() -> None:
    assert [may_be_shown(v) for v in ("ovni", "31/02/2024", "12,5", "épave")] == [True] * 4
    assert [may_be_shown(v) for v in ("Dupont", "jean dupont", "12/03/1985", "612345678", "", "a@b.fr")] == [False] * 6


@given(st.text(max_size=200))
def test_any_string_gets_an_answer(text: str) -> None:
    answer = find(text)

    assert answer is None or answer.startswith("person:")


@given(st.from_regex(r"[A-Za-z0-9/_ .-]{1,40}", fullmatch=True))
def test_the_short_way_finds_what_the_long_way_finds(text: str) -> None:
    """What counts as a plain reference holds nothing that any detector would find."""
    if is_reference(text):
        assert [d.kind for d in DETECTORS if any(d.holds(view) for view in views(text))] == []


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "0" * 100_000, "a" * 100_000, "1 " * 50_000, "=41" * 30_000, "%25" * 30_000, "[" * 50_000, '{"a":' * 20_000,
        "M. " * 30_000,
        "12 rue " * 15_000, "FR76" * 25_000, "A1" * 50_000, "06 12 34 56 7x " * 6_000, "a@" * 50_000, ":" * 100_000,
        "né " * 30_000,
        "appt " * 20_000, "QUJD" * 25_000, "\u0336" * 100_000, "1-" * 50_000, "&#6" * 30_000, "4a" * 50_000,
        ". " * 50_000,
    ],
)  # fmt: skip
def test_a_hostile_string_costs_little(text: str) -> None:
    """Nothing grows faster than the part that is looked at: 4 000 characters."""
    assert HEAD == 4_000

    find(text)  # a pattern that backtracks without end would not come back within the marked time


@pytest.mark.parametrize("kind", ["md5", "sha1", "sha256", "sha512"])
def test_a_digest_is_nobody(kind: str) -> None:
    """Of 2 000 digests as they are written, in either case, none is a number of a person."""
    digests = [hashlib.new(kind, str(n).encode()).hexdigest() for n in range(1_000)]

    assert [d for d in digests + [d.upper() for d in digests] if find(d)] == []


@pytest.mark.parametrize(
    "text", ["285057800608441", "a285057800608441b", "FR7630006000011234567890189", "GB29NWBK60161331926819"]
)
def test_a_number_beside_a_digest_is_found(text: str) -> None:
    digest = hashlib.sha256(b"").hexdigest()

    assert find(text) is not None
    assert find(f"{digest} {text}") is not None
