"""What was recorded is settled by the next run: after a kill at any point, and when a block is orphaned."""

from __future__ import annotations

import pytest
from bitcoinx import Tx

from app.chain.backends.base import Refusal, Sent
from app.chain.bounty import service
from app.chain.bounty.settling import TOO_LATE, settle
from app.chain.ledger.bounties import StepKind, StepState
from app.contract.bounty import recognise
from app.errors import ChainError
from tests.chain.bounty.conftest import CHAIN, DEPOSIT, REWARD, WINDOW, height, mine, person, terms_for


class Killed(BaseException):
    """Stands for the end of the process: nothing that follows in the program is run."""


@pytest.fixture
def killed(monkeypatch):
    """Let a person's next transaction end her program: before it is sent, or after it, unanswered."""

    def prepare(one, *, after: bool):
        backend = one.bounties.connection.backend
        send = backend.send

        def strike(raw, spent=()):
            if after:
                send(raw, spent)
            raise Killed

        monkeypatch.setattr(backend, "send", strike)

    return prepare


def again(regtest, tmp_path, name):
    """The same person's program, started once more."""
    return person(regtest, tmp_path / name)


@pytest.mark.parametrize(
    "after", [pytest.param(False, id="before", marks=pytest.mark.exhaustive), pytest.param(True, id="after")]
)
def test_every_step_survives_a_kill_before_and_after_it_is_sent(
    regtest, tmp_path, compact, seven, killed, after
):
    def struck(name, act):
        with again(regtest, tmp_path, name) as one:
            killed(one, after=after)
            with pytest.raises(Killed):
                act(one.bounties)
        with again(regtest, tmp_path, name) as one:
            (left,) = one.bounties.book.open_steps(CHAIN)
            assert left.state is StepState.PREPARED
            one.bounties.resume()
            return one.bounties.all()[0], left

    with again(regtest, tmp_path, "anna") as anna:
        terms = terms_for(compact, seven, anna, height(anna) + 30)
    standing, left = struck("anna", lambda b: b.post(compact, terms, REWARD))
    assert (standing.status, standing.steps[0].txid) == ("open", left.txid)
    assert standing.steps[0].state is StepState.CONFIRMED
    with again(regtest, tmp_path, "ben") as ben:
        ben.bounties.watch(standing.record.txid, 0)
    held, left = struck("ben", lambda b: b.commit(b.all()[0], seven))
    assert (held.status, held.steps[-1].txid) == ("committed", left.txid)
    assert held.place.value == REWARD + DEPOSIT
    paid, left = struck("ben", lambda b: b.reveal(b.all()[0]))
    assert (paid.status, paid.ended_by.txid) == ("paid", left.txid)
    with again(regtest, tmp_path, "anna") as anna:
        assert [one.image for one in anna.bounties.collected()] == [seven]


@pytest.mark.parametrize(
    "after", [pytest.param(False, id="before"), pytest.param(True, id="after", marks=pytest.mark.exhaustive)]
)
def test_reopening_and_reclaiming_survive_a_kill_too(regtest, poster, compact, seven, killed, after):
    terms = terms_for(compact, seven, poster, height(poster) + 4, window=3)
    poster.bounties.post(compact, terms, REWARD)
    bounties, backend = poster.bounties, poster.bounties.connection.backend
    bounties.commit(bounties.all()[0], seven)
    mine(poster, 6)
    for act, status in ((bounties.reopen, "open"), (bounties.reclaim, "reclaimed")):
        send = backend.send
        killed(poster, after=after)
        with pytest.raises(Killed):
            act(bounties.all()[0])
        backend.send = send
        bounties.resume()
        assert bounties.all()[0].status == status


def test_a_commitment_that_was_never_sent_is_given_up_when_its_time_runs_out(
    poster, claimant, compact, seven, killed
):
    posted = poster.bounties.post(compact, terms_for(compact, seven, poster, height(poster) + 40), REWARD)
    bounties = claimant.bounties
    send = bounties.connection.backend.send
    found = bounties.watch(posted.record.txid, 0)
    killed(claimant, after=False)
    with pytest.raises(Killed):
        bounties.commit(found, seven)
    bounties.connection.backend.send = send
    mine(poster, WINDOW // 2 + 1)
    before = claimant.coins
    bounties.resume()
    step = bounties.book.steps(found.record.id)[-1]
    assert (step.kind, step.state, step.reason) == (StepKind.COMMIT, StepState.LOST, TOO_LATE)
    assert claimant.coins == before
    assert bounties.all()[0].status == "open"


def test_what_an_orphaned_block_had_confirmed_is_sent_again(regtest, poster, claimant, compact, seven):
    posted = poster.bounties.post(compact, terms_for(compact, seven, poster, height(poster) + 40), REWARD)
    bounties = claimant.bounties
    held = bounties.commit(bounties.watch(posted.record.txid, 0), seven)
    block = held.steps[-1].block_hash
    regtest.rpc.call("invalidateblock", block)
    try:
        settle(bounties.connection.backend, claimant.bounties.ledger, CHAIN)
        step = bounties.all()[0].steps[-1]
        assert (step.txid, step.state) == (held.steps[-1].txid, StepState.SENT)
        with pytest.raises(ChainError, match="not deep enough"):
            bounties.reveal(bounties.all()[0])
        mine(poster, 2)  # the claimant's own block would be identical to the orphaned one
        assert bounties.reveal(bounties.all()[0]).status == "paid"
    finally:
        regtest.rpc.call("reconsiderblock", block)


def test_a_step_in_an_orphaned_block_is_followed_though_a_later_one_stands(
    regtest, poster, claimant, compact, seven, killed
):
    one, two = (
        poster.bounties.post(compact, terms_for(compact, seven, poster, height(poster) + 40), REWARD)
        for _ in range(2)
    )
    bounties = claimant.bounties
    backend = bounties.connection.backend
    block = bounties.commit(bounties.watch(one.record.txid, 0), seven).steps[-1].block_hash
    later, send = bounties.watch(two.record.txid, 0), backend.send
    regtest.rpc.call("invalidateblock", block)
    try:
        killed(claimant, after=True)
        with pytest.raises(Killed):
            bounties.commit(later, seven)
        backend.send = send
        mine(poster, 2)
        assert bounties.watch(two.record.txid, 0).status == "committed"
        settle(backend, bounties.ledger, CHAIN)
        step = bounties.book.steps(bounties.book.find(CHAIN, one.record.txid, 0).id)[-1]
        assert step.block_hash == backend.find(step.txid).block_hash != block
    finally:
        regtest.rpc.call("reconsiderblock", block)


def test_a_faster_claimant_leaves_nothing_of_ours_open(poster, claimant, compact, seven, killed):
    posted = poster.bounties.post(compact, terms_for(compact, seven, poster, height(poster) + 40), REWARD)
    found = claimant.bounties.watch(posted.record.txid, 0)
    send = claimant.bounties.connection.backend.send
    killed(claimant, after=False)
    with pytest.raises(Killed):
        claimant.bounties.commit(found, seven)
    claimant.bounties.connection.backend.send = send
    poster.bounties.commit(poster.bounties.all()[0], seven)
    before = claimant.coins
    claimant.bounties.resume()
    standing = claimant.bounties.all()[0]
    assert (standing.status, standing.held_by_us) == ("committed", False)
    assert claimant.bounties.book.open_steps(CHAIN) == []
    assert claimant.coins == before


def test_whoever_copies_a_commitment_pays_the_deposit_for_its_maker(
    poster, claimant, compact, seven, killed, monkeypatch
):
    posted = poster.bounties.post(compact, terms_for(compact, seven, poster, height(poster) + 40), REWARD)
    found = claimant.bounties.watch(posted.record.txid, 0)
    send = claimant.bounties.connection.backend.send
    killed(claimant, after=False)
    with pytest.raises(Killed):
        claimant.bounties.commit(found, seven)
    claimant.bounties.connection.backend.send = send
    seen = claimant.bounties.book.steps(found.record.id)[-1]
    # The poster has seen the hash in the mempool, and is faster with it.
    copied = recognise(Tx.from_bytes(seen.raw_tx).outputs[0].script_pubkey.to_bytes()).state.commitment
    monkeypatch.setattr(service, "commitment_to", lambda *_: copied)
    held = poster.bounties.commit(poster.bounties.all()[0], seven)
    monkeypatch.undo()
    with pytest.raises(ChainError, match="would refuse this step"):
        poster.bounties.reveal(held)
    claimant.bounties.resume()
    before = claimant.coins
    paid = claimant.bounties.reveal(claimant.bounties.all()[0])
    assert paid.status == "paid"
    assert claimant.coins == before + REWARD + DEPOSIT - paid.ended_by.fee


def test_a_post_that_was_refused_is_not_in_the_list(poster, compact, seven, monkeypatch):
    backend = poster.bounties.connection.backend
    terms = terms_for(compact, seven, poster, height(poster) + 40)
    refusal = Sent(False, "", "min relay fee not met", Refusal.FEE)
    with monkeypatch.context() as patched:
        patched.setattr(backend, "send", lambda raw, spent=(): refusal)
        with pytest.raises(ChainError, match="refused to post the bounty"):
            poster.bounties.post(compact, terms, REWARD)
    assert poster.bounties.all() == []
    # The same coins make the same transaction: it is the same record, sent now.
    assert poster.bounties.post(compact, terms, REWARD).status == "open"
    assert len(poster.bounties.book.all(CHAIN)) == 1
