"""One HTTP exchange with an untrusted server: bounded in time and size, every failure as a plain error.

Nodes and public services are asked through here alike. Redirects are not followed, and proxies and
credentials of the environment are not used: an answer comes from the address that was named, or not at all.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import certifi

from app.chain.backends.deadline import ended_at
from app.errors import UnreachableError
from app.text import clean_text

__all__ = ["Peer", "check_address", "parse_json"]

_CHUNK = 256 * 1024
_MOST_VALUES = 1_000_000
"""Of a node's list of its coins: some 80,000 coins."""


def parse_json(answer: bytes) -> Any:
    """Strict JSON in UTF-8; fractions become Decimal. ValueError or RecursionError where it is not JSON.

    The memory that it takes is bounded by the number of values, which is counted first: text and long
    hexadecimal strings take little more than their bytes, millions of small numbers and lists do not.
    """
    if sum(map(answer.count, (b",", b"[", b"{"))) > _MOST_VALUES:
        raise ValueError("it holds too many values")
    return json.loads(answer.decode("utf-8"), parse_float=_decimal, parse_constant=_refuse_constant)


def check_address(url: str, what: str, *, credentials: str, hint: str) -> SplitResult:
    """The parts of an http or https address; `what` it should be: "the address of a node".

    UnreachableError where it is not an address, with `hint`, and where it holds a user name or password:
    `credentials` then says where they belong.
    """
    # Before anything else, for such an address must not be quoted, in no message. It is also found where
    # the parts cannot be told: without http:// in front.
    if "@" in url:
        raise UnreachableError(
            f"A user name or password does not belong into {what}.",
            why="Addresses are shown and logged.",
            hint=credentials,
        )
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = None
    if not known:
        raise UnreachableError(f"{clean_text(url, 80)!r} is not {what}.", hint=hint)
    return parts


@dataclass(frozen=True)
class Peer:
    """The server at an address, as errors name it.

    `name` names it ("The node at http://..."), `nobody` begins the sentence about silence ("No node"),
    `kind` is what it should have been ("a Bitcoin SV node"); the hints say what to do about either.
    """

    name: str
    nobody: str
    kind: str
    url: str
    absent_hint: str
    garbage_hint: str

    def exchange(
        self,
        method: str,
        url: str,
        *,
        limit: float,
        largest: int,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> tuple[int, bytes]:
        """Ask, and return HTTP status and body.

        `limit` bounds the whole exchange in seconds, `largest` the answer in bytes. UnreachableError where
        either is passed, nobody answers, or what answers does not speak HTTP.
        """
        deadline = time.monotonic() + limit
        try:
            with contextlib.ExitStack() as stack:
                connection = stack.enter_context(contextlib.closing(self._connect(url, deadline)))
                stack.enter_context(ended_at(connection.sock, deadline))
                asked = {"Accept-Encoding": "identity", "Connection": "close", **headers}
                connection.request(method, _path(url), body=body, headers=asked)
                response = connection.getresponse()
                answer = self._read(response, largest)
                if time.monotonic() >= deadline:
                    raise TimeoutError
                return response.status, answer
        except (http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, TimeoutError) or time.monotonic() >= deadline:
                raise self._too_slow(limit) from error
            if isinstance(error, http.client.HTTPException | ValueError) and not isinstance(error, OSError):
                self.garbage(_reason(error), error)
            raise UnreachableError(
                f"{self.nobody} answers at {self.url}.", why=_reason(error), hint=self.absent_hint
            ) from error

    def _connect(self, url: str, deadline: float) -> http.client.HTTPConnection:
        """A connection to the host of an URL, secured for https. OSError if there is none."""
        parts = urlsplit(url)
        host, secure = str(parts.hostname), parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        sock = _open_socket(host, port, deadline)
        try:
            if secure:
                with ended_at(sock, deadline):
                    sock = _trusted().wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(host, port)
        connection.sock = sock
        return connection

    def garbage(self, why: str, cause: BaseException | None = None) -> NoReturn:
        """Raise UnreachableError: what answers is not what it should be."""
        raise UnreachableError(
            f"What answers at {self.url} is not {self.kind}.", why=why, hint=self.garbage_hint
        ) from cause

    def mapping(self, value: Any) -> Mapping[str, Any]:
        """An answer that must be a JSON object. UnreachableError if it is not one."""
        if not isinstance(value, dict):
            self.garbage("The answer is not what the API promises.")
        return value

    def count(self, value: Any, most: int = 2**32 - 1) -> int:
        """A whole number between 0 and `most`: a height, an index. UnreachableError if it is not one."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.garbage("A number in the answer is malformed or out of range.")
        return value

    def confirmations(self, value: Any) -> int:
        """Blocks on top of something, itself counted: 0 or less where it is in no block of the chain.

        UnreachableError if it is not such a number.
        """
        if value == -1 and isinstance(value, int):
            return -1  # what a node says of an orphaned block
        return self.count(value)

    def hash(self, value: Any) -> str:
        """A hash in hex, of a block or a transaction. UnreachableError if it is not one."""
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            self.garbage("A hash in the answer is malformed.")
        return value

    def _read(self, response: http.client.HTTPResponse, largest: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > largest:
                self.garbage(f"The answer is larger than {largest // 2**20} MB.")
            parts.append(chunk)
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return b"".join(parts)

    def _too_slow(self, limit: float) -> UnreachableError:
        return UnreachableError(
            f"{self.name} at {self.url} did not answer within {limit:g} seconds.",
            hint="It may be busy, or just starting: try again in a moment.",
        )


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError("a number's exponent is out of range") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _path(url: str) -> str:
    """What is asked of the server: the URL without its host."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _open_socket(host: str, port: int, deadline: float) -> socket.socket:
    """A TCP connection. OSError where nobody takes it, TimeoutError where that is not known in time."""
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, address in _resolve(host, port, deadline):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.001, deadline - time.monotonic()))
            sock.connect(address)
            return sock
        except OSError as error:
            sock.close()
            failure = error
    raise failure


def _resolve(host: str, port: int, deadline: float) -> list[Any]:
    """The addresses of a host, as `socket.getaddrinfo` gives them."""

    def ask() -> list[Any]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    if host == "localhost" or re.fullmatch(r"[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*", host):
        return ask()
    # The system's own time limit for a name can be minutes: it is asked on a thread that can be left behind,
    # and ends with the system's answer.
    outcome: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()

    def tell() -> None:
        try:
            outcome.put(ask())
        except OSError as error:
            outcome.put(error)
        except UnicodeError:
            outcome.put(OSError(0, "The name of the host is not one"))

    threading.Thread(target=tell, daemon=True, name="resolve").start()
    try:
        found = outcome.get(timeout=max(0.0, deadline - time.monotonic()))
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(found, OSError):
        raise found
    return found


@functools.cache
def _trusted() -> ssl.SSLContext:
    """TLS with the certificates of certifi, so that it is the same on every system."""
    return ssl.create_default_context(cafile=certifi.where())


def _reason(error: BaseException) -> str:
    """The innermost cause as the operating system words it; the libraries' messages are for programmers."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return f"{clean_text(seen.strerror, 120)}."
        inner = getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((part for part in seen.args if isinstance(part, BaseException)), None)
        seen = inner or seen.__cause__ or seen.__context__
    return "The connection failed."
