"""Names of columns that are about persons, or that hold narratives, in French and English.

A name is compared by its words: `N° Tél.`, `numero_tel`, `telMobile` and `TELEPHONE` are one.
"""

import re
from functools import lru_cache

from observatoire.intake.firewall.normalise import fold

# A column one of whose words is among these is about a person, whatever its other words.
_PERSON_WORDS = frozenset(
    """
    prenom prenoms patronyme surname firstname lastname fullname forename middlename nickname pseudo pseudonyme
    tel tels telephone telephones phone phones gsm portable fax whatsapp
    email emails courriel courriels emailaddress mailto twitter facebook instagram tiktok snapchat
    nir nirpp secu ssn nss iban bic rib
    immat immatriculation immatriculations plaqueimmat licenseplate numberplate vin
    imei imsi msisdn iccid adresseip ipaddress useragent
    naissance ddn dob birthdate birthday birth
    requerant requerante requerants temoin temoins victime victimes plaignant plaignante plaignants auteur auteurs
    suspect suspects contrevenant contrevenants riverain usager usagers habitant locataire proprietaire declarant
    demandeur demandeuse appelant witness witnesses victim victims complainant complainants caller callername reporter
    owner tenant applicant matricule passeport passport cni identite identites identity
    sexe gender civilite nationalite nationality ethnie ethnicity religion
    photo photos video videos audio selfie signature visage face
    """.split()  # noqa: SIM905 - a word list
)
# Words that are so only together.
_PERSON_PAIRS = (
    ("nom", "famille"), ("nom", "usage"), ("nom", "naissance"), ("nom", "complet"), ("nom", "agent"), ("nom", "usuel"),
    ("last", "name"), ("first", "name"), ("full", "name"), ("family", "name"), ("given", "name"), ("middle", "name"),
    ("maiden", "name"), ("person", "name"), ("user", "name"), ("contact", "name"), ("customer", "name"), ("e", "mail"),
    ("adresse", "mail"), ("adresse", "ip"), ("ip", "address"), ("mac", "address"), ("adresse", "mac"), ("mis", "cause"),
    ("license", "plate"), ("licence", "plate"), ("number", "plate"), ("plaque", "vehicule"), ("carte", "identite"),
    ("permis", "conduire"), ("securite", "sociale"), ("numero", "secu"), ("national", "id"), ("adresse", "complete"),
    ("adresse", "domicile"), ("adresse", "personnelle"), ("home", "address"), ("compte", "bancaire"), ("user", "agent"),
)  # fmt: skip
# The whole name: a column of places may be called so, one of persons as well.
_EITHER = frozenset(
    {"nom", "noms", "name", "names", "nomprenom", "adresse", "address", "contact", "agent", "agents", "ip"}
)
_EITHER_PERSON = frozenset({"ip", "contact", "mail", "mobile", "nomprenom", "plaque", "plate", "mac", "nomagent"})
_NARRATIVE = frozenset(
    """
    recit recits mention mentions narrative texte text textelibre freetext commentaire commentaires comment comments
    description descriptif observation observations remarque remarques note notes details detail message circonstances
    compterendu synthese resume objetlibre libre
    """.split()  # noqa: SIM905 - a word list
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@lru_cache(maxsize=1_024)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a column's name, folded: « N° Tél. Mobile » is n, tel, mobile."""
    return tuple(re.findall(r"[a-z]+", _CAMEL.sub(" ", fold(name)).casefold()))


def is_person(name: str) -> bool:
    """Tell whether a column is about persons by its name, in any layer."""
    parts = words(name)
    found = set(parts)
    joined = "".join(parts)
    return (
        not found.isdisjoint(_PERSON_WORDS)
        or joined in _PERSON_WORDS | _EITHER_PERSON
        or any(first in found and second in found for first, second in _PERSON_PAIRS)
    )


def may_be_person(name: str) -> bool:
    """Tell whether a column may be about persons: `nom` of a street or of somebody, `adresse`."""
    return is_person(name) or "".join(words(name)) in _EITHER


def is_narrative(name: str) -> bool:
    """Tell whether a column holds narratives: they are coded, and dropped."""
    parts = words(name)
    return not _NARRATIVE.isdisjoint(parts) or "".join(parts) in _NARRATIVE
