"""JSON-RPC to a Bitcoin SV node.

What the node answers is untrusted: bounded in size and time, parsed strictly.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.chain.backends.http import Peer, check_address, parse_json
from app.errors import ChainError, RpcError, UnreachableError
from app.text import clean_text

__all__ = ["COIN", "MAX_ANSWER", "METHOD_NOT_FOUND", "WARMING_UP", "Rpc", "clean_text", "satoshis"]

COIN = 100_000_000
MAX_MONEY = 21_000_000 * COIN
MAX_ANSWER = 32 * 1024 * 1024
METHOD_NOT_FOUND = -32601
WARMING_UP = -28


def satoshis(amount: object) -> int:
    """Satoshis of an amount in BSV as the node writes it.

    ChainError unless it is a whole number of satoshis between 0 and 21 million BSV.
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, Decimal)):
        raise ChainError("The node answered with an amount that is not a number.")
    coins = Decimal(amount)
    # The range first: the product of a number that is past all ranges is an error of arithmetic.
    possible = coins.is_finite() and 0 <= coins <= MAX_MONEY // COIN
    if not possible or coins * COIN != int(coins * COIN):
        raise ChainError(
            "The node answered with an impossible amount.", why=f"{clean_text(str(amount), 40)} BSV."
        )
    return int(coins * COIN)


class Rpc:
    """One node's JSON-RPC interface. Safe to share between threads.

    Each call opens a connection of its own: on loopback that costs a fraction of a millisecond, and no
    call can be lost on a kept connection that the node has closed in the meantime. `peer` names who answers
    and checks the answers.
    """

    def __init__(
        self, url: str, user: str, password: str, *, timeout: float = 30.0, largest: int = MAX_ANSWER
    ) -> None:
        """`timeout`: seconds for each call unless it says otherwise; `largest`: an answer, in bytes."""
        check_address(
            url,
            "the address of a node",
            credentials="Give the RPC credentials separately.",
            hint="An RPC address looks like http://127.0.0.1:8332.",
        )
        self.url = url
        self.timeout = timeout
        self._largest = largest
        self.peer = Peer(
            name="The node",
            nobody="No node",
            kind="a Bitcoin SV node",
            url=url,
            absent_hint="Is the node running, and is this its RPC address?",
            garbage_hint="Check that the address is that of a Bitcoin SV node's RPC port.",
        )
        self._authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self._ids = itertools.count(1)

    def __repr__(self) -> str:
        return f"Rpc({self.url!r})"

    def call(self, method: str, *params: Any, timeout: float | None = None) -> Any:
        """The node's result. Fractions arrive as Decimal.

        `timeout` bounds the whole call in seconds. RpcError: the node answered with an error.
        UnreachableError: it did not answer, or not as a node does.
        """
        question = self._question(method, params)
        status, message = self._ask(question, self.timeout if timeout is None else timeout)
        return self._result(method, question["id"], status, message)

    def batch(
        self, method: str, calls: Sequence[Sequence[Any]], *, timeout: float | None = None
    ) -> list[Any]:
        """The node's results of one method for several lists of parameters, asked for at once, in order.

        An RpcError stands where the node answered one of them with an error. Otherwise as `call`.
        """
        questions = [self._question(method, params) for params in calls]
        if not questions:
            return []
        status, messages = self._ask(questions, self.timeout if timeout is None else timeout)
        if not isinstance(messages, list) or len(messages) != len(questions):
            self.peer.garbage(f"The answer (HTTP status {status}) is not one to {len(questions)} questions.")
        results: list[Any] = []
        for question, message in zip(questions, messages, strict=True):
            try:
                results.append(self._result(method, question["id"], status, message))
            except RpcError as error:
                results.append(error)
        return results

    def _question(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        return {
            "jsonrpc": "1.0",
            "id": f"inkproof-{next(self._ids)}",
            "method": method,
            "params": list(params),
        }

    def _ask(self, body: Any, limit: float) -> tuple[int, Any]:
        """Put one question or several; HTTP status and the answer's JSON."""
        status, answer = self._post(json.dumps(body).encode(), limit)
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
        try:
            return status, parse_json(answer)
        except (ValueError, RecursionError) as unread:
            self.peer.garbage(f"The answer (HTTP status {status}) is not JSON.", unread)

    def _post(self, body: bytes, limit: float) -> tuple[int, bytes]:
        headers = {"Authorization": self._authorization, "Content-Type": "application/json"}
        return self.peer.exchange(
            "POST", self.url, limit=limit, largest=self._largest, headers=headers, body=body
        )

    def _result(self, method: str, number: str, status: int, message: Any) -> Any:
        if not isinstance(message, dict) or "id" not in message:
            self.peer.garbage(f"The answer (HTTP status {status}) is not one of JSON-RPC.")
        if message["id"] != number:
            self.peer.garbage("The answer belongs to another question.")
        error = message.get("error")
        if error is None:
            if status != 200 or "result" not in message:
                self.peer.garbage(f"The answer (HTTP status {status}) holds no result.")
            return message["result"]
        code = error.get("code") if isinstance(error, dict) else None
        words = error.get("message") if isinstance(error, dict) else None
        if isinstance(code, bool) or not isinstance(code, int) or not isinstance(words, str):
            self.peer.garbage("The answer holds an error without code and message.")
        raise RpcError(code, clean_text(words), method=method)
