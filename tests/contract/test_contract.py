"""The contract accepts what its model reads, from its owner, and nothing else whatever is pushed."""

import numpy as np
import pytest
from bitcoinx import Ops, PrivateKey, Script, Tx, int_to_item, push_item
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.contract import DigitContract, contract_for, judge_spend, read_claim
from app.contract.classifier import owner_of
from app.contract.local import ScriptJudge
from app.contract.rules import limits_for
from app.contract.spend import spend_size
from app.errors import ContractError
from app.fixedpoint import Argmax, Dense, IntegerModel, Rescale
from app.script import Kind
from tests.consensus import consensus_limits
from tests.contract.conftest import FEE, VALUE
from tests.contract.programs import program_of
from tests.sizes import sized
from tests.strategies import images

IMAGES = st.one_of(images(784), st.sampled_from([bytes(784), b"\xff" * 784]))
steady = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def reads(model, kind, image):
    rule = Rescale.PER_SUM if kind is Kind.PACKED else Rescale.PER_PRODUCT
    return model.with_rule(rule).read(np.frombuffer(image, np.uint8)).digit


@pytest.mark.slow
@sized("examples", 3, 40)
@pytest.mark.parametrize("kind", list(Kind))
def test_a_claim_is_accepted_exactly_if_the_model_reads_that_digit(model, contracts, spend, kind, examples):
    contract = contracts[kind]

    @settings(steady, max_examples=examples)
    @given(image=IMAGES, digit=st.integers(0, 9))
    def claim(image, digit):
        judged = judge_spend(spend(contract, image, digit), VALUE, contract.locking_script, limits_for(kind))
        assert judged.accepted == (digit == reads(model, kind, image))
        assert bool(judged.reason) != judged.accepted

    claim()


@pytest.mark.parametrize("digit", [-9, -1, 10, 255, 2**31, -(2**31), 2**64, 10**50])
def test_a_number_that_is_not_a_digit_is_refused(contracts, spend, digit):
    contract = contracts[Kind.PACKED]
    for image in (bytes(784), b"\xff" * 784):
        assert not judge_spend(spend(contract, image, digit), VALUE, contract.locking_script).accepted


@pytest.mark.parametrize("size", [0, 1, 783, 785, 100_000])
def test_an_image_of_any_other_size_is_refused(contracts, spend, size):
    contract = contracts[Kind.PACKED]
    for digit in range(10):
        assert not judge_spend(spend(contract, bytes(size), digit), VALUE, contract.locking_script).accepted


def test_only_the_owner_can_spend(model, contracts, spend):
    contract, image = contracts[Kind.PACKED], bytes(784)
    stranger = PrivateKey(b"\x09" * 32)
    tx = spend(contract, image, reads(model, Kind.PACKED, image), signer=stranger)
    assert "EqualVerifyFailed" in judge_spend(tx, VALUE, contract.locking_script).reason


def test_a_signature_covers_the_outputs_and_the_value(model, contracts, spend):
    contract, image = contracts[Kind.PACKED], bytes(784)
    tx = spend(contract, image, reads(model, Kind.PACKED, image))
    assert judge_spend(tx, VALUE, contract.locking_script).accepted
    assert not judge_spend(tx, VALUE + 1, contract.locking_script).accepted
    tx.outputs[0].value -= 1
    assert not judge_spend(tx, VALUE, contract.locking_script).accepted


def rewritten(tx: Tx, *items: bytes) -> Tx:
    tx.inputs[0].script_sig = Script(b"".join(push_item(item) for item in items))
    return tx


def test_extra_stack_items_are_refused(model, contracts, spend):
    contract, image = contracts[Kind.PACKED], bytes(784)
    tx = spend(contract, image, reads(model, Kind.PACKED, image))
    items = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
    assert judge_spend(rewritten(tx, *items), VALUE, contract.locking_script).accepted
    assert "clean" in judge_spend(rewritten(tx, b"\x01", *items), VALUE, contract.locking_script).reason
    assert not judge_spend(rewritten(tx, *items[1:]), VALUE, contract.locking_script).accepted


def test_a_padded_digit_is_refused_where_numbers_must_be_minimal(model, contracts, spend):
    contract, image = contracts[Kind.PACKED], b"\xff" * 784
    digit = reads(model, Kind.PACKED, image)
    tx = spend(contract, image, digit)
    items = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
    padded = int_to_item(digit, 2)
    assert not judge_spend(
        rewritten(tx, items[0], padded, *items[2:]), VALUE, contract.locking_script
    ).accepted


@steady
@given(pushed=st.lists(st.binary(max_size=80) | IMAGES, max_size=6))
def test_random_pushes_never_unlock_it(contracts, spend, pushed):
    contract = contracts[Kind.PACKED]
    tx = rewritten(spend(contract, bytes(784), 0), *pushed)
    for limits in (None, consensus_limits()):
        assert not judge_spend(tx, VALUE, contract.locking_script, limits).accepted


@sized("count", 1, 5)
def test_the_local_judge_computes_the_logits_of_the_engine(model, count):
    rng = np.random.default_rng(3)
    for kind, rule in ((Kind.PACKED, Rescale.PER_SUM), (Kind.UNROLLED, Rescale.PER_PRODUCT)):
        judge, engine = ScriptJudge(model, kind), model.with_rule(rule)
        for picture in rng.integers(0, 256, (count, 28, 28), dtype=np.uint8):
            assert judge.read(picture).logits == engine.read(picture).logits


def test_the_owner_and_the_model_are_read_back_from_a_locking_script(model, contracts, key):
    for kind, contract in contracts.items():
        program = program_of(model, kind)
        assert owner_of(contract.locking_script, program) == key.public_key.hash160()
        changed = bytearray(contract.locking_script)
        changed[len(changed) // 2] ^= 1
        assert owner_of(bytes(changed), program) is None
        assert owner_of(b"", program) is None
    assert owner_of(contracts[Kind.PACKED].locking_script, program_of(model, Kind.UNROLLED)) is None


@steady
@given(image=IMAGES, digit=st.integers(1 - 2**31, 2**31 - 1))
def test_a_claim_is_read_back_from_its_transaction(contracts, spend, image, digit):
    tx = spend(contracts[Kind.PACKED], image, digit)
    claim = read_claim(Tx.from_bytes(tx.to_bytes()))
    assert (claim.image, claim.digit) == (image, digit)


IMAGE_PUSH, THREE = push_item(bytes(784)), push_item(b"\x03")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "script",
    [
        b"",
        b"\x51",
        b"\x51" * 5,
        b"\x4c",
        b"\x76" * 4,
        IMAGE_PUSH + THREE + THREE,
        push_item(bytes(783)) + THREE * 3,
        IMAGE_PUSH + push_item(b"\x01" * 3_000) + THREE * 2,
        IMAGE_PUSH + push_item(b"\x01" * 5) + THREE * 2,
        IMAGE_PUSH + THREE * 4 + b"\xac",
        IMAGE_PUSH + THREE * 3 + b"\x75",
        IMAGE_PUSH + THREE * 3 + b"\x04\xff\xff\xff\x7f\x80",
    ],
    ids=range(12),
)
def test_what_is_no_claim_is_refused(contracts, spend, script, version):
    tx = spend(contracts[Kind.PACKED], bytes(784), 0)
    tx.version = version
    tx.inputs[0].script_sig = Script(script)
    with pytest.raises(ContractError):
        read_claim(tx)


def test_the_fee_is_reckoned_on_the_spends_own_size(contracts, spend, key):
    payout = key.public_key.P2PKH_script().to_bytes()
    sizes = [spend(contracts[Kind.PACKED], bytes([n]) * 784, n).size() for n in range(10)]
    assert max(sizes) <= spend_size(payout) <= min(sizes) + 8
    tx = spend(contracts[Kind.PACKED], bytes(784), 0)
    assert tx.total_output_value() == VALUE - FEE


def test_a_deployment_that_cannot_pay_is_refused(contracts, spend):
    with pytest.raises(ContractError, match="too little"):
        spend(contracts[Kind.PACKED], bytes(784), 0, value=FEE)


def test_only_models_of_784_pixels_and_10_classes_go_in(model, key):
    other = IntegerModel([Dense(np.ones((784, 9), np.int64), np.zeros(9, np.int64)), Argmax()])
    with pytest.raises(ContractError, match="10 classes"):
        contract_for(other, key.public_key.hash160())
    with pytest.raises(ContractError, match="20 bytes"):
        DigitContract(program_of(model), b"\0" * 19, model)


def test_what_is_signed_is_short_and_ends_the_locking_script(contracts):
    """Hashing the whole model for the signature would take a node as long as running it."""
    for contract in contracts.values():
        before, code = contract.locking_script[: -len(contract.script_code)], contract.script_code
        assert contract.locking_script == before + code
        assert before[-1] == Ops.OP_CODESEPARATOR
        assert Ops.OP_CODESEPARATOR not in [op for op, _ in Script(code).ops_and_items()]
        assert len(code) < 1000


def test_a_signature_for_one_deployment_is_none_for_another_with_the_same_ending(model, contracts, spend):
    """The signed script is the same in every instance; the outpoint in the signature is not."""
    contract, image = contracts[Kind.PACKED], bytes(784)
    tx = spend(contract, image, reads(model, Kind.PACKED, image))
    tx.inputs[0].prev_hash = b"\x22" * 32
    assert not judge_spend(tx, VALUE, contract.locking_script).accepted
