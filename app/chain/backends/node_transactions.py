"""Sending transactions to a node and finding them again, by its JSON-RPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import bitcoinx

from app.chain.backends.base import Found, Refusal, Sent
from app.chain.backends.reasons import classify
from app.chain.backends.rpc import METHOD_NOT_FOUND, Rpc
from app.errors import ChainError, RpcError
from app.text import clean_text

__all__ = ["find_transaction", "is_unspent", "send", "send_all", "stands", "transactions_in"]

_DECODE, _MISSING, _REJECTED, _KNOWN = -22, -25, -26, -27
_UNKNOWN = -5


def send(rpc: Rpc, raw: bytes, *, seconds: float = 120.0) -> Sent:
    """Give a serialised transaction to the node. One that it already has, waiting or in a block, is accepted.

    `seconds`: how long the node may take to judge it.

    RpcError where the node could not judge it, ChainError where it names another txid than ours.
    """
    try:
        answer = rpc.call("sendrawtransaction", raw.hex(), timeout=seconds)
    except RpcError as error:
        answer = error
    return _sent(rpc, raw, answer)


def send_all(rpc: Rpc, raws: Sequence[bytes], *, seconds: float = 120.0) -> list[Sent]:
    """Give several transactions to the node at once, in this order: `send` for each of them.

    `seconds`: how long the node may take to judge all of them. Raises what `send` does, if for one of them.
    """
    answers = rpc.batch("sendrawtransaction", [[raw.hex()] for raw in raws], timeout=seconds)
    return [_sent(rpc, raw, answer) for raw, answer in zip(raws, answers, strict=True)]


def _sent(rpc: Rpc, raw: bytes, answer: Any) -> Sent:
    """What the node's answer to `sendrawtransaction`, an RpcError perhaps, says about a transaction."""
    txid = bitcoinx.hash_to_hex_str(bitcoinx.double_sha256(raw))
    if isinstance(answer, RpcError):
        if answer.code not in (_DECODE, _MISSING, _REJECTED, _KNOWN):
            raise answer
        told = answer.message
        if answer.code == _KNOWN or "already-known" in told or "already-in-mempool" in told:
            return Sent(True, txid)
        refusal = classify(told)
        # Of a transaction in a block whose outputs are all spent, the node says that its inputs are missing.
        if refusal is Refusal.MISSING_INPUTS and find_transaction(rpc, txid) is not None:
            return Sent(True, txid)
        return Sent(False, txid, told, refusal)
    if answer != txid:
        raise ChainError(
            "The node took the transaction under another txid than ours.",
            why=f"It says {clean_text(str(answer), 80)}; ours is {txid}.",
            hint="Do not trust this node; use another one.",
        )
    return Sent(True, txid)


def find_transaction(rpc: Rpc, txid: str) -> Found | None:
    """What the node knows of a transaction; None if nothing. What it sends is checked against the txid."""
    answer = _ask_for(rpc, txid)
    if answer is None:
        return None
    try:
        raw = bytes.fromhex(answer["hex"])
    except (KeyError, TypeError, ValueError):
        raise ChainError(f"The node's answer about transaction {txid} cannot be read.") from None
    if bitcoinx.hash_to_hex_str(bitcoinx.double_sha256(raw)) != txid:
        raise ChainError(
            f"The node sent another transaction than {txid}.", hint="Do not trust this node; use another one."
        )
    block_hash = answer.get("blockhash")
    if block_hash is None or not _in_chain(rpc, answer):
        return Found(raw, None, None)
    header = rpc.peer.mapping(rpc.call("getblockheader", rpc.peer.hash(block_hash)))
    return Found(raw, block_hash, rpc.peer.count(header.get("height")))


def stands(rpc: Rpc, block_hash: str) -> bool:
    """Whether a block is in the node's chain; each node knows all of its blocks, index or none."""
    header = _known(rpc, "getblockheader", block_hash, True)
    return header is not None and _in_chain(rpc, header)


def transactions_in(rpc: Rpc, block_hash: str) -> tuple[int, list[str]]:
    """The height of a block, and the txids of what it holds."""
    block = rpc.peer.mapping(rpc.call("getblock", block_hash, 1))
    txids = block.get("tx")
    if not isinstance(txids, list):
        rpc.peer.garbage("A block's list of transactions cannot be read.")
    return rpc.peer.count(block.get("height")), [rpc.peer.hash(txid) for txid in txids]


def is_unspent(rpc: Rpc, txid: str, index: int) -> bool:
    """Whether the node knows the output as unspent, unconfirmed transactions taken into account."""
    try:
        # It leaves the output's script out, which is most of what `gettxout` answers.
        told = rpc.peer.mapping(rpc.call("gettxouts", [{"txid": txid, "n": index}], ["value"], True))
    except RpcError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
    else:
        outputs = told.get("txouts")
        if not isinstance(outputs, list) or len(outputs) != 1:
            rpc.peer.garbage("The answer about an output cannot be read.")
        if "value" in (output := rpc.peer.mapping(outputs[0])):
            return True
        if output.get("error") not in ("missing", "spent"):
            rpc.peer.garbage("The answer about an output cannot be read.")
        return False
    answer = rpc.call("gettxout", txid, index, True)
    if answer is None:
        return False
    rpc.peer.mapping(answer)
    return True


def _ask_for(rpc: Rpc, txid: str) -> Mapping[str, Any] | None:
    """A node without an index of transactions still knows those of its own wallet that are in a block.

    Its wallet is not asked about others: it remembers transactions that the node itself has forgotten, and
    that will never be mined.
    """
    answer = _known(rpc, "getrawtransaction", txid, 1)
    if answer is not None and ("blockhash" not in answer or _in_chain(rpc, answer)):
        return answer
    # A block that is named and has no confirmations was orphaned, and its transaction is not in the mempool.
    answer = _known(rpc, "gettransaction", txid, True)
    return answer if answer is not None and _in_chain(rpc, answer) else None


def _in_chain(rpc: Rpc, answer: Mapping[str, Any]) -> bool:
    return rpc.peer.confirmations(answer.get("confirmations", 0)) >= 1


def _known(rpc: Rpc, method: str, name: str, flag: object) -> Mapping[str, Any] | None:
    try:
        return rpc.peer.mapping(rpc.call(method, name, flag))
    except RpcError as error:
        # Only "I know no such thing" means that; a node that is warming up knows nothing for certain.
        if error.code not in (_UNKNOWN, METHOD_NOT_FOUND):
            raise
        return None
