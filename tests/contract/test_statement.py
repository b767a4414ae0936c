"""What the owner's signature says of image and digit, and what a stranger can make of a claim he sees."""

from __future__ import annotations

import hashlib

import pytest
from bitcoinx import Script, SigHash, Tx, TxOutput

from app.contract import Statement, judge_spend, read_claim, statement_in
from app.contract.statement import statement_script
from app.script import Kind
from tests.contract.conftest import VALUE


def stated(tx: Tx) -> Statement:
    claim = read_claim(tx)
    return statement_in(tx, claim.image, claim.digit, claim.signature)


@pytest.fixture
def contract(contracts):
    return contracts[Kind.PACKED]


def reads(model, image: bytes) -> int:
    import numpy as np

    return model.read(np.frombuffer(image, np.uint8)).digit


def test_the_second_output_commits_to_image_and_digit_and_holds_nothing(contract, spend):
    image = bytes(range(196)) * 4
    output = spend(contract, image, 7).outputs[1]
    digest = hashlib.sha256(image + b"\x07").digest()
    assert output.value == 0
    assert output.script_pubkey.to_bytes() == b"\x00\x6a\x08inkproof\x20" + digest
    nought = spend(contract, image, 0).outputs[1].script_pubkey.to_bytes()
    assert nought.endswith(hashlib.sha256(image).digest())


def test_a_claim_as_it_is_built_is_signed(contract, spend):
    for digit in range(10):
        assert stated(spend(contract, bytes(784), digit)) is Statement.SIGNED


def test_another_image_under_the_same_signature_is_a_valid_spend_and_not_what_was_signed(
    contract, spend, model
):
    """The fault that this is for: the contract accepts, and only the statement tells."""
    seen, put = bytes(784), b"\xff" * 784
    tx = spend(contract, seen, reads(model, seen))
    _, _, signature, key = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
    swapped = Script(contract.unlocking_script(put, reads(model, put), signature, key))
    tx.inputs[0].script_sig = swapped
    assert judge_spend(tx, VALUE, contract.locking_script).accepted
    assert stated(tx) is Statement.OTHER


def test_another_digit_is_not_what_was_signed(contract, spend):
    tx = spend(contract, bytes(784), 3)
    _, _, signature, key = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
    for digit in (4, 10, -3, 3 + 256):
        tx.inputs[0].script_sig = Script(contract.unlocking_script(bytes(784), digit, signature, key))
        assert stated(tx) is Statement.OTHER


def test_a_changed_statement_takes_the_signature_away(contract, spend, model):
    put = b"\xff" * 784
    tx = spend(contract, bytes(784), reads(model, bytes(784)))
    _, _, signature, key = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
    digit = reads(model, put)
    tx.inputs[0].script_sig = Script(contract.unlocking_script(put, digit, signature, key))
    tx.outputs[1] = TxOutput(0, Script(statement_script(put, digit)))
    assert stated(tx) is Statement.SIGNED
    assert not judge_spend(tx, VALUE, contract.locking_script).accepted


@pytest.mark.parametrize("kind", [SigHash.NONE, SigHash.SINGLE, SigHash.NONE | SigHash.ANYONE_CAN_PAY])
def test_a_signature_that_leaves_outputs_out_says_nothing(contract, spend, key, model, kind):
    """The owner's own, of another kind: whoever sees it could put any statement beside it."""
    image = bytes(784)
    tx = spend(contract, image, reads(model, image))
    sighash = SigHash(kind | SigHash.FORKID)
    digest = tx.signature_hash(0, VALUE, Script(contract.script_code), sighash)
    signature = key.sign(digest, None) + bytes([sighash])
    public = key.public_key.to_bytes(compressed=True)
    tx.inputs[0].script_sig = Script(contract.unlocking_script(image, reads(model, image), signature, public))
    assert judge_spend(tx, VALUE, contract.locking_script).accepted
    assert stated(tx) is Statement.ABSENT


def test_a_claim_without_a_statement_says_nothing(contract, spend):
    tx = spend(contract, bytes(784), 3)
    del tx.outputs[1]
    assert stated(tx) is Statement.ABSENT
