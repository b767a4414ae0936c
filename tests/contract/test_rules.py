"""The rules of a block, before Chronicle and since; and strangers' scripts, bounded in memory and time."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from bitcoinx import PrivateKey, Script, SigHash, Tx, TxInput, TxOutput, int_to_item, push_item

from app.contract import judge_spend, read_claim
from app.contract.rules import ORIGINAL_DIGEST, limits_in_block
from app.errors import ContractError
from app.script import Kind
from tests.contract.conftest import VALUE
from tests.contract.programs import program_of

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
IMAGE = np.random.default_rng(8).integers(0, 256, 784, dtype=np.uint8).tobytes()


@pytest.fixture
def contract(contracts):
    return contracts[Kind.PACKED]


@pytest.fixture
def digit(model):
    return model.read(np.frombuffer(IMAGE, np.uint8)).digit


def signed(tx: Tx, contract, key: PrivateKey, kind: int, *, digest: bytes | None = None) -> bytes:
    digest = digest or tx.signature_hash(0, VALUE, Script(contract.script_code), SigHash(kind))
    return key.sign(digest, None) + bytes([kind])


def high_s(signature: bytes) -> bytes:
    """The other signature of the same digest: `ORDER - s`, DER encoded again."""
    length = signature[3]
    r = signature[4 : 4 + length]
    s = ORDER - int.from_bytes(signature[6 + length : -1], "big")
    body = s.to_bytes(33, "big")
    body = body if body[0] or body[1] & 0x80 else body[1:]
    inner = b"\x02" + bytes([len(r)]) + r + b"\x02" + bytes([len(body)]) + body
    return b"\x30" + bytes([len(inner)]) + inner + signature[-1:]


def long_push(item: bytes) -> bytes:
    return b"\x4e" + len(item).to_bytes(4, "little") + item


def original_digest(tx: Tx, contract, kind: int) -> bytes:
    """The digest of before the fork, written out: one input, all outputs, the whole sighash word."""
    from bitcoinx import double_sha256, pack_le_int32, pack_le_uint32, pack_varbytes

    (source,) = tx.inputs
    serial = pack_le_int32(tx.version) + b"\x01" + source.prev_hash + pack_le_uint32(source.prev_idx)
    serial += pack_varbytes(contract.script_code) + pack_le_uint32(source.sequence)
    serial += bytes([len(tx.outputs)]) + b"".join(output.to_bytes() for output in tx.outputs)
    return double_sha256(serial + pack_le_uint32(tx.locktime) + pack_le_uint32(kind))


def forms(tx: Tx, contract, key: PrivateKey, digit: int) -> dict[str, bytes]:
    """Unlocking scripts of one claim that only Chronicle allows in a block, or that policy refuses."""
    public = key.public_key.to_bytes(compressed=True)
    usual = signed(tx, contract, key, 0x41)
    odd = 0x41 | ORIGINAL_DIGEST
    original = signed(tx, contract, key, odd, digest=original_digest(tx, contract, odd))
    items = [IMAGE, int_to_item(digit), usual, public]

    def pushed(*values: bytes) -> bytes:
        return b"".join(push_item(value) for value in values)

    return {
        "as usual": pushed(*items),
        "an item beneath": pushed(b"\x2a", *items),
        "long pushes": b"".join(long_push(item) for item in items),
        "padded digit": pushed(IMAGE, int_to_item(digit, 3_000), usual, public),
        "high S": pushed(IMAGE, items[1], high_s(usual), public),
        "original digest": pushed(IMAGE, items[1], original, public),
        "computed": pushed(IMAGE[:400], IMAGE[400:]) + b"\x7e" + pushed(*items[1:]) + b"\x61",
    }


NEW = ["high S", "original digest", "computed"]
NAMES = ["as usual", "an item beneath", "long pushes", "padded digit", *NEW]


@pytest.mark.parametrize("name", NAMES)
def test_a_true_claim_in_any_form_that_a_block_may_hold_is_recognised_and_accepted(
    contract, spend, key, model, digit, name
):
    program = program_of(model)
    for claimed in (digit, (digit + 1) % 10):
        tx = spend(contract, IMAGE, claimed)
        tx.version = 2
        tx.inputs[0].script_sig = Script(forms(tx, contract, key, claimed)[name])
        claim = read_claim(tx)
        assert (claim.image, claim.digit) == (IMAGE, claimed)
        judged = judge_spend(tx, VALUE, contract.locking_script, limits_in_block(tx, program))
        assert judged.accepted is (claimed == digit), judged.reason
        assert judged.disagrees is (claimed != digit)


@pytest.mark.parametrize("name", NEW)
def test_what_came_with_chronicle_is_refused_in_version_1(contract, spend, key, model, digit, name):
    tx = spend(contract, IMAGE, digit)
    tx.inputs[0].script_sig = Script(forms(tx, contract, key, digit)[name])
    limits = limits_in_block(tx, program_of(model))
    judged = judge_spend(tx, VALUE, contract.locking_script, limits)
    assert not judged.accepted
    assert not judged.disagrees, "the script did not come to its end"


def test_a_wrong_high_s_signature_stays_wrong(contract, spend, key, model, digit):
    tx = spend(contract, IMAGE, digit)
    tx.version = 2
    other = key.sign(b"\x01" * 32, None) + b"\x41"
    public = key.public_key.to_bytes(compressed=True)
    script = [push_item(item) for item in (IMAGE, int_to_item(digit), high_s(other), public)]
    tx.inputs[0].script_sig = Script(b"".join(script))
    limits = limits_in_block(tx, program_of(model))
    assert not judge_spend(tx, VALUE, contract.locking_script, limits).accepted


HOSTILE = {
    "two gigabytes by NUM2BIN": "51 04ffffff7f 80",
    "doubled by CAT": "51" + "767e" * 40,
    "long multiplications": "02e803" + "7695" * 12 + "76957675" * 100_000,
    "hashes of a large item": "51 0400127a00 80" + "76a875" * 100_000,
    "bits of large items": "51 0400127a00 80" + "83" * 100_000,
}


FURTHER = ("doubled by CAT", "bits of large items")
"""Memory is taken by another opcode, and time by one on large items too: a run takes those as samples."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.exhaustive] if name in FURTHER else []) for name in HOSTILE],
)
def test_a_strangers_script_costs_bounded_memory_and_ends(name):
    """Run in a process of its own that may take 400 MB beyond what it holds when it begins."""
    code = """
        import resource, sys
        from bitcoinx import Script, Tx, TxInput, TxOutput
        from app.contract import judge_spend
        from app.contract import rules
        held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + 400_000_000,) * 2)
        tx = Tx(2, [TxInput(bytes(32), 0, Script(b"\\x51"), 0)], [TxOutput(0, Script())], 0)
        limits = rules.limits_in_block(tx, None, seconds=2.0)
        judged = judge_spend(tx, 1, bytes.fromhex(sys.stdin.read()), limits)
        print(judged.accepted, judged.reason)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        input=HOSTILE[name],
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("False")
    assert "limit" in done.stdout or "longer than" in done.stdout, done.stdout


def test_an_unlocking_script_that_never_ends_is_no_claim():
    script = push_item(IMAGE) + b"\x51" * 3 + bytes.fromhex("04ffffff7f80")
    tx = Tx(2, [TxInput(bytes(32), 0, Script(script), 0)], [TxOutput(0, Script())], 0)
    with pytest.raises(ContractError, match="cannot be read"):
        read_claim(tx)
