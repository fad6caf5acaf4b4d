"""Invented names of streets: two to four words, of nobody."""

_KINDS = ("Rue", "Chemin", "Traverse", "Montée", "Allée", "Quai", "Avenue", "Boulevard", "Impasse", "Cours")
_THINGS = (
    "des Corderies", "des Figuiers", "des Salines", "du Moulin", "des Amandiers", "de la Vigie", "des Grands-Pins",
    "du Bassin", "des Tonneliers", "des Cordages", "de la Source", "du Phare", "des Oliviers", "de la Rade",
    "des Mûriers", "du Lavoir", "des Voiliers", "de la Criée", "des Tuileries", "du Four", "des Capucines",
    "de la Butte", "des Lauriers", "du Puits", "des Ancres", "de la Falaise", "des Genêts", "du Vallon",
    "des Pêcheurs", "de la Glacière", "des Savonneries", "du Rempart", "des Mouettes", "de la Calanque",
    "des Platanes", "du Belvédère", "des Cigales", "de la Poterie", "des Filets", "du Large",
)  # fmt: skip
_ENDS = ("", "Haut", "Bas", "Neuf")


def street_names(n: int) -> list[str]:
    """Return `n` distinct names of at most four words, always the same; beyond the last one they bear a number.

    Examples
    --------
    >>> street_names(2)
    ['Rue des Corderies', 'Chemin des Figuiers']
    """
    made: list[str] = []
    for k in range(n):
        turn, thing = divmod(k, len(_THINGS))
        end, kind = divmod(turn, len(_KINDS))
        words = [_KINDS[(kind + thing) % len(_KINDS)], _THINGS[thing]]
        words_used = len(" ".join(words).split())
        if end and words_used < 4:
            words.append(_ENDS[end] if end < len(_ENDS) else str(end))
        elif end:
            words[1] = f"{words[1]}-{end + 1}"
        made.append(" ".join(words))
    return made
