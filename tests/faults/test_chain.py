"""Reorganisations: orphaned blocks, coins spent elsewhere, transactions that wait too long."""

from __future__ import annotations

import itertools
import time

import pytest
from bitcoinx import Script, Tx, TxInput, TxOutput, double_sha256, hex_str_to_hash, push_int

from app.chain.backends.base import Refusal
from app.chain.backends.node_transactions import send
from app.chain.backends.rpc import satoshis
from app.chain.funding import fund
from app.chain.ledger.records import DeploymentState, VerificationState
from app.chain.node.process import EmbeddedNode
from app.chain.reconcile import SOMEBODY_ELSE, reconcile
from app.chain.wallet.coins import Coin
from app.contract import SpendPlan, build_spend
from tests.chain.payments import pay
from tests.conftest import quiet
from tests.faults import world

SEEDS = itertools.count(2_000)


@pytest.fixture
def opened(kept):
    with world.service() as service:
        service.prepare(quiet)
        yield service
        world.check_coins(service)


def state(opened, txid: str):
    return opened.ledger.verification_of(txid)


def look(opened) -> None:
    """What the ledger makes of the chain as it is, without mining."""
    reconcile(opened.connection.backend, opened.ledger, opened.connection.chain_id)


def remine(opened) -> None:
    """A block in the place of an orphaned one. It holds one payment more, else it would be identical."""
    backend, wallet = opened.connection.backend, opened.connection.wallet
    coins = fund(backend, wallet, 60_000, quiet)
    tx = pay(wallet, coins, [(next(SEEDS), bytes(wallet.locking_script))])
    assert send(opened.connection.rpc, tx.to_bytes()).accepted
    backend.mine(wallet.address, 1)


def test_a_verification_follows_its_block_when_that_is_orphaned(opened):
    """Confirmed, waiting again, and confirmed in another block."""
    verdict = world.claim(opened, next(SEEDS))
    rpc = opened.connection.rpc
    rpc.call("invalidateblock", verdict.block_hash)
    look(opened)
    assert state(opened, verdict.txid).state is VerificationState.ACCEPTED
    assert state(opened, verdict.txid).block_hash is None
    remine(opened)
    look(opened)
    again = state(opened, verdict.txid)
    assert again.state is VerificationState.CONFIRMED
    assert again.block_hash != verdict.block_hash
    assert rpc.call("getblockhash", again.block_height) == again.block_hash


def test_a_block_orphaned_before_the_next_claim_is_noticed_after_it(opened):
    """The next claim gets into a higher block of the new branch. That it stands must not hide the other."""
    verdict = world.claim(opened, next(SEEDS))
    rpc = opened.connection.rpc
    rpc.call("invalidateblock", verdict.block_hash)
    remine(opened)
    later = world.claim(opened, next(SEEDS))
    look(opened)
    again = state(opened, verdict.txid)
    assert again.state is VerificationState.CONFIRMED
    assert again.block_height < later.block_height
    assert rpc.call("getblockhash", again.block_height) == again.block_hash != verdict.block_hash


def test_all_verifications_of_the_orphaned_blocks_follow_and_those_below_stay(opened):
    verdicts = [world.claim(opened, next(SEEDS)) for _ in range(4)]
    opened.connection.rpc.call("invalidateblock", verdicts[1].block_hash)
    look(opened)
    found = [state(opened, verdict.txid).state for verdict in verdicts]
    assert found == [VerificationState.CONFIRMED] + [VerificationState.ACCEPTED] * 3
    remine(opened)
    opened.resume()
    found = [state(opened, verdict.txid).state for verdict in verdicts]
    assert found == [VerificationState.CONFIRMED] * 4


def test_one_question_is_enough_where_no_block_was_orphaned(opened, monkeypatch):
    for _ in range(3):
        world.claim(opened, next(SEEDS))
    asked = []
    find = type(opened.connection.backend).find
    monkeypatch.setattr(
        type(opened.connection.backend), "find", lambda self, txid: asked.append(txid) or find(self, txid)
    )
    stood, stands = [], type(opened.connection.backend).stands
    monkeypatch.setattr(
        type(opened.connection.backend),
        "stands",
        lambda self, block: stood.append(block) or stands(self, block),
    )
    records = world.verifications(opened.ledger)
    confirmed = {record.txid for record in records if record.state is VerificationState.CONFIRMED}
    look(opened)
    assert not confirmed.intersection(asked)
    assert len(stood) == 1


def test_a_verification_that_the_other_branch_spent_otherwise_is_lost_and_says_so(opened):
    """The block is orphaned, and another spend of the same instance gets into the next one."""
    opened.connection.backend.mine(opened.connection.wallet.address, 1)
    verdict = world.claim(opened, next(SEEDS))
    rpc, wallet = opened.connection.rpc, opened.connection.wallet
    record = state(opened, verdict.txid)
    parent = opened.ledger.deployment(record.deployment_id)
    plan = SpendPlan(parent.txid, parent.output_index, parent.value, 400, wallet.locking_script.to_bytes())
    image = world.picture(next(SEEDS))
    rival = build_spend(opened.contract, plan, world.readings(image).fixed_digit, image, wallet.key)
    rpc.call("invalidateblock", verdict.block_hash)
    candidate_block_with(rpc, wallet, rival.to_bytes().hex())
    look(opened)
    lost = state(opened, verdict.txid)
    assert lost.state is VerificationState.LOST
    assert lost.reason
    parent_now = opened.ledger.deployment(parent.id)
    assert parent_now.state is DeploymentState.SPENT


def candidate_block_with(rpc, wallet, raw: str) -> None:
    """Mine a block that holds this transaction and nothing else of what waits."""
    height = rpc.call("getblockcount") + 1
    previous = rpc.call("getbestblockhash")
    header = rpc.call("getblockheader", previous)
    template_time = max(int(time.time()), header["mediantime"] + 1, header["time"] + 1)
    subsidy = 50 * 10**8 >> height // 150
    tx = Tx.from_hex(raw)
    spent = rpc.call("getrawtransaction", tx.inputs[0].prev_hash[::-1].hex(), 1)
    fee = satoshis(spent["vout"][tx.inputs[0].prev_idx]["value"]) - tx.total_output_value()
    entry = TxInput(bytes(32), 0xFFFFFFFF, Script(push_int(height) + b"\x05rival"), 0xFFFFFFFF)
    coinbase = Tx(1, [entry], [TxOutput(subsidy + fee, wallet.locking_script)], 0)
    root = double_sha256(coinbase.hash() + tx.hash())
    bits = int(header["bits"], 16)
    target = (bits & 0xFFFFFF) << 8 * ((bits >> 24) - 3)
    for nonce in range(2**32):
        head = (
            (0x20000000).to_bytes(4, "little")
            + hex_str_to_hash(previous)
            + root
            + template_time.to_bytes(4, "little")
            + bits.to_bytes(4, "little")
            + nonce.to_bytes(4, "little")
        )
        if int.from_bytes(double_sha256(head), "little") <= target:
            break
    block = head + b"\x02" + coinbase.to_bytes() + tx.to_bytes()
    assert rpc.call("submitblock", block.hex()) is None


def test_a_missing_deployment_is_sent_again_when_the_node_forgot_it(opened):
    """A branch without it, and a node without memory: the same bytes make the same instance."""
    rpc = opened.connection.rpc
    deployment = opened.prepare(quiet)
    opened.connection.backend.mine(opened.connection.wallet.address, 1)
    look(opened)
    assert opened.ledger.deployment(deployment.id).state is DeploymentState.CONFIRMED
    block = opened.connection.backend.find(deployment.txid).block_hash
    rpc.call("invalidateblock", block)
    assert opened.prepare(quiet).id == deployment.id
    remine(opened)
    assert world.claim(opened, next(SEEDS)).accepted


def test_a_claim_in_conflict_with_a_waiting_one_goes_to_another_instance(opened, monkeypatch):
    """Another program with the same key spends it between our look and our sending."""
    backend = type(opened.connection.backend)
    real, wallet = backend.send, opened.connection.wallet
    deployment = opened.prepare(quiet)
    plan = SpendPlan(
        deployment.txid, deployment.output_index, deployment.value, 500, bytes(wallet.locking_script)
    )
    image = world.picture(next(SEEDS))
    rival = build_spend(opened.contract, plan, world.readings(image).fixed_digit, image, wallet.key)
    answers = []

    def second(self, raw, spent=()):
        if not answers:
            assert send(opened.connection.rpc, rival.to_bytes()).accepted
        answers.append(real(self, raw, spent))
        return answers[-1]

    monkeypatch.setattr(backend, "send", second)
    seed = next(SEEDS)
    assert world.claim(opened, seed).block_height is not None
    assert answers[0].refusal in (Refusal.CONFLICT, Refusal.MISSING_INPUTS)
    found = [r.state for r in world.records() if r.image == world.picture(seed)]
    assert found == [VerificationState.ERROR, VerificationState.CONFIRMED]
    assert opened.ledger.deployment(deployment.id).reason == SOMEBODY_ELSE


def test_a_node_of_the_same_chain_that_does_not_know_us_yet_takes_nothing_back(bitcoind, home):
    """Without an index of transactions (a node's default), and with a wallet that never heard of us."""
    plain = ["txindex=0"]
    node = EmbeddedNode("regtest", extra_flags=plain)
    node.start(quiet)
    with world.service(world.choice_of(node)) as opened:
        backend, wallet = opened.connection.backend, opened.connection.wallet
        for _ in range(3):
            assert world.claim(opened, next(SEEDS)).block_height is not None
        # Their outputs are spent: the node would say of each that its inputs are missing.
        moved = pay(wallet, backend.coins(wallet), [])
        assert send(opened.connection.rpc, moved.to_bytes()).accepted
        backend.mine(wallet.address, 1)
    node.stop()
    EmbeddedNode("regtest", extra_flags=[*plain, "wallet=other.dat"]).start(quiet)
    with world.service(world.choice_of(node)) as opened:
        assert [record.state for record in world.records()] == [VerificationState.CONFIRMED] * 3
        world.check(opened)


def test_a_fee_that_the_node_does_not_believe_is_refused_and_costs_nothing(opened):
    """The other end of a wrong fee, which a private chain really refuses."""
    rpc, wallet = opened.connection.rpc, opened.connection.wallet
    coins = fund(opened.connection.backend, wallet, 4 * 10**9, quiet)
    answer = send(rpc, pay(wallet, coins, [(10_000, bytes(wallet.locking_script))], fee=3 * 10**9).to_bytes())
    assert not answer.accepted
    assert answer.refusal is Refusal.FEE
    assert fund(opened.connection.backend, wallet, 4 * 10**9, quiet) == coins


def test_submitting_the_same_drawing_twice_on_purpose_makes_two_and_each_is_whole(opened):
    seed = next(SEEDS)
    one, two = world.claim(opened, seed), world.claim(opened, seed)
    assert one.txid != two.txid
    assert one.block_height != two.block_height


def test_a_long_chain_of_waiting_transactions_is_cut_by_a_block_where_blocks_are_ours(bitcoind, home):
    """A real node that takes three in a row. All coins hang on the third: what comes next is refused once."""
    node = EmbeddedNode("regtest", extra_flags=["limitancestorcount=3"])
    node.start(quiet)
    with world.service() as opened:
        backend, wallet, rpc = opened.connection.backend, opened.connection.wallet, opened.connection.rpc
        fund(backend, wallet, 1_000_000, quiet)
        tx = pay(wallet, backend.coins(wallet), [])
        for _ in range(3):
            assert send(rpc, tx.to_bytes()).accepted
            tx = pay(wallet, [Coin(tx.hex_hash(), 0, tx.outputs[0].value, 0)], [])
        refused = send(rpc, tx.to_bytes())
        assert refused.refusal is Refusal.LONG_CHAIN, refused.reason
        height = backend.tip().height
        assert opened.prepare(quiet).state is DeploymentState.SENT
        assert backend.tip().height == height + 1
        assert world.claim(opened, next(SEEDS)).block_height is not None
        world.check(opened)
