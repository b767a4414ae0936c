"""Nobody but the owner spends, and only as the owner signed."""

from __future__ import annotations

import pytest
from bitcoinx import PrivateKey, Script, SigHash, Tx, TxInput, TxOutput

from tests.attack.conftest import TALLY
from tests.attack.forge import (
    FEE,
    ORDER,
    STRANGER,
    VALUE,
    Attempt,
    Forger,
    answering,
    items,
    noise,
    read,
)
from tests.attack.judging import judge

IMAGE = noise(6, 1)[0]
ALL, NONE, SINGLE, FORKID, ANYONE = 1, 2, 3, 0x40, 0x80


@pytest.fixture
def honest(forger) -> list[Attempt]:
    return [forger.attempt("true", IMAGE, read(IMAGE))]


def resigned(forger: Forger, signature: bytes, key: bytes | None = None) -> Attempt:
    image, digit, _, own = forger.pushes(IMAGE, read(IMAGE))
    return forger.unlocked("signature", [image, digit, signature, own if key is None else key])


def der(r: int, s: int, kind: int) -> bytes:
    parts = b"".join(
        b"\x02" + bytes([len(number)]) + number
        for number in (value.to_bytes(value.bit_length() // 8 + 1, "big") for value in (r, s))
    )
    return b"\x30" + bytes([len(parts)]) + parts + bytes([kind])


def numbers(signature: bytes) -> tuple[int, int]:
    length = signature[3]
    return (
        int.from_bytes(signature[4 : 4 + length], "big"),
        int.from_bytes(signature[6 + length : 6 + length + signature[5 + length]], "big"),
    )


def test_another_keys_signature(forger, refused, honest):
    theirs = items(forger.claim(IMAGE, read(IMAGE), signer=STRANGER))
    own = forger.pushes(IMAGE, read(IMAGE))
    mixes = [[theirs[2], theirs[3]], [theirs[2], own[3]], [own[2], theirs[3]]]
    keys = [PrivateKey(bytes([n]) * 32) for n in range(1, 7)] + [PrivateKey((ORDER - 7).to_bytes(32, "big"))]
    for key in keys:
        mixes.append(items(forger.claim(IMAGE, read(IMAGE), signer=key))[2:])
    refused("another key's signature", [forger.unlocked("key", [*own[:2], *mix]) for mix in mixes], honest)


def test_the_owners_key_in_another_form(forger, refused, honest):
    """Its hash is another one: uncompressed, the other half of the curve, padded, cut, empty."""
    signature, key = forger.pushes(IMAGE, read(IMAGE))[2:]
    forms = [forger.key.public_key.to_bytes(compressed=False), bytes([key[0] ^ 1]) + key[1:]]
    forms += [key + b"\0", key[:-1], b"", bytes(33), b"\x06" + key[1:]]
    refused("owner's key in another form", [resigned(forger, signature, form) for form in forms], honest)


def test_a_signature_over_another_transaction(forger, refused, honest):
    """Each part of the transaction changed after the owner signed it."""
    changes = {
        "less change": lambda tx: setattr(tx.outputs[0], "value", 1),
        "more change": lambda tx: setattr(tx.outputs[0], "value", VALUE),
        "stolen": lambda tx: setattr(tx.outputs[0], "script_pubkey", STRANGER.public_key.P2PKH_script()),
        "to anyone": lambda tx: setattr(tx.outputs[0], "script_pubkey", Script(b"\x51")),
        "one more output": lambda tx: tx.outputs.append(TxOutput(1, STRANGER.public_key.P2PKH_script())),
        "no output": lambda tx: tx.outputs.clear(),
        "one more input": lambda tx: tx.inputs.append(TxInput(bytes(32), 0, Script(), 0xFFFFFFFF)),
        "another outpoint": lambda tx: setattr(tx.inputs[0], "prev_idx", 1),
        "another txid": lambda tx: setattr(tx.inputs[0], "prev_hash", b"\x22" * 32),
        "another sequence": lambda tx: setattr(tx.inputs[0], "sequence", 0),
        "a lock time": lambda tx: setattr(tx, "locktime", 500_000),
        "another version": lambda tx: setattr(tx, "version", 2),
    }
    forged = []
    for name, change in changes.items():
        tx = Tx.from_bytes(forger.claim(IMAGE, read(IMAGE)).to_bytes())
        change(tx)
        forged.append(forger.finished(name, tx))
    tx = forger.claim(IMAGE, read(IMAGE))
    forged += [Attempt("another value", tx.to_bytes(), VALUE + by) for by in (-1, 1, FEE)]
    refused("signature over another transaction", forged, honest)


def test_a_signature_over_another_output_of_the_owner(forger, refused, honest):
    """What the owner signed to spend another instance, or an ordinary coin, does not spend this one."""
    others = [Forger(txid="33" * 32), Forger(index=1), Forger(value=VALUE + 1), Forger(STRANGER)]
    forged = [resigned(forger, other.pushes(IMAGE, read(IMAGE))[2]) for other in others]
    tx = forger.claim(IMAGE, read(IMAGE))
    kind = SigHash(ALL | FORKID)
    ordinary = tx.signature_hash(0, VALUE, forger.key.public_key.P2PKH_script(), kind)
    forged.append(resigned(forger, forger.key.sign(ordinary, None) + bytes([kind])))
    refused("signature over another output", forged, honest)


def test_a_signature_relabelled_as_of_another_sighash_type(forger, refused, honest):
    signature = forger.pushes(IMAGE, read(IMAGE))[2]
    kinds = [
        ALL,
        NONE,
        SINGLE,
        NONE | FORKID,
        SINGLE | FORKID,
        ALL | FORKID | ANYONE,
        NONE | FORKID | ANYONE,
        0,
    ]
    forged = [resigned(forger, signature[:-1] + bytes([kind])) for kind in kinds]
    refused("sighash type relabelled", forged, honest)


def test_a_signature_really_of_a_type_that_the_chain_does_not_know(forger, refused, honest):
    """Without the fork's bit, or with bits that mean nothing: signed by the owner, and still refused."""
    tx = forger.claim(IMAGE, read(IMAGE))
    kinds = [ALL, NONE, SINGLE, ALL | ANYONE, 0, FORKID, ALL | FORKID | 0x20, 0xFF]
    forged = [resigned(forger, forger.signed(tx, SigHash(kind))) for kind in kinds]
    refused("sighash type unknown to the chain", forged, honest)


def test_signatures_that_are_not_in_their_one_form(forger, refused, honest):
    """High S, other encodings of the same two numbers, impossible numbers, nothing."""
    signature = forger.pushes(IMAGE, read(IMAGE))[2]
    r, s = numbers(signature)
    kind = ALL | FORKID
    assert der(r, s, kind) == signature
    forged = [
        der(r, ORDER - s, kind),
        der(r + ORDER, s, kind),
        der(0, s, kind),
        der(r, 0, kind),
        der(s, r, kind),
    ]
    forged += [der(0, 0, kind), der(1, 1, kind), der(r, ORDER, kind), der(ORDER, s, kind)]
    forged += [b"", bytes([kind]), signature[:-1], signature + b"\0", signature[:-2] + signature[-1:]]
    forged += [b"\x31" + signature[1:], signature[:1] + bytes([signature[1] + 1]) + signature[2:]]
    forged += [r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([kind])]
    refused("signature not in its one form", [resigned(forger, item) for item in forged], honest)


def test_every_bit_of_the_signature_and_the_key_and_every_sighash_byte():
    """On the contract with a model that has answered, so that each of the many costs a millisecond."""
    contract = answering([0, 0, 0, 5, 0, 0, 0, 0, 0, 0])
    forger = Forger(contract=contract)
    pushed = forger.pushes(IMAGE, 3)
    changed = [
        (which, flipped(pushed[which], bit)) for which in (2, 3) for bit in range(8 * len(pushed[which]))
    ]
    changed += [(2, pushed[2][:-1] + bytes([kind])) for kind in range(256) if kind != ALL | FORKID]
    outcomes = [
        judge(forger.unlocked("", [*pushed[:which], item, *pushed[which + 1 :]]), contract.locking_script)
        for which, item in changed
    ]
    control = judge(forger.unlocked("true", pushed), contract.locking_script)
    name = "one bit of signature or key; sighash bytes"
    TALLY.forged(name, 2 * len(outcomes), sum(o.policy + o.consensus for o in outcomes))
    TALLY.honest(name, 2, control.policy + control.consensus)
    assert len(outcomes) > 800 + 250
    assert not any(o.policy or o.consensus for o in outcomes)
    assert control.policy and control.consensus


def flipped(item: bytes, bit: int) -> bytes:
    changed = bytearray(item)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)
