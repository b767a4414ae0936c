"""JSON-RPC to a Bitcoin SV node.

What the node answers is untrusted: bounded in size and time, parsed strictly.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
import unicodedata
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
import urllib3

from app.errors import ChainError, RpcError, UnreachableError

__all__ = ["COIN", "MAX_ANSWER", "METHOD_NOT_FOUND", "WARMING_UP", "Rpc", "clean_text", "satoshis"]

COIN = 100_000_000
MAX_MONEY = 21_000_000 * COIN
MAX_ANSWER = 32 * 1024 * 1024
METHOD_NOT_FOUND = -32601
WARMING_UP = -28

_CHUNK = 256 * 1024
_GARBAGE_HINT = "Check that the address is that of a Bitcoin SV node's RPC port."


def clean_text(text: str, limit: int = 400) -> str:
    """A stranger's text made fit to show: one line, no control or direction-changing characters, bounded."""
    kept = []
    for letter in text[: limit * 4]:
        category = unicodedata.category(letter)
        kept.append(" " if category[0] == "C" or category in ("Zl", "Zp") else letter)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def satoshis(amount: object) -> int:
    """Satoshis of an amount in BSV as the node writes it.

    ChainError unless it is a whole number of satoshis between 0 and 21 million BSV.
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, Decimal)):
        raise ChainError("The node answered with an amount that is not a number.")
    exact = Decimal(amount) * COIN
    if not exact.is_finite() or not 0 <= exact <= MAX_MONEY or exact != int(exact):
        raise ChainError("The node answered with an impossible amount.", why=f"{amount} BSV.")
    return int(exact)


class Rpc:
    """One node's JSON-RPC interface. Safe to share between threads.

    Each call opens a connection of its own: on loopback that costs a fraction of a millisecond, and no
    call can be lost on a kept connection that the node has closed in the meantime.
    """

    def __init__(self, url: str, user: str, password: str, *, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UnreachableError(
                f"{clean_text(url, 80)!r} is not the address of a node.",
                hint="An RPC address looks like http://127.0.0.1:8332.",
            )
        if parts.username is not None or parts.password is not None:
            raise UnreachableError(
                "An RPC address must not contain the user name and password.",
                why="Addresses are shown and logged.",
                hint="Give the credentials separately.",
            )
        self.url = url
        self.timeout = timeout
        self._authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._ids = itertools.count(1)

    def __repr__(self) -> str:
        return f"Rpc({self.url!r})"

    def call(self, method: str, *params: Any, timeout: float | None = None) -> Any:
        """The node's result. Fractions arrive as Decimal.

        `timeout` bounds the whole call in seconds. RpcError: the node answered with an error.
        UnreachableError: it did not answer, or not as a node does.
        """
        number = f"inkproof-{next(self._ids)}"
        body = json.dumps({"jsonrpc": "1.0", "id": number, "method": method, "params": params}).encode()
        status, answer = self._post(body, self.timeout if timeout is None else timeout)
        if status == 401:
            raise UnreachableError(
                f"The node at {self.url} refused the user name or password.",
                hint="Check the RPC credentials (rpcuser and rpcpassword, or the cookie file, of that node).",
            )
        if status == 403:
            raise UnreachableError(
                f"The node at {self.url} does not talk to this machine.",
                hint="Allow this machine with -rpcallowip in the node's settings.",
            )
        if status == 503:
            raise UnreachableError(
                f"The node at {self.url} is too busy to answer.", hint="Try again in a moment."
            )
        return self._result(method, number, status, answer)

    def _post(self, body: bytes, limit: float) -> tuple[int, bytes]:
        deadline = time.monotonic() + limit
        headers = {
            "Authorization": self._authorization,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.post(
                    self.url,
                    data=body,
                    headers=headers,
                    timeout=limit,
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    return response.status_code, self._read(response, deadline, limit)
        except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
            raise self._too_slow(limit) from error
        except requests.ConnectionError as error:
            raise UnreachableError(
                f"No node answers at {self.url}.",
                why=_reason(error),
                hint="Is the node running, and is this its RPC address?",
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            self._garbage(_reason(error), error)

    def _read(self, response: requests.Response, deadline: float, limit: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        # read1 returns what has arrived, so a server that sends a byte now and then meets the deadline too.
        while chunk := response.raw.read1(_CHUNK, decode_content=False):
            size += len(chunk)
            if size > MAX_ANSWER:
                self._garbage(f"The answer is larger than {MAX_ANSWER // 2**20} MB.")
            if time.monotonic() > deadline:
                raise self._too_slow(limit)
            parts.append(chunk)
        return b"".join(parts)

    def _result(self, method: str, number: str, status: int, answer: bytes) -> Any:
        try:
            message = json.loads(answer.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as unread:
            self._garbage(f"The answer (HTTP status {status}) is not JSON.", unread)
        if not isinstance(message, dict) or "id" not in message:
            self._garbage(f"The answer (HTTP status {status}) is not one of JSON-RPC.")
        if message["id"] != number:
            self._garbage("The answer belongs to another question.")
        error = message.get("error")
        if error is None:
            if status != 200 or "result" not in message:
                self._garbage(f"The answer (HTTP status {status}) holds no result.")
            return message["result"]
        code = error.get("code") if isinstance(error, dict) else None
        words = error.get("message") if isinstance(error, dict) else None
        if isinstance(code, bool) or not isinstance(code, int) or not isinstance(words, str):
            self._garbage("The answer holds an error without code and message.")
        raise RpcError(code, clean_text(words), method=method)

    def _too_slow(self, limit: float) -> UnreachableError:
        return UnreachableError(
            f"The node at {self.url} did not answer within {limit:g} seconds.",
            hint="It may be busy, or still loading its blocks: try again in a moment.",
        )

    def _garbage(self, why: str, cause: BaseException | None = None) -> NoReturn:
        raise UnreachableError(
            f"What answers at {self.url} is not a Bitcoin SV node.", why=why, hint=_GARBAGE_HINT
        ) from cause


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
