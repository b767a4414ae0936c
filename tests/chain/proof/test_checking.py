"""What a proof file proves by itself, with headers, and with a chain; and what is refused."""

from __future__ import annotations

import dataclasses
import random

import pytest
from bitcoinx import Tx, hex_str_to_hash

from app.chain.proof.beef import Beef, Member
from app.chain.proof.checking import BlockState, check
from app.chain.proof.headers import Header, read_headers
from app.chain.proof.making import make_proof
from app.chain.proof.merkle import MerklePath
from app.errors import InkproofError, ProofError
from tests.chain.proof.conftest import small_model
from tests.sizes import sized


def test_a_file_alone_proves_the_claim_and_leaves_the_block_open(claimed):
    found = check(claimed.data, claimed.candidates())
    seen = found.examination
    assert (seen.claim.image, seen.claim.digit) == (claimed.image, claimed.verdict.claimed)
    assert (seen.txid, found.proved, seen.known, seen.accepted) == (claimed.verdict.txid, True, True, True)
    assert (found.block_state, found.block_height) == (BlockState.OPEN, claimed.verdict.block_height)


def test_headers_that_hold_the_merkle_root_show_the_block_and_what_follows_it(claimed):
    headers = read_headers(claimed.proof.headers)
    found = check(claimed.data, claimed.candidates(), headers)
    assert (found.block_state, found.block_hash) == (BlockState.FOUND, claimed.verdict.block_hash)
    assert (found.buried, found.work) == (len(headers) - 1, 2 * len(headers))
    assert found.buried >= 2


def test_headers_without_the_merkle_root_contradict_the_block(claimed):
    found = check(claimed.data, claimed.candidates(), read_headers(claimed.proof.headers[80:]))
    assert (found.block_state, found.proved) == (BlockState.CONTRADICTED, False)


def test_a_chain_that_is_asked_shows_the_block_or_contradicts_it(regtest, claimed):
    shown = check(claimed.data, claimed.candidates(), header_at=regtest.backend.header)
    assert (shown.block_state, shown.block_hash) == (BlockState.FOUND, claimed.verdict.block_hash)
    for other in (lambda height: None, lambda height: regtest.backend.header(height + 1)):
        found = check(claimed.data, claimed.candidates(), header_at=other)
        assert (found.block_state, found.proved) == (BlockState.CONTRADICTED, False)


def test_a_model_that_is_not_known_proves_nothing(claimed):
    found = check(claimed.data, [])
    assert (found.proved, found.examination.known, found.examination.judgement) == (False, False, None)
    other = dataclasses.replace(claimed, model=small_model(32))
    assert not check(claimed.data, other.candidates()).proved


def test_a_file_made_before_a_block_says_so_and_can_be_completed(regtest, claimed):
    class Waiting:
        """The chain as it was before any block held the claim."""

        def find(self, txid):
            found = regtest.backend.find(txid)
            return dataclasses.replace(found, block_hash=None, block_height=None)

    early = make_proof(Waiting(), claimed.verdict.txid, {}).beef.to_bytes()
    found = check(early, claimed.candidates())
    assert (found.proved, found.block_state, found.block_height) == (True, BlockState.NONE, None)
    known = {member.tx.hex_hash(): member.raw for member in Beef.parse(early).members}
    assert make_proof(regtest.backend, claimed.verdict.txid, known).beef.to_bytes() == claimed.data


def test_bytes_that_the_chain_no_longer_gives_come_from_the_ledger(regtest, claimed):
    class Forgetful:
        """A chain that knows where a transaction is, and has dropped its bytes."""

        def find(self, txid):
            return dataclasses.replace(regtest.backend.find(txid), raw=b"")

        block_proof = staticmethod(regtest.backend.block_proof)

    with pytest.raises(ProofError, match="does not show"):
        make_proof(Forgetful(), claimed.verdict.txid, {})
    known = {member.tx.hex_hash(): member.raw for member in claimed.proof.beef.members}
    assert make_proof(Forgetful(), claimed.verdict.txid, known).beef.to_bytes() == claimed.data


# --- files that lie ---


def test_the_merkle_path_of_another_transaction_is_refused(claimed):
    parent, claim = claimed.proof.beef.members
    foreign = MerklePath.of_branch(7, 1, b"\x07" * 32, (b"\x08" * 32, None))
    for member in (parent, claim):
        paths = list(claimed.proof.beef.paths)
        paths[member.path] = foreign
        with pytest.raises(ProofError, match="is for another transaction"):
            Beef.parse(Beef(tuple(paths), (parent, claim)).to_bytes())


def test_a_second_spend_of_the_contract_hidden_in_the_file_is_refused(claimed):
    parent, claim = claimed.proof.beef.members
    twin = claim.tx
    twin.outputs[0].value -= 1
    hidden = Beef(claimed.proof.beef.paths, (parent, Member(twin.to_bytes(), None), claim))
    with pytest.raises(ProofError, match=r"nothing to do with the claim|spend output"):
        Beef.parse(hidden.to_bytes())


def test_a_transaction_without_its_parent_is_refused(claimed):
    alone = Beef(claimed.proof.beef.paths, (claimed.proof.beef.subject,))
    with pytest.raises(ProofError, match="does not hold what"):
        check(alone.to_bytes(), claimed.candidates())


def test_a_child_before_its_parent_is_refused(claimed):
    parent, claim = claimed.proof.beef.members
    with pytest.raises(ProofError):
        Beef.parse(Beef(claimed.proof.beef.paths, (claim, parent)).to_bytes())


def test_a_changed_image_is_another_transaction_and_its_path_does_not_hold_it(claimed):
    parent, claim = claimed.proof.beef.members
    raw = claim.raw.replace(claimed.image, bytes(784))
    assert raw != claim.raw
    forged = Beef(claimed.proof.beef.paths, (parent, Member(raw, claim.path)))
    with pytest.raises(ProofError, match="is for another transaction"):
        Beef.parse(forged.to_bytes())
    unconfirmed = Beef(claimed.proof.beef.paths, (parent, Member(raw, None)))
    assert not check(unconfirmed.to_bytes(), claimed.candidates()).proved


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "ends too early"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not a proof file"),
        (bytes.fromhex("0100beef" + "ff" * 9), "more than it can hold"),
        (bytes.fromhex("0100beef00" + "fe00000001"), "more than it can hold"),
        (bytes.fromhex("0100beef0000"), "no transaction"),
        (bytes.fromhex("0100beef00fd0100"), "longer form"),
        (bytes.fromhex("0200beef000102" + "00" * 32), "without holding it"),
    ],
)
def test_what_is_no_proof_file_is_refused_in_a_sentence(data, words):
    with pytest.raises(ProofError, match=words):
        Beef.parse(data)


def test_a_file_that_is_too_large_is_refused_unread():
    with pytest.raises(ProofError, match="at most"):
        Beef.parse(bytes(33 * 1024 * 1024))


def test_headers_without_work_or_link_are_refused(claimed):
    good = claimed.proof.headers
    with pytest.raises(ProofError, match="80 bytes"):
        read_headers(good[:-1])
    with pytest.raises(ProofError, match="does not follow"):
        read_headers(good[:80] + good[:80])
    hard = bytearray(good[:80])
    hard[72:76] = bytes.fromhex("ffff001d")  # the work of block 1 of mainnet
    with pytest.raises(ProofError, match="lacks its work"):
        read_headers(bytes(hard))
    none = bytearray(good[:80])
    none[72:76] = bytes(4)
    assert Header(bytes(none)).work == 0
    with pytest.raises(ProofError, match="lacks its work"):
        read_headers(bytes(none))


@sized("count", 60, 1_500)
def test_damaged_files_prove_nothing_else(claimed, count):
    """Bytes changed, cut, doubled: each is refused, or says the same of the claim as the whole file.

    A Merkle path commits to the root, not to the height beside it: a changed height is left, and contradicted
    by a chain that is asked.
    """
    random_ = random.Random(7)
    whole = check(claimed.data, claimed.candidates())
    chain = {claimed.verdict.block_height: claimed.proof.headers[:80]}
    refused = 0
    small = [place for place in range(len(claimed.data)) if place < 400 or place > len(claimed.data) - 1_200]
    for _ in range(count):
        data = bytearray(claimed.data)
        place = random_.choice(small)
        match random_.randrange(4):
            case 0:
                data[place] ^= 1 << random_.randrange(8)
            case 1:
                del data[place : place + random_.randrange(1, 40)]
            case 2:
                data[place:place] = data[place : place + random_.randrange(1, 40)]
            case _:
                data[place] = random_.randrange(256)
        try:
            found = check(bytes(data), claimed.candidates(), header_at=chain.get)
        except InkproofError:
            refused += 1
            continue
        if found.proved:
            assert found.examination == dataclasses.replace(
                whole.examination, judgement=found.examination.judgement
            )
            assert found.block_state in (BlockState.FOUND, BlockState.NONE)
    assert refused > 0.86 * count


def test_a_coinbase_is_no_claim(regtest):
    block = regtest.rpc.call("getblockhash", 1)
    txid = regtest.rpc.call("getblock", block)["tx"][0]
    raw = regtest.backend.find(txid).raw
    told = regtest.backend.block_proof(txid, block)
    path = MerklePath.of_branch(told.height, told.index, hex_str_to_hash(txid), told.branch)
    assert path.root == told.header[36:68]
    with pytest.raises(ProofError, match="does not hold what"):
        check(Beef((path,), (Member(raw, 0),)).to_bytes(), [])
    assert Tx.from_bytes(raw).is_coinbase()
