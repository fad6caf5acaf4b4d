"""Local copies for the OGC's suites, asked as Java asks: through a proxy, by http and by https."""

import importlib.util
import ssl
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest

pytestmark = pytest.mark.unit

ADDRESS = "schemas.opengis.net/ogcapi/exception.yaml"


@pytest.fixture(scope="module")
def copies() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "cite_copies.py"
    spec = importlib.util.spec_from_file_location("tool_cite_copies", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_a_copy_is_given_for_its_address_and_nothing_else_is(copies: ModuleType, tmp_path: Path) -> None:
    folder, work = tmp_path / "schemas", tmp_path / "work"
    file = folder / ADDRESS
    file.parent.mkdir(parents=True)
    file.write_text("type: object\n")
    (tmp_path / "secret").write_text("x")
    work.mkdir()

    with copies.served(folder, work) as options:
        said = dict(option.removeprefix("-D").split("=", 1) for option in options)
        trusted = ssl.create_default_context(cafile=str(work / "authority.pem"))
        proxy = f"http://{said['https.proxyHost']}:{said['https.proxyPort']}"
        with httpx.Client(proxy=proxy, verify=trusted, timeout=20) as client:
            answers = [client.get(f"{kind}://{ADDRESS}") for kind in ("http", "https", "https")]
            missing = client.get("https://schemas.opengis.net/other.yaml")
            outside = client.get("http://schemas.opengis.net/..%2f..%2fsecret")

        with httpx.Client(proxy=proxy, timeout=20) as stranger, pytest.raises(httpx.ConnectError):
            stranger.get(f"https://{ADDRESS}")

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "type: object\n")] * 3
    assert [missing.status_code, outside.status_code] == [404, 404]
    assert said["http.proxyPort"] == said["https.proxyPort"]
    assert Path(said["javax.net.ssl.trustStore"]).is_file()
