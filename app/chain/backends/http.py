"""One HTTP exchange with a stranger: bounded in time and size, and every failure in words for the person.

Nodes and public services are asked through here alike. Redirects are not followed, and proxies and
credentials of the environment are not used: an answer comes from the address that was named, or not at all.
"""

from __future__ import annotations

import json
import queue
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3

from app.errors import UnreachableError
from app.text import clean_text

__all__ = ["Peer", "check_address", "parse_json"]

_CHUNK = 256 * 1024
_GRACE = 0.5
"""Seconds in which an exchange that knows its own deadline is left to say so itself."""


def parse_json(answer: bytes) -> Any:
    """Strict JSON in UTF-8; fractions become Decimal. ValueError or RecursionError where it is none."""
    return json.loads(answer.decode("utf-8"), parse_float=_decimal, parse_constant=_refuse_constant)


def check_address(url: str, what: str, *, credentials: str, hint: str) -> SplitResult:
    """The parts of an http or https address; `what` it should be: "the address of a node".

    UnreachableError where it is none, with `hint`, and where it holds a user name or password: `credentials`
    then says where they belong.
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
    """Who is at an address, in the words that errors use.

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
        outcome: queue.SimpleQueue[tuple[int, bytes] | BaseException] = queue.SimpleQueue()

        def ask() -> None:
            try:
                outcome.put(self._exchange(method, url, limit, largest, headers, body))
            except BaseException as error:
                outcome.put(error)

        # The library's timeout is for each piece that arrives. Headers that trickle in would never meet it,
        # so they are waited for on a thread that can be left behind.
        threading.Thread(target=ask, daemon=True, name="exchange").start()
        try:
            told = outcome.get(timeout=limit + _GRACE)
        except queue.Empty:
            raise self._too_slow(limit) from None
        if isinstance(told, BaseException):
            raise told
        return told

    def _exchange(
        self,
        method: str,
        url: str,
        limit: float,
        largest: int,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> tuple[int, bytes]:
        deadline = time.monotonic() + limit
        asked = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.request(
                    method,
                    url,
                    data=body,
                    headers=asked,
                    timeout=limit,
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    return response.status_code, self._read(response, deadline, limit, largest)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise self._too_slow(limit) from error
        except requests.ConnectionError as error:
            raise UnreachableError(
                f"{self.nobody} answers at {self.url}.", why=_reason(error), hint=self.absent_hint
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self.garbage(_reason(error), error)

    def garbage(self, why: str, cause: BaseException | None = None) -> NoReturn:
        """Raise UnreachableError: what answers is not what it should be."""
        raise UnreachableError(
            f"What answers at {self.url} is not {self.kind}.", why=why, hint=self.garbage_hint
        ) from cause

    def mapping(self, value: Any) -> Mapping[str, Any]:
        """An answer that must be a JSON object. UnreachableError if it is none."""
        if not isinstance(value, dict):
            self.garbage("The answer is not what the API promises.")
        return value

    def count(self, value: Any, most: int = 2**32 - 1) -> int:
        """A whole number between 0 and `most`: a height, an index. UnreachableError if it is none."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            self.garbage("A number in the answer is none, or out of range.")
        return value

    def hash(self, value: Any) -> str:
        """A hash in hex, of a block or a transaction. UnreachableError if it is none."""
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
            self.garbage("A hash in the answer is none.")
        return value

    def _read(self, response: requests.Response, deadline: float, limit: float, largest: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        # read1 returns what has arrived, so a server that sends a byte now and then meets the deadline too.
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > largest:
                self.garbage(f"The answer is larger than {largest // 2**20} MB.")
            if time.monotonic() > deadline:
                raise self._too_slow(limit)
            parts.append(chunk)
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


def _reason(error: BaseException) -> str:
    """The innermost cause in the operating system's words; the libraries' own are for programmers."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return f"{clean_text(seen.strerror, 120)}."
        inner = getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((part for part in seen.args if isinstance(part, BaseException)), None)
        seen = inner or seen.__cause__ or seen.__context__
    return "The connection failed."
