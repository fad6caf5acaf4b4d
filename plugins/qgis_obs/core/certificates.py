"""Why a server's certificate is not accepted, from the certificate itself: Qt has one code for all reasons."""

from __future__ import annotations

from qgis.PyQt.QtCore import QDateTime
from qgis.PyQt.QtNetwork import QSslCertificate, QSslError

from .texts import tr


def faults(chain: list[QSslCertificate], host: str, now: QDateTime | None = None) -> list[str]:
    """Return what is wrong with a chain of certificates that was refused, a phrase each: dates, name, else the issuer.

    Parameters
    ----------
    chain : list of QSslCertificate
        As the server sent it, its own one first.
    host : str
        Of the address that was asked.
    now : QDateTime, optional
        The time to judge at.
    """
    if not chain:
        return [tr("it cannot be read")]
    moment = now or QDateTime.currentDateTimeUtc()
    found = []
    for each in chain:
        if each.expiryDate() < moment:
            found.append(tr("it expired on {day}", day=each.expiryDate().toString("yyyy-MM-dd")))
        if each.effectiveDate() > moment:
            day = each.effectiveDate().toString("yyyy-MM-dd")
            found.append(tr("it is valid from {day} on: is this computer's clock right?", day=day))
    if any(each.error() == QSslError.SslError.HostNameMismatch for each in QSslCertificate.verify(chain, host)):
        names = ", ".join(sorted({name for names in chain[0].subjectAlternativeNames().values() for name in names}))
        found.append(tr("it is for {names}, not for {host}", names=names or "?", host=host))
    return list(dict.fromkeys(found)) or [_issuer(chain[0])]


def _issuer(own: QSslCertificate) -> str:
    if own.isSelfSigned():
        return tr("it is signed by itself, and QGIS does not trust it")
    return tr("QGIS does not trust the authority that issued it")
