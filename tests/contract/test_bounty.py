"""The bounty's script and its four steps, in bitcoinX's interpreter; what is forged is in tests/attack."""

from dataclasses import replace

import numpy as np
import pytest
import scryptlib
from bitcoinx import Script, Tx, double_sha256, push_item
from hypothesis import given
from hypothesis import strategies as st
from scryptlib.types import Bytes, Int, PubKey, Ripemd160, Sig, SigHashPreimage

from app import paths
from app.contract import bounty_spends, description, judge_spend
from app.contract.bounty import (
    State,
    bounty_for,
    commitment_to,
    earns,
    least_margin,
    margin_of,
    recognise,
)
from app.contract.classifier import program_for
from app.contract.spend import SIGHASH
from app.errors import ContractError
from app.fixedpoint import quantise
from app.script import Kind
from tests import bounties
from tests.bounties import CLAIMANT, DEPOSIT, LAST, REWARD, WINDOW
from tests.sizes import examples, sized


def judged(tx: Tx, place: bounty_spends.Place):
    return judge_spend(tx, place.value, place.bounty.locking_script)


def test_each_honest_step_is_accepted_and_leads_to_the_next():
    place = bounties.at()
    commit = bounties.commit(place)
    assert judged(commit, place).reason == ""
    after = commit.outputs[0]
    assert after.value == REWARD + DEPOSIT
    held = recognise(after.script_pubkey.to_bytes())
    assert held.state == State(bounties.commitment(), 100 + WINDOW)
    assert (held.terms, held.code) == (place.bounty.terms, place.bounty.code)
    place = bounty_spends.Place(commit.hex_hash(), 0, after.value, held)
    reveal = bounties.reveal(place)
    assert judged(reveal, place).reason == ""
    assert reveal.outputs[0].value == REWARD + DEPOSIT - bounties.FEE
    reopen = bounties.reopen(place)
    assert judged(reopen, place).reason == ""
    again = recognise(reopen.outputs[0].script_pubkey.to_bytes())
    assert again == bounties.opened()
    assert reopen.outputs[0].value == REWARD + DEPOSIT
    place = bounty_spends.Place(reopen.hex_hash(), 0, reopen.outputs[0].value, again)
    assert judged(bounties.reclaim(place), place).reason == ""


def test_a_model_of_more_than_65535_bytes_comes_back_whole_too():
    big = replace(bounties.opened(), code=b"\x4e\x70\x11\x01\x00" + bytes(70_000) + b"\x75\x75\x00")
    place = bounty_spends.Place("11" * 32, 0, REWARD, big)
    assert judged(bounties.commit(place), place).reason == ""
    held = replace(place, bounty=big.holding(State(bounties.commitment(), 110)))
    assert judged(bounties.reopen(held), held).reason == ""


def test_a_reveal_that_falls_short_ends_in_false_and_nothing_else_does():
    wanted = bounties.terms()
    place = bounties.at(State(bounties.commitment(), 110), chosen=replace(wanted, margin=wanted.margin + 1))
    verdict = judged(bounties.reveal(place), place)
    assert (verdict.accepted, verdict.disagrees) == (False, True)
    place = bounties.committed()
    assert not judged(bounties.reveal(place, bounties.THIEF), place).disagrees


@sized("seeds", (0,), range(4))
def test_the_contract_and_this_program_agree_on_what_earns_a_bounty(seeds):
    """Digits and margins around the true ones, for images of several classes."""
    for seed in seeds:
        image = bounties.picture(seed)
        found = bounties.logits(image)
        for digit in (found.index(max(found)), found.index(sorted(found)[-2])):
            exact = abs(margin_of(found, digit))
            for margin in (exact - 1, exact, exact + 1):
                chosen = bounties.terms(image, digit=digit, margin=margin)
                place = bounties.at(State(bounties.commitment(image), 110), chosen=chosen)
                tx = bounty_spends.build_reveal(
                    place, image, bounties.SALT, CLAIMANT, bounties.pays(CLAIMANT), 400
                )
                assert judged(tx, place).accepted == earns(found, chosen), (seed, digit, margin)


@pytest.mark.parametrize("coins", [1, 2, 3])
def test_sizes_are_what_the_fee_is_reckoned_with_at_most(coins):
    paid = [replace(bounties.COIN, index=number) for number in range(coins)]
    signature = push_item(bytes(72)) + push_item(bytes(33))
    for tx, most in (
        (
            bounty_spends.build_commit(bounties.at(), bounties.commitment(), 100, paid, [bounties.change()]),
            bounty_spends.commit_size(bounties.opened(), coins),
        ),
        (
            bounty_spends.build_reopen(bounties.committed(), 110, paid, [bounties.change()]),
            bounty_spends.reopen_size(bounties.opened(), coins),
        ),
    ):
        for coin in tx.inputs[1:]:
            coin.script_sig = Script(signature)
        assert most - 10 <= tx.size() <= most
    payout = bounties.pays(CLAIMANT)
    assert 0 <= bounty_spends.reveal_size(payout) - bounties.reveal().size() <= 3
    assert 0 <= bounty_spends.reclaim_size(bounties.opened(), payout) - bounties.reclaim().size() <= 3


def signed_again(tx: Tx, place: bounty_spends.Place) -> Tx:
    """A reclaim that was changed, with its preimage and its signature made anew."""
    code = place.bounty.script_code(1)
    _, _, key, function = (op_and_item[1] for op_and_item in tx.inputs[0].script_sig.ops_and_items())
    signature = bounties.POSTER.sign(tx.signature_hash(0, place.value, Script(code), SIGHASH), None)
    items = (bounty_spends.preimage_of(tx, place.value, code), signature + bytes([SIGHASH]), key, function)
    tx.inputs[0].script_sig = Script(b"".join(map(push_item, items)))
    return tx


def test_a_preimage_that_cannot_be_proved_is_avoided():
    """One in 30,000 signatures has a number too short for the compiled check: such a transaction fails."""
    place = bounties.at()
    code = place.bounty.script_code(1)
    preimage = bytearray(bounty_spends.preimage_of(bounties.reclaim(place), place.value, code))

    def suits(height):
        preimage[-8:-4] = height.to_bytes(4, "little")
        return bounty_spends.is_provable(bytes(preimage))

    height = next(height for height in range(LAST + 1, 500_000) if not suits(height))
    avoided = bounties.reclaim(place, height=height)
    assert avoided.inputs[0].sequence == 0xFFFFFFFD
    assert judged(avoided, place).accepted
    assert judged(signed_again(avoided, place), place).accepted
    avoided.inputs[0].sequence = 0xFFFFFFFE
    assert not judged(signed_again(avoided, place), place).accepted


def test_the_preimage_is_what_bitcoinx_signs():
    place = bounties.at()
    tx = bounties.commit(place)
    preimage = bounty_spends.preimage_of(tx, place.value, place.bounty.locking_script)
    expected = tx.signature_hash(0, place.value, Script(place.bounty.locking_script), SIGHASH)
    assert double_sha256(preimage) == expected


def test_scryptlib_makes_the_same_scripts_of_the_description():
    bounty = bounties.opened().holding(State(bounties.commitment(), 110))
    cls = scryptlib.build_contract_class(description.load(paths.bounty_source()))
    code = type("Code", (), {"hex": bounty.code.hex()})()
    terms = bounty.terms
    made = cls(
        Bytes(bounty.state.to_bytes()),
        Ripemd160(terms.poster),
        *map(Int, (terms.digit, terms.margin, terms.deposit, terms.window, terms.last_block)),
        asm_vars={"DigitBounty.model.model": code},
    )
    assert made.code_part.to_bytes()[:-1] == bounty.locking_script

    def items(tx):
        return [item for _, item in tx.inputs[0].script_sig.ops_and_items()]

    image, salt, signature, key = items(bounties.reveal())[:4]
    call = made.reveal(Bytes(image), Bytes(salt), Sig(signature), PubKey(key))
    assert call.unlocking_script.to_bytes() == bounties.reveal().inputs[0].script_sig.to_bytes()
    preimage, outpoints, rest = items(bounties.reopen())[:3]
    call = made.reopen(SigHashPreimage(preimage), Bytes(outpoints), Bytes(rest))
    assert call.unlocking_script.to_bytes() == bounties.reopen().inputs[0].script_sig.to_bytes()


def test_a_bounty_is_recognised_by_its_bytes_and_nothing_else_is():
    script = bounties.opened().locking_script
    assert recognise(script) == bounties.opened()
    for broken in (b"", script[:-1], script + b"\x61", script[1:], script[:40], b"\x61" + script):
        assert recognise(broken) is None
    for position in (0, 10, 29, 30, 66, 90, 95, 100, 130, len(script) - 500, len(script) - 1):
        changed = bytearray(script)
        changed[position] ^= 1
        found = recognise(bytes(changed))
        # Another state, other terms or another model are another bounty; what is compiled is not changed.
        assert found is None or found.locking_script == bytes(changed)


@examples(60)
@given(data=st.data())
def test_no_damage_to_a_script_raises_when_it_is_recognised(data):
    script = bytearray(bounties.opened().locking_script)
    for _ in range(data.draw(st.integers(1, 4))):
        script[data.draw(st.integers(0, 120))] = data.draw(st.integers(0, 255))
    found = recognise(bytes(script))
    assert found is None or found.locking_script == bytes(script)


@pytest.mark.parametrize(
    "change",
    [
        {"poster": bytes(19)},
        {"digit": 10},
        {"digit": -1},
        {"margin": 0},
        {"margin": 1 << 130},
        {"deposit": -1},
        {"window": 0},
        {"window": 100_001},
        {"last_block": -1},
        {"last_block": 500_000_000},
    ],
)
def test_unsound_terms_are_no_bounty(change):
    with pytest.raises(ContractError):
        bounties.terms(**change)


def test_a_script_on_unsound_terms_is_not_recognised():
    script = bounties.opened().locking_script
    sound = bounties.terms()
    position = script.index(sound.poster) + 20
    assert script[position] in (0, *range(0x51, 0x5A))
    assert recognise(script[:position] + b"\x5a" + script[position + 1 :]) is None
    assert recognise(script[:position] + b"\x52" + script[position + 1 :]) is not None


def test_a_margin_is_how_much_likelier_the_digit_is_than_the_second():
    assert least_margin(0.9, 1000) == 2198
    assert least_margin(0.5000001, 1) == 1
    for none in (0.5, 0.0, 1.0, -3.0, float("nan"), float("inf")):
        with pytest.raises(ContractError):
            least_margin(none, 1000)


def test_a_commitment_is_to_an_image_a_salt_and_a_key():
    whole = commitment_to(bytes(784), bytes(32), bytes(20))
    assert len(whole) == 32
    for parts in ((783, 33, 20), (784, 31, 21), (785, 32, 19)):
        with pytest.raises(ContractError):
            commitment_to(*map(bytes, parts))


def test_a_bounty_takes_models_of_ten_classes_only():
    rng = np.random.default_rng(1)
    nine = quantise([(rng.normal(size=(784, 9)), np.zeros(9))])
    with pytest.raises(ContractError):
        bounty_for(program_for(nine, Kind.PACKED), nine, bounties.terms())


def test_an_image_is_read_from_a_reveal_only_if_it_is_what_was_committed_to():
    state = bounties.committed().bounty.state
    tx = bounties.reveal()
    found = bounty_spends.read_reveal(tx, state)
    assert (found.image, found.salt) == (bounties.picture(), bounties.SALT)
    items = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
    other = State(bounties.commitment(key=bounties.THIEF), state.expires)
    with pytest.raises(ContractError, match="what was committed to"):
        bounty_spends.read_reveal(tx, other)
    for damaged in (
        items[:4],
        [],
        [items[0][1:], *items[1:]],
        [items[0], items[1] + b"\0", *items[2:]],
        [items[0] + items[1], b"", *items[2:]],
        [b"\0" * 784, *items[1:]],
    ):
        tx.inputs[0].script_sig = Script(b"".join(map(push_item, damaged)))
        with pytest.raises(ContractError, match="not a reveal"):
            bounty_spends.read_reveal(tx, state)
    for script in (b"\x4e\xff\xff\xff\xff", b"\x51\x76\x76\x76\x76", b"\x4c"):
        tx.inputs[0].script_sig = Script(script)
        with pytest.raises(ContractError, match="not a reveal"):
            bounty_spends.read_reveal(tx, state)


def test_an_item_beneath_a_reveal_does_not_hide_its_image():
    """A block may hold such a one: the contract takes the topmost items."""
    tx = bounties.reveal()
    plain = tx.inputs[0].script_sig.to_bytes()
    tx.inputs[0].script_sig = Script(b"\x51" + plain)
    assert bounty_spends.read_reveal(tx, bounties.committed().bounty.state).image == bounties.picture()
