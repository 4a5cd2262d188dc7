"""REST and gRPC-Web from a page in Chromium: what CORS, TLS and fetch make of our answers."""

import base64
import http.server
import json
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "Integration"))
from installation import ROOT, Installation, free_port  # noqa: E402
from lab import Lab  # noqa: E402
from test_grpc_web import infer_request  # noqa: E402
from test_rest import SIMPLE  # noqa: E402

PAGE = pathlib.Path(__file__).parent / "page.html"


class Site(http.server.ThreadingHTTPServer):
    """The web site that the page is from; the page asks it for settings and gives it results."""

    def __init__(self):
        super().__init__(("127.0.0.1", free_port()), Handler)
        self.settings, self.results = {}, queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/settings":
            self.answer(json.dumps(self.server.settings).encode(), "application/json")
        else:
            self.answer(PAGE.read_bytes(), "text/html; charset=utf-8")

    def do_POST(self):
        length = int(self.headers["content-length"])
        self.server.results.put(json.loads(self.rfile.read(length)))
        self.answer(b"", "text/plain")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def lab():
    with Lab(tenant="pages") as lab:
        deploy = lab.installation.create_key("pages", "deploy")
        lab.installation.deploy(ROOT / "Tests" / "Fixtures" / "models" / "simple", "simple", deploy)
        yield lab


def visit(lab, site, gateway):
    """What a visitor's browser makes of the page."""
    site.settings = {
        "gateway": gateway, "key": lab.key, "json": SIMPLE,
        "request": base64.b64encode(infer_request()).decode()}
    with tempfile.TemporaryDirectory() as profile:
        browser = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
             f"--user-data-dir={profile}", "--ignore-certificate-errors", site.origin],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return site.results.get(timeout=60)
        finally:
            browser.terminate()
            browser.wait(20)


def test_a_page_of_a_named_origin_may_call(lab):
    site = Site()
    port = lab.gateway(crossOrigins=[site.origin])
    results = visit(lab, site, f"https://127.0.0.1:{port}")
    assert results["rest"]["status"] == 200
    assert results["rest"]["body"]["outputs"][0]["data"] == [i + 3 for i in range(16)]
    assert results["absent"]["status"] == 404 and results["absent"]["body"]["error"]
    assert results["unary"] == {"messages": 1, "trailers": "grpc-status: 0\r\n"}
    assert results["stream"] == {"messages": 3, "trailers": "grpc-status: 0\r\n"}


def test_a_page_of_another_origin_may_not(lab):
    port = lab.gateway(crossOrigins=["https://app.example"])
    results = visit(lab, Site(), f"https://127.0.0.1:{port}")
    assert results == {name: {"error": "TypeError"}
                       for name in ["rest", "absent", "unary", "stream"]}
