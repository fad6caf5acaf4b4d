"""Local copies of what the OGC's suites fetch while they run: a proxy on the loopback that answers for other hosts.

    folder/schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/exception.yaml

is what `https://schemas.opengis.net/ogcapi/…/exception.yaml` gives. The proxy opens no connection to anybody: what is
not in the folder is 404. For `https` it answers with a certificate of an authority that is made for the run and that
only this run's Java trusts.
"""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore
from cryptography.x509.oid import NameOID

PASSWORD = "changeit"  # Java's own default: the store holds a certificate, no secret


class Authority:
    """A certificate authority for one run, and a certificate for each host that is asked.

    Parameters
    ----------
    folder : Path
        Where its files are kept: `authority.pem`, `trust.p12` and one PEM a connection.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed("Copies", self.key.public_key(), ca=True)
        (folder / "authority.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        trusted = [PKCS12Certificate(self.certificate, b"copies")]
        (folder / "trust.p12").write_bytes(
            serialize_java_truststore(trusted, BestAvailableEncryption(PASSWORD.encode()))
        )

    def context(self, host: str) -> ssl.SSLContext:
        """Return what a server needs to answer as `host`."""
        key = ec.generate_private_key(ec.SECP256R1())
        pem = self.folder / f"{secrets.token_hex(8)}.pem"
        pem.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + self._signed(host, key.public_key(), ca=False).public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context

    def _signed(self, name: str, key: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Copies")])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca=ca), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _usage(*, ca: bool) -> x509.KeyUsage:
    """Return what a key is for: an authority's to sign certificates, a host's to sign handshakes."""
    others = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only", "crl_sign"), False,
    )  # fmt: skip
    return x509.KeyUsage(digital_signature=not ca, key_cert_sign=ca, **others)


def found(copies: Path, host: str, path: str) -> Path | None:
    """Return the copy of an address, or nothing; never a file outside the folder.

    Examples
    --------
    >>> found(Path("/copies"), "example.org", "/../../etc/passwd") is None
    True
    """
    file = (copies / host / path.lstrip("/")).resolve()
    return file if file.is_file() and file.is_relative_to(copies.resolve()) else None


class Server(ThreadingHTTPServer):
    """A server for clients that leave without a word, as Java does at its end."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


def proxy(copies: Path, authority: Authority) -> ThreadingHTTPServer:
    """Return the proxy on a free port of the loopback, not yet serving."""

    class Copies(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:  # the name that http.server looks for
            """Answer as the host from here on."""
            self.send_response(200)
            self.end_headers()
            self.host = self.path.rpartition(":")[0]
            self.connection = authority.context(self.host).wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb")
            self.wfile = self.connection.makefile("wb", buffering=0)
            self.close_connection = False

        def do_GET(self) -> None:
            """Answer with the copy."""
            address = urlsplit(self.path)
            file = found(copies, self.host or address.hostname or "", address.path)
            content = b"no copy of this here" if file is None else file.read_bytes()
            self.send_response(404 if file is None else 200)
            self.send_header("Content-Type", "text/plain" if file is None else "application/yaml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Server(("127.0.0.1", 0), Copies)


@contextmanager
def served(copies: Path, work: Path) -> Iterator[list[str]]:
    """Serve copies, and yield the options with which Java asks here for all but the loopback.

    Parameters
    ----------
    copies : Path
        A folder a host.
    work : Path
        An empty folder, for the certificates.
    """
    with proxy(copies, Authority(work)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_address[1]
        yield [
            *(f"-D{kind}.proxyHost=127.0.0.1" for kind in ("http", "https")),
            *(f"-D{kind}.proxyPort={port}" for kind in ("http", "https")),
            f"-Djavax.net.ssl.trustStore={work / 'trust.p12'}",
            f"-Djavax.net.ssl.trustStorePassword={PASSWORD}",
            "-Djavax.net.ssl.trustStoreType=PKCS12",
        ]
        server.shutdown()
