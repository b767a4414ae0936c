"""The transactions that move a bounty: commit, reveal, reopen, reclaim. Version 1, the bounty is input 0."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bitcoinx
from bitcoinx import (
    PrivateKey,
    Script,
    Tx,
    TxInput,
    TxOutput,
    double_sha256,
    pack_varbytes,
    push_int,
    push_item,
)

from app.contract.bounty import OPEN, SALT_BYTES, Bounty, State, commitment_to, public_key_hash
from app.contract.spend import SIGHASH
from app.errors import ContractError
from app.picture import PIXELS

__all__ = [
    "COIN_INPUT_BYTES",
    "Coin",
    "Place",
    "Revealed",
    "build_commit",
    "build_reclaim",
    "build_reopen",
    "build_reveal",
    "commit_size",
    "is_provable",
    "preimage_of",
    "read_reveal",
    "reclaim_size",
    "reopen_size",
    "reveal_size",
]

_FINAL = 0xFFFFFFFF
_REVEAL, _COMMIT, _REOPEN, _RECLAIM = range(4)
"""The public functions by their place in the source."""
_SIGNATURE_BYTES = 73
_KEY_BYTES = 33
COIN_INPUT_BYTES = 148
"""Of a signed P2PKH input, at most."""
_P2PKH_OUTPUT_BYTES = 34
_PREIMAGE_BYTES = 156
"""Of a preimage without its script and that script's length."""
# The key that the compiler's Tx.checkPreimage signs with, the inverse of its nonce, and the r that follows.
_KEY = 0x26F00FE2340A84335EBDF30F57E9BB58487117B29355718F5E46BF5168D7DF97
_INVERSE = 0xC8FFDBAA05D93AA4EDE79EC58F06A72562048B775A3507C2BF44BDE4F007C40A
_R = 0x1008CE7480DA41702918D1EC8E6849BA32B4D65B1E40DC669C31A1E6306B266C
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_SHORTEST_S = 240
"""Bits: the compiled check takes a number s apart in 31 steps, and fails where it is shorter."""
_SEQUENCES = 100


@dataclass(frozen=True)
class Place:
    """An output that holds a bounty: where it is, what it holds in satoshis, and the bounty."""

    txid: str
    index: int
    value: int
    bounty: Bounty

    @property
    def output(self) -> TxOutput:
        """The output itself."""
        return TxOutput(self.value, Script(self.bounty.locking_script))


@dataclass(frozen=True)
class Coin:
    """A P2PKH output that pays for a step; its owner signs the input afterwards."""

    txid: str
    index: int
    value: int


def build_commit(
    place: Place, commitment: bytes, height: int, coins: Sequence[Coin], rest: Sequence[TxOutput]
) -> Tx:
    """Put a commitment (32 bytes) on an open bounty. The inputs of the coins are still to be signed.

    `height`: the newest block's, from which the commitment's end is counted. `rest`: the outputs behind the
    bounty's.
    """
    terms = place.bounty.terms
    state = State(commitment, height + terms.window)
    value = place.value + terms.deposit
    arguments = push_item(commitment)
    return _moved(place, (state, value), height, coins, rest, arguments, _COMMIT)


def build_reopen(place: Place, height: int, coins: Sequence[Coin], rest: Sequence[TxOutput]) -> Tx:
    """Open a bounty whose commitment has expired. The inputs of the coins are still to be signed.

    `height`: at least that of the expiry; no block up to it takes the transaction.
    """
    return _moved(place, (OPEN, place.value), height, coins, rest, b"", _REOPEN)


def build_reveal(place: Place, image: bytes, salt: bytes, key: PrivateKey, payout: bytes, fee: int) -> Tx:
    """Show what was committed to; all coins go to a locking script. ContractError if there are too few."""
    tx = _alone(place, payout, fee, 0, _FINAL)
    digest = tx.signature_hash(0, place.value, Script(place.bounty.script_code(0)), SIGHASH)
    signature = key.sign(digest, None) + bytes([SIGHASH])
    public_key = key.public_key.to_bytes(compressed=True)
    arguments = b"".join(map(push_item, (image, salt, signature, public_key)))
    tx.inputs[0].script_sig = Script(arguments + push_int(_REVEAL))
    return tx


def build_reclaim(place: Place, height: int, key: PrivateKey, payout: bytes, fee: int) -> Tx:
    """Take an open bounty back. `height`: after the last block; no block up to it takes the transaction."""
    code = place.bounty.script_code(1)
    for sequence in _sequences():
        tx = _alone(place, payout, fee, height, sequence)
        preimage = preimage_of(tx, place.value, code)
        if is_provable(preimage):
            break
    digest = tx.signature_hash(0, place.value, Script(code), SIGHASH)
    signature = key.sign(digest, None) + bytes([SIGHASH])
    public_key = key.public_key.to_bytes(compressed=True)
    arguments = b"".join(map(push_item, (preimage, signature, public_key)))
    tx.inputs[0].script_sig = Script(arguments + push_int(_RECLAIM))
    return tx


def commit_size(bounty: Bounty, coins: int) -> int:
    """Bytes of a signed commit with change, at most."""
    return _move_size(bounty, coins) + 33


def reopen_size(bounty: Bounty, coins: int) -> int:
    """Bytes of a signed reopening with change, at most."""
    return _move_size(bounty, coins)


def reveal_size(payout: bytes) -> int:
    """Bytes of a reveal, at most."""
    pushes = 3 + PIXELS + 33 + 1 + _SIGNATURE_BYTES + 1 + _KEY_BYTES + 1
    return _alone_size(pushes, payout)


def reclaim_size(bounty: Bounty, payout: bytes) -> int:
    """Bytes of a reclaim, at most."""
    code = bounty.script_code(1)
    pushes = _pushed(_PREIMAGE_BYTES + len(pack_varbytes(code))) + 1 + _SIGNATURE_BYTES + 1 + _KEY_BYTES + 1
    return _alone_size(pushes, payout)


def preimage_of(tx: Tx, value: int, script_code: bytes, index: int = 0) -> bytes:
    """What a signature of the type ALL | FORKID hashes, for one input."""
    source = tx.inputs[index]
    return b"".join(
        (
            struct.pack("<i", tx.version),
            double_sha256(b"".join(one.prev_hash + struct.pack("<I", one.prev_idx) for one in tx.inputs)),
            double_sha256(b"".join(struct.pack("<I", one.sequence) for one in tx.inputs)),
            source.prev_hash + struct.pack("<I", source.prev_idx),
            pack_varbytes(script_code),
            struct.pack("<qI", value, source.sequence),
            double_sha256(b"".join(output.to_bytes() for output in tx.outputs)),
            struct.pack("<II", tx.locktime, int(SIGHASH)),
        )
    )


def _moved(
    place: Place,
    kept: tuple[State, int],
    height: int,
    coins: Sequence[Coin],
    rest: Sequence[TxOutput],
    arguments: bytes,
    function: int,
) -> Tx:
    """The bounty spent into itself: `kept` is its next state and value."""
    state, value = kept
    outputs = [TxOutput(value, Script(place.bounty.holding(state).locking_script)), *rest]
    spent = [TxInput(bitcoinx.hex_str_to_hash(c.txid), c.index, Script(), _FINAL) for c in coins]
    for sequence in _sequences():
        tx = Tx(1, [_input(place, sequence), *spent], outputs, height)
        preimage = preimage_of(tx, place.value, place.bounty.locking_script)
        if is_provable(preimage):
            break
    outpoints = b"".join(one.prev_hash + struct.pack("<I", one.prev_idx) for one in tx.inputs)
    others = b"".join(output.to_bytes() for output in rest)
    pushes = push_item(preimage) + push_item(outpoints) + arguments + push_item(others) + push_int(function)
    tx.inputs[0].script_sig = Script(pushes)
    return tx


def _alone(place: Place, payout: bytes, fee: int, height: int, sequence: int) -> Tx:
    """The bounty spent to one output. ContractError where the fee takes all."""
    if place.value <= fee:
        raise ContractError(
            "The bounty holds too little to pay for this step.",
            why=f"It holds {place.value:,} satoshis; the fee is {fee:,}.",
        )
    return Tx(1, [_input(place, sequence)], [TxOutput(place.value - fee, Script(payout))], height)


def _input(place: Place, sequence: int) -> TxInput:
    return TxInput(bitcoinx.hex_str_to_hash(place.txid), place.index, Script(), sequence)


def _sequences() -> Iterator[int]:
    """Sequences that are not final: each makes another preimage, and one in 30,000 cannot be proved."""
    return iter(range(_FINAL - 1, _FINAL - 1 - _SEQUENCES, -1))


def is_provable(preimage: bytes) -> bool:
    """Whether the compiler's Tx.checkPreimage can make a signature of it: see _SHORTEST_S."""
    digest = int.from_bytes(double_sha256(preimage), "big")
    s = _INVERSE * (digest + _R * _KEY) % _ORDER
    return min(s, _ORDER - s).bit_length() >= _SHORTEST_S


def _move_size(bounty: Bounty, coins: int) -> int:
    script = len(pack_varbytes(bounty.locking_script))
    pushes = _pushed(_PREIMAGE_BYTES + script) + _pushed(36 * (coins + 1)) + 1 + _P2PKH_OUTPUT_BYTES + 1
    return 10 + 45 + pushes + coins * COIN_INPUT_BYTES + 8 + script + _P2PKH_OUTPUT_BYTES


def _alone_size(pushes: int, payout: bytes) -> int:
    return 10 + 40 + len(pack_varbytes(bytes(pushes))) + 8 + len(pack_varbytes(payout))


def _pushed(size: int) -> int:
    """Bytes of a push of so many."""
    return size + (1 if size < 76 else 2 if size < 256 else 3 if size < 65_536 else 5)


@dataclass(frozen=True)
class Revealed:
    """What a reveal shows: the image (784 bytes), the salt (32) and the claimant's public key."""

    image: bytes
    salt: bytes
    public_key: bytes


def read_reveal(tx: Tx, state: State, index: int = 0) -> Revealed:
    """Take the image out of a reveal and check it against the commitment. ContractError where it does not
    match.

    An unlocking script of a version above 1 may compute what it leaves; such a script is not read.
    """
    script = tx.inputs[index].script_sig
    try:
        items = [bytes(item or b"") for _, item in script.ops_and_items()] if script.is_push_only() else []
    except bitcoinx.ScriptError:
        items = []
    if len(items) < 5:
        raise ContractError("The unlocking script is not a reveal.", why="A reveal pushes five items.")
    image, salt, _, public_key = items[-5:-1]
    fits = len(image) == PIXELS and len(salt) == SALT_BYTES
    if not fits or commitment_to(image, salt, public_key_hash(public_key)) != state.commitment:
        raise ContractError("The unlocking script is not a reveal of what was committed to.")
    return Revealed(image, salt, public_key)
