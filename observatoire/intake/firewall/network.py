"""Addresses of a network: e-mail, IP (4 and 6), MAC."""

import re
from ipaddress import AddressValueError, IPv6Address

_DOT = r"\s?(?:\.|\[\.\]|\(\.\)|[\[({ ]\s?(?:dot|point)\s?[\])} ])\s?"
_AT = r"\s?(?:@|[\[({]\s?(?:at|a|arobase|@)\s?[\])}]|\s(?:at|arobase|arobas)\s)\s?"
_MAIL = re.compile(
    rf"[A-Za-z0-9._%+'\-]+{_AT}[A-Za-z0-9\-]+(?:{_DOT}[A-Za-z0-9\-]+)*{_DOT}[A-Za-z]{{2,18}}", re.IGNORECASE
)
#: Without one of these signs or words there is no e-mail address.
MAIL_WORDS = frozenset({"@", "at", "a", "arobase", "arobas"})
_SPELLED = re.compile(_AT, re.IGNORECASE)
_GLUED = re.compile(r"[^\s@]@[^\s@]")
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|0{0,2}[0-9]{1,2})"
_POINT = r"(?:\.|\[\.\]|\(\.\))"
_IP4 = re.compile(rf"(?<![0-9.]){_BYTE}(?:{_POINT}{_BYTE}){{3}}(?![0-9]|\.[0-9])")
_IP6 = re.compile(r"(?<![0-9A-Za-z:.])[0-9A-Fa-f:]{3,39}(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3})?(?![0-9A-Za-z:])")
_MAC_PARTS = 5
_MAC = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z])")
_LEAST_DOTS, _LEAST_COLONS, _LEAST_DIGITS = 3, 2, 3


def has_email(text: str) -> bool:
    """Tell whether a folded text holds an e-mail address, also written « jean (at) exemple point fr »."""
    return _GLUED.search(text) is not None or (_SPELLED.search(text) is not None and _MAIL.search(text) is not None)


def has_ip(text: str) -> bool:
    """Tell whether a folded text holds an address of the Internet."""
    if text.count(".") + text.count(")") >= _LEAST_DOTS and _IP4.search(text):
        return True
    if text.count(":") < _LEAST_COLONS:
        return False
    return any(_is_ip6(found[0]) for found in _IP6.finditer(text))


def _is_ip6(found: str) -> bool:
    if sum(c not in ":." for c in found) < _LEAST_DIGITS:
        return False
    try:
        IPv6Address(found.removesuffix(":") if not found.endswith("::") else found)
    except AddressValueError:
        return False
    return True


def has_mac(text: str) -> bool:
    """Tell whether a folded text holds the hardware address of a device."""
    return max(text.count(":"), text.count("-")) >= _MAC_PARTS and _MAC.search(text) is not None
