"""Starts QGIS without a screen."""

import sys

from qgis.core import QgsApplication, QgsAuthMethodConfig


def start(key):
    """Return QGIS, with the authentication `obs0key` where a key is given.

    It is of the type API Header where this QGIS knows it (3.24 and later), else the key is the password of Basic.
    """
    application = QgsApplication([], False)
    application.initQgis()
    if key:
        manager = application.authManager()
        manager.setMasterPassword("only for this test", True)
        header = "APIHeader" in manager.authMethodsKeys()
        authentication = QgsAuthMethodConfig("APIHeader" if header else "Basic")
        authentication.setId("obs0key")
        authentication.setName("Observatoire")
        for name, value in ({"X-API-Key": key} if header else {"username": "key", "password": key}).items():
            authentication.setConfig(name, value)
        if not manager.storeAuthenticationConfig(authentication)[0]:
            sys.exit("the authentication was not stored")
    return application
