"""An OAuth2 authentication of QGIS, as a connection names it: a token is fetched, sent, and never kept by us."""

import json
from urllib.parse import parse_qs

import pytest
from qgis.core import QgsApplication, QgsAuthMethodConfig
from qgis_obs.core import errors
from qgis_obs.core.http import Client
from qgis_obs.core.servers import Server
from qgis_obs.core.tasks import in_background

#: RFC 6749, 4.3: resource owner password credentials, the flow of QGIS 3.22 that needs no browser.
RESOURCE_OWNER, HEADER, CUSTOM = 2, 0, 1


@pytest.fixture
def token_server(fake):
    """A server of tokens beside the one that wants them."""

    def token(body):
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if (asked.get("grant_type"), asked.get("username"), asked.get("password")) != ("password", "urbaniste", "mot"):
            return 400, {}, {"error": "invalid_grant"}
        return 200, {}, {"access_token": "jeton-1", "token_type": "bearer", "expires_in": 3600}

    fake.answers["POST", "/token"] = token
    fake.get("/x", {"n": 1})
    return fake


@pytest.fixture
def authentication(token_server):
    """Keep an authentication of QGIS; return how."""
    manager = QgsApplication.authManager()
    manager.setMasterPassword("only for this test", True)
    kept = []

    def keep(password):
        said = {
            "accessMethod": HEADER, "apiKey": "", "clientId": "qgis", "clientSecret": "", "configType": CUSTOM,
            "description": "", "grantFlow": RESOURCE_OWNER, "id": "", "name": "", "objectName": "",
            "password": password, "persistToken": False, "queryPairs": {}, "redirectPort": 7070,
            "redirectUrl": "", "refreshTokenUrl": "",
            "requestTimeout": 5, "requestUrl": "", "scope": "", "tokenUrl": f"{token_server.url}/token",
            "username": "urbaniste", "version": 1,
        }  # fmt: skip
        config = QgsAuthMethodConfig("OAuth2")
        config.setName("OAuth2")
        config.setConfig("oauth2config", json.dumps(said))
        assert manager.storeAuthenticationConfig(config)[0]
        kept.append(config.id())
        return config.id()

    yield keep
    for id_ in kept:
        manager.removeAuthenticationConfig(id_)


def sent(fake, path):
    return [headers.get("Authorization") for _, asked, headers, _ in fake.asked if asked == path]


def test_a_token_is_fetched_and_sent_from_a_task(token_server, authentication, wait):
    client, ends = Client(Server("x", "x", token_server.url, authentication("mot"))), []
    in_background("test", lambda _task: client.get_json("x"), ends.append, ends.append)

    wait(lambda: ends)

    assert ends == [{"n": 1}]
    assert sent(token_server, "/x") == ["Bearer jeton-1"]


def test_a_token_that_is_refused_is_said(token_server, authentication, wait):
    client, ends = Client(Server("x", "x", token_server.url, authentication("faux"))), []
    in_background("test", lambda _task: client.get_json("x"), ends.append, ends.append)

    wait(lambda: ends)

    assert isinstance(ends[0], errors.NotAllowed)
    assert sent(token_server, "/x") == []
