"""Bounties on a real node with a default policy: posted by one person, found and earned by another."""

from __future__ import annotations

import dataclasses

import pytest
from bitcoinx import Tx

from app.chain.bounty.readers import reader_named
from app.chain.bounty.service import BountyStage
from app.chain.inspect import inspect
from app.chain.known import known_contracts
from app.chain.ledger.bounties import StepKind, StepState
from app.contract.bounty_spends import commit_size
from app.errors import ChainError, ContractError
from tests.chain.bounty.conftest import DEPOSIT, REWARD, WINDOW, height, mine, terms_for
from tests.chain.payments import FEE, fresh_coin, pay


def test_inspect_calls_a_step_of_a_bounty_by_its_name(poster, posted, seven):
    known = next(known_contracts(first="compact"))
    seen = inspect(poster.bounties.connection.backend, posted.record.txid, lambda script_bytes: [known])
    assert (seen.proved, seen.kind.partition(",")[0]) == (False, "a step of a bounty")


@pytest.fixture
def posted(poster, compact, seven):
    chosen = terms_for(compact, seven, poster, height(poster) + 40)
    return poster.bounties.post(compact, chosen, REWARD)


def test_another_person_finds_a_bounty_earns_it_and_the_poster_collects_the_image(
    poster, claimant, posted, seven
):
    found = claimant.bounties.named(poster.bounties.share(posted))
    assert found.origin == posted.origin
    assert claimant.bounties.would_earn(found, seven).earns
    before = claimant.coins
    seen = []
    held = claimant.bounties.commit(found, seven, on_stage=lambda stage, _: seen.append(stage))
    assert held.place.value == REWARD + DEPOSIT
    assert poster.bounties.all()[0].state == held.state
    ended = claimant.bounties.reveal(held, on_stage=lambda stage, _: seen.append(stage))
    assert seen == list(BountyStage)
    assert ended.ended_by.kind is StepKind.REVEAL
    fees = sum(step.fee for step in ended.steps[1:])
    assert claimant.coins == before + REWARD - fees
    (paid,) = poster.bounties.collected()
    assert (paid.image, paid.digit, paid.posted_here) == (seven, posted.origin.bounty.terms.digit, True)
    assert [step.kind for step in poster.bounties.all()[0].steps] == [
        StepKind.POST,
        StepKind.COMMIT,
        StepKind.REVEAL,
    ]
    assert [one for one in poster.bounties.all() if one.status == "open"] == []


def test_a_held_bounty_is_nobody_elses_until_it_expires_and_the_deposit_stays(
    poster, claimant, posted, seven
):
    found = claimant.bounties.watch(posted.record.txid, 0)
    held = claimant.bounties.commit(found, seven)
    assert not held.state.is_open
    with pytest.raises(ChainError, match="holds that bounty"):
        poster.bounties.commit(poster.bounties.all()[0], seven)
    with pytest.raises(ChainError, match="has not expired"):
        poster.bounties.reopen(poster.bounties.all()[0])
    with pytest.raises(ChainError, match="No commitment of yours"):
        poster.bounties.reveal(poster.bounties.all()[0])
    mine(poster, held.state.expires - height(poster))
    opened = poster.bounties.reopen(poster.bounties.all()[0])
    assert opened.state.is_open
    assert opened.place.value == REWARD + DEPOSIT
    with pytest.raises(ChainError, match="No commitment of yours"):
        claimant.bounties.reveal(claimant.bounties.all()[0])
    again = claimant.bounties.commit(claimant.bounties.all()[0], seven)
    assert again.place.value == REWARD + 2 * DEPOSIT
    assert claimant.bounties.reveal(again).ended_by.kind is StepKind.REVEAL


def test_the_poster_reclaims_an_open_bounty_after_its_last_block_only(poster, claimant, posted):
    theirs = claimant.bounties.watch(posted.record.txid, 0)
    with pytest.raises(ChainError, match="has not ended"):
        poster.bounties.reclaim(posted)
    mine(poster, 41)
    with pytest.raises(ChainError, match="another wallet's"):
        claimant.bounties.reclaim(theirs)
    ended = poster.bounties.reclaim(poster.bounties.all()[0])
    assert ended.ended_by.kind is StepKind.RECLAIM
    assert ended.ended_by.state is StepState.CONFIRMED
    assert poster.bounties.collected() == []


def test_the_poster_cannot_reclaim_a_bounty_that_a_claimant_holds(poster, claimant, compact, seven):
    posted = poster.bounties.post(compact, terms_for(compact, seven, poster, height(poster) + 3), REWARD)
    held = claimant.bounties.commit(claimant.bounties.watch(posted.record.txid, 0), seven)
    mine(poster, 6)
    with pytest.raises(ChainError, match="holds that bounty"):
        poster.bounties.reclaim(poster.bounties.all()[0])
    assert claimant.bounties.reveal(held, late=True).ended_by.kind is StepKind.REVEAL


def test_an_image_that_does_not_earn_it_is_not_sent(poster, claimant, compact, seven):
    exact = terms_for(compact, seven, poster, height(poster) + 40)
    for terms in (
        dataclasses.replace(exact, margin=exact.margin + 1),
        dataclasses.replace(exact, digit=(exact.digit + 1) % 10, margin=1),
    ):
        posted = poster.bounties.post(compact, terms, REWARD)
        found = claimant.bounties.watch(posted.record.txid, 0)
        with pytest.raises(ContractError, match="does not earn"):
            claimant.bounties.commit(found, seven)
        assert claimant.bounties.watch(posted.record.txid, 0).state.is_open


def test_an_image_is_not_shown_before_its_commitment_is_deep_enough_or_when_it_expires_soon(
    poster, claimant, posted, seven
):
    held = claimant.bounties.commit(claimant.bounties.watch(posted.record.txid, 0), seven)
    with pytest.raises(ChainError, match="not deep enough"):
        claimant.bounties.reveal(held, depth=3)
    assert claimant.bounties.blocks_to_wait(held, 3) == 2
    mine(claimant, WINDOW - 4)
    with pytest.raises(ChainError, match="expires too soon"):
        claimant.bounties.reveal(claimant.bounties.all()[0])
    late = claimant.bounties.reveal(claimant.bounties.all()[0], late=True)
    assert late.ended_by.kind is StepKind.REVEAL


def test_rewards_that_are_dust_and_ends_in_the_past_are_refused(poster, compact, seven):
    soon = terms_for(compact, seven, poster, height(poster))
    with pytest.raises(ContractError, match="ended already"):
        poster.bounties.post(compact, soon, REWARD)
    later = dataclasses.replace(soon, last_block=soon.last_block + 20)
    with pytest.raises(ContractError, match="worth too little"):
        poster.bounties.post(compact, later, 1)
    assert poster.bounties.all() == []


def test_a_bounty_that_leaves_no_time_to_reveal_is_a_trap_and_left_alone(
    poster, claimant, compact, seven, regtest
):
    short = terms_for(compact, seven, poster, height(poster) + 40, window=2)
    with pytest.raises(ContractError, match="expires too soon"):
        poster.bounties.post(compact, short, REWARD)
    coin = fresh_coin(regtest.rpc, regtest.wallet, REWARD + FEE)
    trap = pay(regtest.wallet, [coin], [(REWARD, compact.bounty(short).locking_script)])
    regtest.rpc.call("sendrawtransaction", trap.to_hex())
    found = claimant.bounties.watch(trap.hex_hash(), 0)
    with pytest.raises(ContractError, match="Its deposit would be lost"):
        claimant.bounties.commit(found, seven)


def test_only_real_bounties_are_found_by_an_outpoint(poster, claimant, posted, regtest, seven):
    named = claimant.bounties.named
    with pytest.raises(ChainError, match="does not know"):
        named("ab" * 32 + ":0")
    with pytest.raises(ChainError, match="names no bounty"):
        named("seven")
    with pytest.raises(ChainError, match="no bounty 7"):
        named("7")
    with pytest.raises(ChainError, match="network"):
        named(f"inkproof-bounty:main:{posted.record.txid}:0")
    for index in (1, 2, 99):
        with pytest.raises(ChainError, match="holds no bounty"):
            named(f"{posted.record.txid}:{index}")
    held = claimant.bounties.commit(named(poster.bounties.share(posted)), seven)
    with pytest.raises(ChainError, match="on its way"):
        poster.bounties.named(f"{held.place.txid}:0")


def test_a_model_too_big_for_a_default_policy_is_refused(poster, compact, seven):
    chosen = terms_for(compact, seven, poster, height(poster) + 20)
    with pytest.raises(ContractError, match="too big for a bounty"):
        reader_named("mlp").bounty(chosen)


REWARD_OF_LARGE = 60_000
"""Such a model's commit costs up to 31,000 at the embedded node's rate."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["cnn", *(pytest.param(name, marks=pytest.mark.exhaustive) for name in ("handwriting", "mlp-8bit"))],
)
def test_a_default_node_takes_every_step_of_a_bounty_of_a_large_model(poster, claimant, seven, name):
    reader = reader_named(name)
    chosen = terms_for(reader, seven, poster, height(poster) + 4, window=3)
    posted = poster.bounties.post(reader, chosen, REWARD_OF_LARGE)
    found = claimant.bounties.watch(posted.record.txid, 0)
    held = claimant.bounties.commit(found, seven)
    tx = Tx.from_bytes(held.steps[-1].raw_tx)
    assert 0 <= commit_size(posted.origin.bounty, len(tx.inputs) - 1) - tx.size() < 20
    mine(poster, 3)
    opened = poster.bounties.reopen(poster.bounties.all()[0])
    assert opened.status == "open"
    again = poster.bounties.post(
        reader, terms_for(reader, seven, poster, height(poster) + 40), REWARD_OF_LARGE
    )
    held = claimant.bounties.commit(claimant.bounties.watch(again.record.txid, 0), seven)
    assert claimant.bounties.reveal(held).status == "paid"
    mine(poster, 3)
    assert poster.bounties.reclaim(poster.bounties.named("1")).status == "reclaimed"
