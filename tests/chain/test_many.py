"""Many claims at once on a real node: one block for all, and each made once, whatever fails on the way."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from app.chain import many
from app.chain import service as services
from app.chain.backends.node import NodeBackend
from app.chain.backends.node_transactions import find_transaction, send
from app.chain.backends.rpc import MAX_ANSWER, Rpc
from app.chain.connection import Connection
from app.chain.ledger.records import DeploymentState, VerificationState
from app.chain.ledger.store import Ledger
from app.chain.many import NewClaim, submit_many
from app.chain.service import Readings, Service
from app.contract import SpendPlan, build_spend
from app.errors import ChainError, InkproofError, UnreachableError
from app.fixedpoint import quantise
from tests.conftest import quiet
from tests.contract.programs import contract_of

CONFIRMED, REFUSED = VerificationState.CONFIRMED, VerificationState.REFUSED


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(31)
    return quantise(
        [(rng.normal(0, 0.05, (784, 3)), rng.normal(size=3)), (rng.normal(size=(3, 10)), np.zeros(10))]
    )


@pytest.fixture
def service(regtest, model, tmp_path):
    first = regtest.rpc.call("getblockhash", 1)
    connection = Connection(regtest.backend, regtest.wallet.network, regtest.wallet, f"regtest@{first[:16]}")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield Service(contract_of(model, regtest.wallet.pubkeyhash), connection, ledger, services.never)


@pytest.fixture
def claims(model):
    """Claims about pictures of these numbers; those in `false` claim another digit than the model reads."""

    def make(numbers, false=()) -> list[NewClaim]:
        made = []
        for number in numbers:
            pixels = np.random.default_rng(number).integers(0, 256, 784, dtype=np.uint8)
            fixed = model.read(pixels)
            digit = (fixed.digit + (number in false)) % 10
            told = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            made.append(NewClaim(f"{number}.png", pixels.tobytes(), digit, told))
        return made

    return make


def answers(service, claims) -> list:
    return [answer for _, answer in submit_many(service, claims, quiet)]


def once_each(service, claims) -> None:
    """Every claim is in a block, by one record."""
    taken = [record.image for record in service.ledger.history(1_000) if record.state is CONFIRMED]
    assert Counter(taken) == Counter(claim.image for claim in claims)


def test_a_batch_is_in_one_block_in_the_order_of_its_claims(service, claims):
    made = claims(range(8))
    pairs = list(submit_many(service, made, quiet))
    assert [claim for claim, _ in pairs] == made
    verdicts = [verdict for _, verdict in pairs]
    assert all(verdict.accepted for verdict in verdicts)
    assert len({verdict.block_hash for verdict in verdicts}) == 1
    for verdict in verdicts:
        found = find_transaction(service.connection.rpc, verdict.txid)
        assert (found.block_hash, found.block_height) == (verdict.block_hash, verdict.block_height)
    records = service.ledger.history(10)[::-1]
    assert [record.image_name for record in records] == [claim.name for claim in made]
    once_each(service, made)


def test_instances_are_deployed_several_per_transaction_and_none_is_left(service, claims):
    answers(service, claims(range(20, 28)))
    records = service.ledger.history(10)
    parents = {service.ledger.deployment(record.deployment_id).txid for record in records}
    assert len(parents) == 1
    assert service.ledger.open_deployments(service.connection.chain_id) == []


def test_batches_follow_each_other(service, claims, monkeypatch):
    monkeypatch.setattr(many, "BATCH", 4)
    made = claims(range(40, 50))
    verdicts = answers(service, iter(made))
    assert [verdict.accepted for verdict in verdicts] == [True] * 10
    assert len({verdict.block_height for verdict in verdicts}) == 3
    once_each(service, made)


def test_the_ledger_of_a_long_run_holds_the_bytes_of_the_newest_instances_only(service, claims, monkeypatch):
    """Those spent in the last ten blocks: should one be orphaned, they are sent again."""
    monkeypatch.setattr(many, "BATCH", 2)
    answers(service, claims(range(180, 210)))
    records = service.ledger.history(30)[::-1]
    kept = [len(service.ledger.deployment(record.deployment_id).raw_tx) > 0 for record in records]
    assert kept == [False] * (2 * 5) + [True] * (2 * 10)


def test_blocks_stay_small_enough_to_be_read_whatever_the_script(service, claims, monkeypatch):
    """An answer of the node has at most 32 MB of JSON: coins after a bigger block could not be read."""
    monkeypatch.setattr(many, "BATCH_BYTES", int(2.5 * len(service.contract.locking_script)))
    verdicts = answers(service, claims(range(160, 166)))
    assert [verdict for verdict in verdicts if isinstance(verdict, InkproofError)] == []
    assert len({verdict.block_height for verdict in verdicts}) == 3
    assert all(verdict.accepted for verdict in verdicts)


def test_a_batch_of_the_biggest_contract_fits_in_a_block_that_can_be_read(service):
    assert 2 * 2 * (many.BATCH_BYTES + 500_000) < MAX_ANSWER


def test_false_claims_among_true_ones_are_refused_and_their_instances_used_again(service, claims):
    made = claims(range(60, 68), false=(61, 65))
    verdicts = answers(service, made)
    assert [n for n, verdict in zip(range(60, 68), verdicts, strict=True) if not verdict.accepted] == [61, 65]
    assert all("script-verify-flag-failed" in v.reason for v in verdicts if not v.accepted)
    assert sum(r.state is REFUSED for r in service.ledger.history(10)) == 2
    left = {d.id for d in service.ledger.open_deployments(service.connection.chain_id)}
    assert len(left) == 2
    answers(service, claims((68, 69)))
    assert {record.deployment_id for record in service.ledger.history(2)} == left


def test_an_instance_that_somebody_spent_meanwhile_costs_no_claim(service, claims):
    (gone,) = service.deployer.several(1, quiet)
    wallet, (other,) = service.connection.wallet, claims((70,))
    plan = SpendPlan(gone.txid, gone.output_index, gone.value, 300, wallet.locking_script.to_bytes())
    elsewhere = build_spend(service.contract, plan, other.digit, other.image, wallet.key)
    assert send(service.connection.rpc, elsewhere.to_bytes()).accepted
    made = claims(range(71, 75))
    assert all(verdict.accepted for verdict in answers(service, made))
    assert service.ledger.deployment(gone.id).state is DeploymentState.SPENT
    once_each(service, made)


@pytest.mark.parametrize("arrives", [True, False])
def test_a_batch_whose_answer_is_lost_is_settled_and_no_claim_is_made_twice(
    service, claims, monkeypatch, arrives
):
    sends = NodeBackend.send_all

    def silent(backend, raws):
        monkeypatch.setattr(NodeBackend, "send_all", sends)
        if arrives:
            sends(backend, raws)
        raise UnreachableError("no answer")

    monkeypatch.setattr(NodeBackend, "send_all", silent)
    made = claims(range(80, 84))
    assert all(verdict.accepted for verdict in answers(service, made))
    service.resume()
    once_each(service, made)


def test_a_block_that_is_not_mined_is_no_error_and_the_next_one_confirms(service, claims, monkeypatch):
    def full(*_):
        raise ChainError("no block")

    made = claims(range(90, 93))
    with monkeypatch.context() as patch:
        patch.setattr(NodeBackend, "mine", full)
        verdicts = answers(service, made)
    assert [(verdict.accepted, verdict.block_height) for verdict in verdicts] == [(True, None)] * 3
    answers(service, claims((93, 94)))
    service.resume()
    once_each(service, [*made, *claims((93, 94))])


def test_an_interrupt_leaves_records_that_the_next_run_settles(service, claims):
    made = claims(range(100, 106))

    def interrupted():
        yield from made
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answers(service, interrupted())
    service.resume()
    states = {record.image: record.state for record in service.ledger.history(10)}
    assert set(states.values()) <= {CONFIRMED, VerificationState.ERROR}
    again = [claim for claim in made if states.get(claim.image) is not CONFIRMED]
    assert all(verdict.accepted for verdict in answers(service, again))
    once_each(service, made)


def test_a_node_that_refuses_to_deploy_gives_every_claim_its_error(service, claims, monkeypatch):
    def broken(*_, **__):
        raise ChainError("no contract today")

    monkeypatch.setattr(service.deployer, "deploy", broken)
    found = answers(service, claims(range(110, 113)))
    assert [str(error.what) for error in found] == ["no contract today"] * 3


def test_what_a_batch_asks_of_the_node_does_not_grow_with_it(service, claims, monkeypatch):
    """The least of three attempts: a busy node may stop a script for taking too long, and is asked again."""
    asked: Counter[str] = Counter()
    call = Rpc.call

    def counted(rpc, method, *params, **options):
        asked[method] += 1
        return call(rpc, method, *params, **options)

    def least(first, count):
        tries = []
        for number in range(first, first + 60, 20):
            asked.clear()
            answers(service, claims(range(number, number + count)))
            tries.append(Counter(asked))
        return dict(tries[0] & tries[1] & tries[2])

    service.deployer.rate_seconds = 3600.0
    answers(service, claims((120, 121)))
    monkeypatch.setattr(Rpc, "call", counted)
    assert least(200, 4) == least(300, 16) != {}
