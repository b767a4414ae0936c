"""An ARC's API: fee policy, sending a transaction, and its status.

ARC ("Authoritative Response Component") is the transaction processor of BSV's miners; its API is described
by the OpenAPI file and doc/errors.md of bitcoin-sv/arc. A thin client of our own, for the reasons that
`whatsonchain` gives; the SDK would also parse every long script into its own classes.

Transactions go out in Extended Format where the spent outputs are known: ARC then checks fee and scripts
at once, without having to find the parents first, which it may not know yet.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.chain.backends.base import Refusal, Sent
from app.chain.backends.http import Peer, parse_json
from app.chain.backends.reasons import classify
from app.chain.backends.services import Services
from app.chain.networks import Network
from app.errors import ChainError, PendingError, UnreachableError
from app.text import clean_text

__all__ = ["Arc", "Policy"]

_MOST = 2**64 - 1
_LATER = "It is recorded. Try again in a few minutes: Inkproof then asks whether it was taken."

# ARC's status of a transaction (txStatus). The network has accepted it:
_TAKEN = frozenset({"ACCEPTED_BY_NETWORK", "SEEN_ON_NETWORK", "MINED", "MINED_IN_STALE_BLOCK"})
# It is on its way, and may still be refused or lose to another:
_UNDECIDED = frozenset(
    {
        "UNKNOWN",
        "QUEUED",
        "RECEIVED",
        "STORED",
        "ANNOUNCED_TO_NETWORK",
        "REQUESTED_BY_NETWORK",
        "SENT_TO_NETWORK",
        "SEEN_IN_ORPHAN_MEMPOOL",
        "DOUBLE_SPEND_ATTEMPTED",
    }
)
_REJECTED = "REJECTED"

# ARC's own error codes (pkg/api/status.go, doc/errors.md; the two disagree on 463 and 464: both are policy).
_CODES: Mapping[int, Refusal] = {
    400: Refusal.OTHER,
    460: Refusal.UNKNOWN_PARENT,  # not extended, and a parent is not to be found
    461: Refusal.SCRIPT,
    462: Refusal.MISSING_INPUTS,
    463: Refusal.POLICY,
    464: Refusal.POLICY,
    465: Refusal.FEE,
    466: Refusal.CONFLICT,
    467: Refusal.OTHER,
    468: Refusal.OTHER,
    469: Refusal.OTHER,
    471: Refusal.POLICY,  # frozen coins
    472: Refusal.POLICY,
    473: Refusal.FEE,
    474: Refusal.POLICY,  # too big
    475: Refusal.OTHER,
}


@dataclass(frozen=True)
class Policy:
    """What an ARC asks: satoshis per 1000 bytes, and the largest script in bytes (None: any)."""

    rate: int
    max_script: int | None


class Arc:
    """One ARC."""

    def __init__(self, network: Network, services: Services) -> None:
        self.network = network
        self._url = services.arc_url
        self._token = services.arc_token
        self._patience = services.patience
        self._peer = Peer(
            name="ARC",
            nobody="No ARC",
            kind="an ARC",
            url=services.arc_url,
            absent_hint="Is this machine online? Another ARC can be named in INKPROOF_ARC_URL.",
            garbage_hint="Try again later; another ARC can be named in INKPROOF_ARC_URL.",
        )

    def policy(self) -> Policy:
        """What this ARC asks of a transaction. The rate is not yet checked against the network's ceiling."""
        status, answer = self._ask("GET", "/v1/policy")
        policy = self._peer.mapping(self._answer(status, answer).get("policy"))
        fee = self._peer.mapping(policy.get("miningFee"))
        satoshis, size = (self._peer.count(fee.get(name), _MOST) for name in ("satoshis", "bytes"))
        if not size:
            self._peer.garbage("It names a fee for no bytes.")
        return Policy(
            rate=-(-satoshis * 1000 // size),
            # Zero is a node's word for no limit, and ARC passes its node's policy on.
            max_script=self._peer.count(policy.get("maxscriptsizepolicy"), _MOST) or None,
        )

    def submit(self, body: bytes, txid: str) -> Sent:
        """Send a transaction (standard or Extended Format) whose txid we have computed.

        PendingError where ARC took it but the network has not said yes or no in time, ChainError where nobody
        judged it: it may then still arrive, and only asking later tells.
        """
        headers = {
            "Content-Type": "application/octet-stream",
            "X-WaitFor": "SEEN_ON_NETWORK",
            "X-MaxTimeout": str(self._patience.wait),
        }
        status, answer = self._ask("POST", "/v1/tx", headers, body)
        if status not in (200, 201, 202):
            return self._refused(status, answer, txid)
        told = self._answer(200, answer)
        code = told.get("status")
        if isinstance(code, int) and code in _CODES:  # an error inside a success
            self._check_subject(told, txid)
            return Sent(False, txid, self._words(told), self._kind(code, self._words(told)))
        return self._await_word(told, txid)

    def knows(self, txid: str) -> bool:
        """Whether a transaction sent to this ARC was taken by the network, or is on its way there."""
        return self._word(txid) in _TAKEN | _UNDECIDED

    def taken(self, txid: str) -> bool:
        """Whether a transaction sent to this ARC was taken by the network. PendingError if that is open."""
        word = self._word(txid)
        if word in _UNDECIDED:
            raise self._pending(word)
        return word in _TAKEN

    def _word(self, txid: str) -> str:
        status, answer = self._ask("GET", f"/v1/tx/{txid}")
        if status == 404:
            return ""
        told = self._answer(status, answer)
        if told.get("txid") != txid:
            self._peer.garbage("It answered about another transaction.")
        return self._status(told)

    def _await_word(self, told: Mapping[str, Any], txid: str) -> Sent:
        for look in range(self._patience.looks):
            if told.get("txid") != txid:
                raise ChainError(
                    "ARC took the transaction under another txid than ours.",
                    why=f"It says {clean_text(str(told.get('txid')), 80)}; ours is {txid}.",
                    hint="Do not trust this ARC; name another one in INKPROOF_ARC_URL.",
                )
            word = self._status(told)
            if word in _TAKEN:
                return Sent(True, txid)
            if word == _REJECTED:
                reason = self._words(told)
                return Sent(False, txid, reason, classify(reason))
            if word not in _UNDECIDED:
                self._peer.garbage(f"It names no status of a transaction: {clean_text(word, 60)}.")
            if look < self._patience.looks - 1:
                time.sleep(self._patience.between)
                code, answer = self._ask("GET", f"/v1/tx/{txid}")
                told = told if code == 404 else self._answer(code, answer)
        raise self._pending(word)

    @staticmethod
    def _pending(word: str) -> PendingError:
        return PendingError(
            "The network has not said yet whether it takes the transaction.",
            why=f"ARC has it; its last word is {word}.",
            hint=_LATER,
        )

    def _refused(self, status: int, answer: bytes, txid: str) -> Sent:
        told = self._problem(status, answer)
        self._check_subject(told, txid)
        code = told.get("status")
        code = code if isinstance(code, int) and not isinstance(code, bool) else status
        words = self._words(told)
        if code in _CODES:
            return Sent(False, txid, words, self._kind(code, words))
        kind = classify(words)
        if kind is Refusal.OTHER:
            # 409 and its like: "we don't know what went wrong". It may have gone out all the same.
            raise ChainError(
                "ARC did not judge the transaction.",
                why=f"It says: {words}.",
                hint=_LATER,
            )
        return Sent(False, txid, words, kind)

    def _check_subject(self, told: Mapping[str, Any], txid: str) -> None:
        """UnreachableError if an error names another transaction than the one that was sent."""
        if told.get("txid") not in (None, "", txid):
            self._peer.garbage("It answered about another transaction.")

    @staticmethod
    def _status(told: Mapping[str, Any]) -> str:
        status = told.get("txStatus")
        return status if isinstance(status, str) else ""

    @staticmethod
    def _kind(code: int, words: str) -> Refusal:
        """A script that is over this ARC's limits has not failed: nobody has run it to its end."""
        named = _CODES[code]
        if named is Refusal.SCRIPT and ("too big" in words.lower() or "policy" in words.lower()):
            return Refusal.POLICY
        return named

    def _words(self, told: Mapping[str, Any]) -> str:
        """The service's own words, the most specific first, fit to show."""
        parts = [told.get(name) for name in ("extraInfo", "detail", "title")]
        said = list(dict.fromkeys(clean_text(part, 300) for part in parts if isinstance(part, str) and part))
        code = told.get("status")
        number = f"{code} " if isinstance(code, int) else ""
        return number + ("; ".join(said) or "no words")

    def _problem(self, status: int, answer: bytes) -> Mapping[str, Any]:
        """An error as ARC writes it (RFC 7807). UnreachableError where nobody looked at the transaction."""
        if status in (401, 403):
            raise UnreachableError(
                f"ARC at {self._url} wants a key it knows (HTTP status {status}).",
                hint="Put your key into INKPROOF_ARC_TOKEN, or name another ARC in INKPROOF_ARC_URL.",
            )
        if status == 429 or status >= 500:
            raise UnreachableError(
                f"ARC at {self._url} is too busy to answer (HTTP status {status}).",
                hint="Try again in a moment.",
            )
        try:
            told = parse_json(answer)
        except (ValueError, RecursionError) as error:
            self._peer.garbage(f"The answer (HTTP status {status}) is not JSON.", error)
        if not isinstance(told, dict):
            self._peer.garbage(f"The answer (HTTP status {status}) is not what the API promises.")
        if not any(isinstance(told.get(name), str) for name in ("title", "detail", "extraInfo")):
            self._peer.garbage(f"The answer (HTTP status {status}) gives no reason.")
        return told

    def _answer(self, status: int, answer: bytes) -> Mapping[str, Any]:
        if status != 200:
            told = self._problem(status, answer)
            raise UnreachableError(
                f"ARC at {self._url} does not answer the question (HTTP status {status}).",
                why=f"It says: {self._words(told)}.",
                hint="Another ARC can be named in INKPROOF_ARC_URL.",
            )
        try:
            told = parse_json(answer)
        except (ValueError, RecursionError) as error:
            self._peer.garbage("The answer is not JSON.", error)
        return self._peer.mapping(told)

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> tuple[int, bytes]:
        known = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return self._peer.exchange(
            method,
            self._url + path,
            limit=self._patience.answer + (self._patience.wait if body is not None else 0),
            largest=self._patience.largest,
            headers={**known, **(headers or {})},
            body=body,
        )
