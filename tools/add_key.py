"""A loopback proxy that adds a key: lets a client in that cannot send a header, such as the OGC's executable suites.

    .venv/bin/python tools/add_key.py --key-of coordination --port 5001

forwards http://127.0.0.1:5001 to the demo at http://127.0.0.1:5000 with the key of an audience from
`var/demo-keys.json`. Addresses in answers and in the headers Location and Link become the proxy's. It listens on the
loopback interface only: whoever reaches it has the rights of that key.
"""

import argparse
import json
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

#: Headers that concern one connection only (RFC 9110, 7.6.1), or that we set ourselves.
DROPPED = {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host", "content-length",
           "content-encoding", "accept-encoding", "x-api-key", "date", "server"}  # fmt: skip
TEXTS = ("application/json", "application/geo+json", "application/problem+json", "application/vnd.oai.openapi+json",
         "application/schema+json", "application/ld+json", "text/html")  # fmt: skip


def server(upstream: str, key: str, port: int) -> ThreadingHTTPServer:
    """Return the proxy, not yet serving; port 0 takes a free one."""
    client = httpx.Client(base_url=upstream, timeout=120, follow_redirects=False, trust_env=False)

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            here = f"http://{self.headers.get('Host', '127.0.0.1')}"
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value.strip() for name, value in self.headers.items() if name.lower() not in DROPPED}
            answer = client.request(
                self.command,
                self.path,
                content=body,
                headers=headers | {"X-API-Key": key, "Accept-Encoding": "identity"},
            )
            content = answer.content
            if answer.headers.get("Content-Type", "").partition(";")[0] in TEXTS:
                content = content.replace(upstream.encode(), here.encode())
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in DROPPED:
                    self.send_header(name, value.replace(upstream, here))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = forward  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), Proxy)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upstream", default="http://127.0.0.1:5000", help="without a slash at its end")
    parser.add_argument("--keys", type=Path, default=Path("var/demo-keys.json"))
    parser.add_argument("--key-of", default="coordination", help="audience")
    parser.add_argument("--port", type=int, default=5001)
    options = parser.parse_args()
    key = json.loads(options.keys.read_text("utf-8"))[options.key_of]
    with server(options.upstream, key, options.port) as proxy:
        print(f"http://127.0.0.1:{proxy.server_address[1]} -> {options.upstream} as {options.key_of}", flush=True)
        with suppress(KeyboardInterrupt):
            proxy.serve_forever()


if __name__ == "__main__":
    main()
