"""Between the program and a real node: answers that come late, wrong, or not at all."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes]
Mischief = Callable[[Any, Callable[[], Answer]], "Answer | None"]
"""Given a request (or a list) and a way to pass it on: what to answer, or None to close without a word."""


def method_of(request: Any) -> str:
    """The method that is called; one question after another, or several of one method at once."""
    return str((request[0] if isinstance(request, list) else request)["method"])


class Proxy(ThreadingHTTPServer):
    """Passes JSON-RPC on to the node; `mischief`, if set, decides the answer."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.node = port
        self.mischief: Mischief | None = None

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def on(self, method: str, act: Callable[[Callable[[], Answer]], Answer | None]) -> None:
        """Interfere with one method only."""
        self.mischief = lambda request, pass_on: act(pass_on) if method_of(request) == method else pass_on()


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))

        def pass_on() -> Answer:
            node = http.client.HTTPConnection("127.0.0.1", self.server.node, timeout=60)
            node.request("POST", "/", body, {"Authorization": self.headers["Authorization"]})
            answer = node.getresponse()
            return answer.status, answer.read()

        act = self.server.mischief
        answer = pass_on() if act is None else act(json.loads(body), pass_on)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(answer[1])))
        self.end_headers()
        self.wfile.write(answer[1])

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def proxy(port: int) -> Iterator[Proxy]:
    """A proxy in front of the node at `port`, running."""
    server = Proxy(port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def altered(answer: Answer, change: Callable[[Any], Any]) -> Answer:
    """The node's answer with another result."""
    message = json.loads(answer[1])
    message["result"] = change(message["result"])
    return answer[0], json.dumps(message).encode()
