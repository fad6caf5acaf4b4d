"""A server on loopback whose certificate is good, expired, not yet valid, of another name, of nobody QGIS knows."""

import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import pytest
from qgis.core import QgsApplication, QgsNetworkAccessManager
from qgis.PyQt.QtNetwork import QSslCertificate
from qgis_obs.core import errors, texts
from qgis_obs.core.http import Client
from qgis_obs.core.servers import Server
from qgis_obs.core.tasks import in_background

YESTERDAY, LAST_MONTH, TOMORROW, NEXT_MONTH = (datetime.now(UTC) + timedelta(days=days) for days in (-1, -30, 1, 30))
ISSUE = """[ca]
default_ca = this
[this]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Issues certificates; is its own root. A certificate is a file with its key and its chain."""

    def __init__(self, folder, title):
        self.folder, self.pem = folder, folder / "ca.pem"
        key = folder / "ca.key"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", self.pem, "-days", 30,
                "-subj", f"/CN={title}")  # fmt: skip
        self.own = folder / "own.pem"
        self.own.write_bytes(key.read_bytes() + self.pem.read_bytes())
        (folder / "index").touch()
        (folder / "issue.cnf").write_text(ISSUE.format(folder=folder))

    def issue(self, begins, ends, host="localhost"):
        key, request, made, whole = (self.folder / f"server.{kind}" for kind in ("key", "csr", "crt", "pem"))
        openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={host}",
                "-addext", f"subjectAltName=DNS:{host}")  # fmt: skip
        dates = ("-startdate", f"{begins:%Y%m%d%H%M%SZ}", "-enddate", f"{ends:%Y%m%d%H%M%SZ}")
        openssl("ca", "-batch", "-notext", "-config", self.folder / "issue.cnf", "-in", request, "-out", made, *dates)
        whole.write_bytes(key.read_bytes() + made.read_bytes() + self.pem.read_bytes())
        return whole


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """An authority that QGIS trusts as long as this file's tests run."""
    made = Authority(tmp_path_factory.mktemp("ca"), "Trusted by this QGIS")
    manager = QgsApplication.authManager()
    known = QSslCertificate(made.pem.read_bytes())
    assert manager.storeCertAuthority(known)
    manager.rebuildCaCertsCache()
    manager.rebuildTrustedCaCertsCache()
    yield made
    manager.removeCertAuthority(known)
    manager.rebuildCaCertsCache()
    manager.rebuildTrustedCaCertsCache()


@pytest.fixture
def https():
    """Return a function that serves `{}` under a certificate, and gives the address."""
    listeners = []

    def serve(certificate):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def answer():
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(peer, server_side=True) as talk:
                        talk.recv(65536)
                        talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
                except OSError:  # the client hung up: it does not accept the certificate
                    continue

        threading.Thread(target=answer, daemon=True).start()
        return f"https://localhost:{listener.getsockname()[1]}"

    yield serve
    for listener in listeners:
        listener.close()
    QgsNetworkAccessManager.instance().clearConnectionCache()


def refused(url):
    with pytest.raises(errors.BadCertificate) as caught:
        Client(Server("x", "x", url)).get_json("x")
    return str(caught.value)


def test_a_good_certificate_of_the_authority_is_accepted(authority, https):
    url = https(authority.issue(LAST_MONTH, NEXT_MONTH))

    assert Client(Server("x", "x", url)).get_json("x") == {}


def test_an_expired_one_of_the_same_authority_says_since_when(authority, https):
    said = refused(https(authority.issue(LAST_MONTH, YESTERDAY)))

    assert said.endswith(f"the server's certificate is not accepted: it expired on {YESTERDAY:%Y-%m-%d}.")


def test_one_that_is_not_valid_yet_asks_for_the_clock(authority, https):
    said = refused(https(authority.issue(TOMORROW, NEXT_MONTH)))

    assert f"valid from {TOMORROW:%Y-%m-%d} on: is this computer's clock right?" in said


def test_one_of_another_name_says_both(authority, https):
    said = refused(https(authority.issue(LAST_MONTH, NEXT_MONTH, host="elsewhere.example")))

    assert said.endswith("it is for elsewhere.example, not for localhost.")


def test_one_of_an_unknown_authority_says_so(https, tmp_path):
    said = refused(https(Authority(tmp_path, "Nobody knows it").issue(LAST_MONTH, NEXT_MONTH)))

    assert said.endswith("QGIS does not trust the authority that issued it.")


def test_one_signed_by_itself_says_so(https, tmp_path):
    said = refused(https(Authority(tmp_path, "localhost").own))

    assert said.endswith("it is signed by itself, and QGIS does not trust it.")


def test_a_task_is_told_the_same_in_french(authority, https, wait, monkeypatch):
    monkeypatch.setattr(texts.QgsApplication, "locale", staticmethod(lambda: "fr"))
    client, ends = Client(Server("x", "x", https(authority.issue(LAST_MONTH, YESTERDAY)))), []
    in_background("test", lambda _task: client.get_json("x"), ends.append, ends.append)

    wait(lambda: ends)

    assert isinstance(ends[0], errors.BadCertificate)
    assert f"il a expiré le {YESTERDAY:%Y-%m-%d}" in str(ends[0])
