"""What Chronicle newly allows, item by item, and what it means for a claim: it says the same, or is refused.

The interpreters are bitcoinX with the rules of `app.contract.rules`, and bsv-sdk's. Of the restored opcodes
bitcoinX knows none, so there bsv-sdk judges alone. The sources of each item: `app/contract/rules.py`.
"""

from __future__ import annotations

import pytest
from bitcoinx import Script, Tx, int_to_item, pack_le_int32, push_item

from app import models
from app.contract import contract_for
from app.contract.rules import ORIGINAL_DIGEST
from app.fixedpoint import load
from app.script import Kind
from tests import bounties
from tests.attack.chronicle import RELAXED, by_bitcoinx, by_bsv_sdk, is_true_in_any_form
from tests.attack.conftest import TALLY
from tests.attack.forge import ORDER, Attempt, Forger, noise, read
from tests.attack.judging import Judges, fuzz_many
from tests.contract.test_rules import high_s, original_digest
from tests.sizes import sized

IMAGE = noise(41, 1)[0]
TRUE = read(IMAGE)
FALSE = (TRUE + 1) % 10
RESTORED = {"VER": 0x62, "VERIF": 0x65, "VERNOTIF": 0x66, "2MUL": 0x8D, "2DIV": 0x8E} | {
    "SUBSTR": 0xB3,
    "LEFT": 0xB4,
    "RIGHT": 0xB5,
    "LSHIFTNUM": 0xB6,
    "RSHIFTNUM": 0xB7,
}
"""Opcodes that were reserved, disabled or without effect, and have a meaning since."""


@pytest.fixture(scope="module")
def old() -> Forger:
    return Forger()


@pytest.fixture(scope="module")
def new() -> Forger:
    return Forger(version=RELAXED)


def pushed(*values: bytes) -> bytes:
    return b"".join(push_item(value) for value in values)


def arguments(forger: Forger, digit: int) -> list[bytes]:
    """Image, digit, signature and key of a claim, right in form."""
    return forger.pushes(IMAGE, digit)


def spend(forger: Forger, unlocking: bytes) -> Attempt:
    return forger.finished("", forger.scripted(unlocking))


def assert_only_a_true_claim_passes(old: Forger, new: Forger, write) -> None:
    """`write` makes the unlocking script of a claim from its four arguments. In version 2 the true claim
    passes and the false one does not; in version 1 neither does.
    """
    for digit in (TRUE, FALSE):
        attempt = spend(new, write(arguments(new, digit)))
        assert is_true_in_any_form(attempt) is (digit == TRUE)
        assert by_bitcoinx(attempt) is by_bsv_sdk(attempt) is (digit == TRUE)
        assert not by_bsv_sdk(spend(old, write(arguments(old, digit))))


def test_a_digit_and_pushes_longer_than_need_be_claim_the_same_digit(old, new):
    """The claimed number is compared as a number; an image of another length is refused as before."""
    for padding in (1, 3, 500):
        length = len(int_to_item(TRUE)) + padding
        assert_only_a_true_claim_passes(
            old,
            new,
            lambda a, length=length: pushed(
                a[0], int_to_item(int.from_bytes(a[1], "little"), length), *a[2:]
            ),
        )
    assert_only_a_true_claim_passes(
        old, new, lambda a: b"".join(b"\x4e" + len(item).to_bytes(4, "little") + item for item in a)
    )


def test_an_unlocking_script_that_computes_its_arguments_cannot_make_a_false_claim_pass(old, new):
    """The contract computes its logits after it, from the image that it leaves: none can be preset."""
    assert_only_a_true_claim_passes(old, new, lambda a: pushed(a[0][:9], a[0][9:]) + b"\x7e" + pushed(*a[1:]))
    assert_only_a_true_claim_passes(old, new, lambda a: pushed(*a) + b"\x61\x7c\x7c")


EARLY = {
    "true and an end": "516a",
    "true, verified, and an end": "5169516a",
    "a branch left open": "5163",
    "a branch not taken left open": "0063",
    "an end in a branch": "51636a68",
    "a verdict on the other stack": "516b",
}


@pytest.mark.parametrize("name", EARLY)
def test_an_unlocking_script_cannot_end_or_skip_the_contract(new, name):
    code = bytes.fromhex(EARLY[name])
    for script in (code, pushed(*arguments(new, FALSE)) + code, code + pushed(*arguments(new, FALSE))):
        attempt = spend(new, script)
        assert not by_bitcoinx(attempt) and not by_bsv_sdk(attempt)


def test_items_beneath_the_arguments_are_not_read_and_items_above_them_are(old, new):
    """Without the rule of a clean stack."""
    for extra in (b"", b"\x01", IMAGE):
        assert_only_a_true_claim_passes(old, new, lambda a, extra=extra: pushed(extra, *a))
        above = spend(new, pushed(*arguments(new, TRUE), extra))
        assert not by_bitcoinx(above) and not by_bsv_sdk(above)


def test_a_high_s_gives_a_true_claim_another_txid_and_nothing_else(old, new):
    """Anybody can write it so, without the key: a txid that is awaited may not be the one that is mined."""
    assert_only_a_true_claim_passes(old, new, lambda a: pushed(*a[:2], high_s(a[2]), a[3]))
    usual, other = (spend(new, pushed(*a)) for a in (arguments(new, TRUE), with_high_s(new)))
    assert Tx.from_bytes(usual.tx).hash() != Tx.from_bytes(other.tx).hash()
    assert int.from_bytes(with_high_s(new)[2][-33:-1], "big") > ORDER // 2


def with_high_s(forger: Forger) -> list[bytes]:
    image, digit, signature, key = arguments(forger, TRUE)
    return [image, digit, high_s(signature), key]


def test_the_original_digest_is_signed_by_the_owner_or_refused(new):
    """It leaves out the value that is spent, which the outpoint's txid commits to; outputs it covers."""
    tx = Tx.from_bytes(new.honest)
    kind = 0x41 | ORIGINAL_DIGEST
    signature = new.key.sign(original_digest(tx, new.contract, kind), None) + bytes([kind])
    for digit in (TRUE, FALSE):
        image, number, _, key = arguments(new, digit)
        attempt = spend(new, pushed(image, number, signature, key))
        assert by_bitcoinx(attempt) is by_bsv_sdk(attempt) is (digit == TRUE)
    image, number, usual, key = arguments(new, TRUE)
    relabelled = spend(new, pushed(image, number, usual[:-1] + bytes([kind]), key))
    changed = Tx.from_bytes(spend(new, pushed(image, number, signature, key)).tx)
    changed.outputs[0].value -= 1
    for attempt in (relabelled, new.finished("", changed)):
        assert not by_bitcoinx(attempt) and not by_bsv_sdk(attempt)


@sized("names", ["handwriting", "compact"], list(models.MODELS))
def test_no_contract_holds_an_opcode_whose_meaning_changed(names):
    scripts = [
        contract_for(load(model.integers_path), bytes(20), Kind(kind)).locking_script
        for model in map(models.named, names)
        for kind in model.kinds
    ]
    scripts.append(bounties.opened().locking_script)
    used = {op for script in scripts for op, item in Script(script).ops_and_items() if item is None}
    assert used and not used & set(RESTORED.values())


USING = {
    "SUBSTR": lambda image: pushed(b"\x07" + image + b"\x09", b"\x01", int_to_item(784)),
    "LEFT": lambda image: pushed(image + b"\x09", int_to_item(784)),
    "RIGHT": lambda image: pushed(b"\x07" + image, int_to_item(784)),
}


@pytest.mark.parametrize("name", USING)
def test_an_image_cut_out_by_a_restored_opcode_is_the_image_that_is_read(old, new, name):
    """By version 1 rules it is no push, and refused."""
    for digit in (TRUE, FALSE):
        image, *rest = arguments(new, digit)
        script = USING[name](image) + bytes([RESTORED[name]]) + pushed(*rest)
        assert by_bsv_sdk(spend(new, script)) is (digit == TRUE)
        image, *rest = arguments(old, digit)
        assert not by_bsv_sdk(spend(old, USING[name](image) + bytes([RESTORED[name]]) + pushed(*rest)))


def test_the_version_that_the_opcode_tells_is_no_digit(new):
    """OP_VER puts four bytes on the stack that the transaction chooses, among them those of a digit."""
    image, _, signature, key = arguments(new, TRUE)
    script = pushed(image) + bytes([RESTORED["VER"]]) + pushed(signature, key)
    assert pack_le_int32(RELAXED) == int_to_item(2, 4)
    assert by_bsv_sdk(spend(new, script)) is (TRUE == 2)


def run_fuzz(judges: Judges, first: int, spends: int) -> None:
    found = fuzz_many(judges, first, spends, RELAXED)
    tried, accepted = found.tried.total(), len(found.accepted)
    TALLY.forged("fuzz, version 2", tried, accepted)
    assert tried == spends and accepted == 0


def test_mutated_spends_of_version_2_never_pass_but_as_true_claims(judges):
    run_fuzz(judges, 5_000, 100)


@pytest.mark.attack
@pytest.mark.timeout(3600)
def test_twenty_thousand_mutated_spends_of_version_2_never_pass_but_as_true_claims(judges):
    run_fuzz(judges, 6_000, 20_000)
