"""The record of bounties: written whole, moved by the steps that exist, read back as it was written."""

from __future__ import annotations

import sqlite3

import pytest

from app.chain.ledger.bounties import BountyBook, NewBounty, NewStep, StepKind, StepState
from app.chain.ledger.store import Ledger
from app.errors import DamagedLedgerError, LedgerError

CHAIN = "regtest@0000"
IMAGE, SALT = bytes(range(196)) * 4, b"\x07" * 32


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def book(path):
    with Ledger(path) as ledger:
        yield BountyBook(ledger)


def bounty(txid: str = "ab" * 32, **changes) -> NewBounty:
    values = {"chain_id": CHAIN, "txid": txid, "output_index": 0, "model_sha256": "cd" * 32}
    return NewBounty(**{**values, "posted_here": True, **changes})


def step(kind: StepKind = StepKind.POST, txid: str = "ab" * 32, **changes) -> NewStep:
    return NewStep(**{"kind": kind, "txid": txid, "spends": "", "raw_tx": b"\x01", "value": 5_000, **changes})


def test_a_bounty_and_its_post_are_recorded_together_and_once(book, path):
    record, post = book.add(bounty(), step())
    assert (post.bounty_id, post.state, post.ours) == (record.id, StepState.PREPARED, True)
    assert book.add(bounty(), step()) == (record, post)
    assert book.all(CHAIN) == [record]
    assert book.all("regtest@1111") == []
    assert book.find(CHAIN, record.txid, 0) == record
    assert book.find(CHAIN, record.txid, 1) is None
    with Ledger(path) as again:
        assert BountyBook(again).steps(record.id) == [post]


def test_image_and_salt_of_a_commitment_are_kept(book):
    record, _ = book.add(bounty(), step())
    made = step(StepKind.COMMIT, "ef" * 32, spends="ab" * 32 + ":0", image=IMAGE, salt=SALT, fee=20)
    kept = book.add_step(record.id, made)
    assert (kept.image, kept.salt, kept.fee, kept.spends) == (IMAGE, SALT, 20, made.spends)
    assert book.steps(record.id)[1] == kept


@pytest.mark.parametrize("wrong", [{"image": b"\x01"}, {"salt": b"\x01" * 31}, {"value": -1}, {"txid": "ab"}])
def test_invalid_records_are_refused(book, wrong):
    record, _ = book.add(bounty(), step())
    with pytest.raises(LedgerError):
        book.add_step(record.id, step(StepKind.COMMIT, **{"txid": "ef" * 32, **wrong}))
    assert len(book.steps(record.id)) == 1


def test_steps_move_as_the_chain_does_and_no_other_way(book):
    _, post = book.add(bounty(), step())
    block = {"block_hash": "11" * 32, "block_height": 7}
    assert book.mark(post.id, StepState.SENT).holds
    assert book.mark(post.id, StepState.CONFIRMED, **block).block_height == 7
    assert book.open_steps(CHAIN) == []
    assert [one.id for one in book.newest_confirmed(CHAIN)] == [post.id]
    back = book.mark(post.id, StepState.SENT)
    assert (back.block_hash, back.block_height) == (None, None)
    assert not book.mark(post.id, StepState.LOST, reason="gone").holds
    with pytest.raises(LedgerError, match="cannot become refused"):
        book.mark(post.id, StepState.REFUSED)
    with pytest.raises(LedgerError, match="has a block"):
        book.mark(post.id, StepState.CONFIRMED)
    with pytest.raises(LedgerError, match="has a block"):
        book.mark(post.id, StepState.SENT, **block)
    with pytest.raises(LedgerError, match="no step 99"):
        book.mark(99, StepState.SENT)
    with pytest.raises(LedgerError, match="no bounty 99"):
        book.add_step(99, step())


def test_the_same_transaction_once_more_is_the_same_record_prepared_again(book):
    record, _ = book.add(bounty(), step())
    made = step(StepKind.REVEAL, "ef" * 32)
    first = book.add_step(record.id, made)
    book.mark(first.id, StepState.REFUSED, reason="busy")
    again = book.add_step(record.id, made)
    assert (again.id, again.state) == (first.id, StepState.PREPARED)
    book.mark(first.id, StepState.SENT)
    assert book.add_step(record.id, made).state is StepState.SENT


def test_a_damaged_record_is_said_to_be_damaged(book, path):
    record, _ = book.add(bounty(), step())
    with sqlite3.connect(path) as db:
        db.execute("UPDATE bounty_steps SET created = 'never'")
    with pytest.raises(DamagedLedgerError):
        book.steps(record.id)
