"""The contract on a real node with default policy: deployed, spent by true claims, refused to false ones."""

from __future__ import annotations

import numpy as np
import pytest

from app.chain import service as services
from app.chain.backends.node import NodeBackend
from app.chain.backends.node_transactions import find_transaction, is_unspent, send
from app.chain.connection import Connection, NodeChoice, connect
from app.chain.ledger.records import DeploymentState, NewDeployment, VerificationState
from app.chain.ledger.store import Ledger
from app.chain.networks import MAIN
from app.chain.reconcile import SOMEBODY_ELSE
from app.chain.service import ClaimStage, Readings, Service, open_service
from app.contract import SpendPlan, build_spend, contract_for
from app.contract.classifier import rule_of
from app.errors import ChainError, UnreachableError, WalletError
from app.fixedpoint import load, quantise
from app.paths import model_folder
from app.script import Kind
from tests.conftest import quiet
from tests.contract.programs import contract_of
from tests.sizes import sized


@pytest.fixture(scope="module")
def model():
    """Small, so that a deployment is a matter of milliseconds; the shipped one has its own tests below."""
    rng = np.random.default_rng(21)
    return quantise(
        [(rng.normal(0, 0.05, (784, 5)), rng.normal(size=5)), (rng.normal(size=(5, 10)), np.zeros(10))]
    )


@pytest.fixture
def connection(regtest):
    first = regtest.rpc.call("getblockhash", 1)
    return Connection(regtest.backend, regtest.wallet.network, regtest.wallet, f"regtest@{first[:16]}")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


@pytest.fixture
def service(model, connection, ledger):
    return Service(contract_of(model, connection.wallet.pubkeyhash), connection, ledger, services.never)


def picture(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, 784, dtype=np.uint8).tobytes()


def readings(model, image: bytes) -> Readings:
    fixed = model.read(np.frombuffer(image, np.uint8))
    return Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)


def submit(service, image: bytes, claim: int, **options):
    return service.submit(image, claim, readings(service.contract.model, image), progress=quiet, **options)


def test_a_true_claim_is_accepted_and_confirmed(service, model):
    image, stages = picture(1), []
    digit = readings(model, image).fixed_digit
    verdict = submit(service, image, digit, name="one.png", on_stage=lambda stage, text: stages.append(stage))
    assert verdict.accepted
    assert stages == [ClaimStage.READY, ClaimStage.SIGNED, ClaimStage.ACCEPTED, ClaimStage.CONFIRMED]
    found = find_transaction(service.connection.rpc, verdict.txid)
    assert (found.block_hash, found.block_height) == (verdict.block_hash, verdict.block_height)
    (record,) = service.ledger.history(5)
    assert (record.state, record.image, record.image_name) == (VerificationState.CONFIRMED, image, "one.png")
    assert record.logits == model.read(np.frombuffer(image, np.uint8)).logits


def test_every_false_claim_is_refused_in_the_nodes_own_words_and_costs_nothing(service, model):
    image = picture(2)
    digit = readings(model, image).fixed_digit
    first = service.prepare(quiet)
    for claim in set(range(10)) - {digit}:
        verdict = submit(service, image, claim)
        assert not verdict.accepted
        assert "mandatory-script-verify-flag-failed" in verdict.reason
        assert verdict.block_height is None
    assert service.prepare(quiet).id == first.id
    assert submit(service, image, digit).accepted


def test_the_next_instance_is_deployed_ahead(service, model):
    image = picture(3)
    submit(service, image, readings(model, image).fixed_digit)
    told = []
    service.prepare(lambda text, fraction: told.append(text))
    assert told == []


def test_a_verification_is_one_small_transaction_that_pays_for_itself(service, model):
    image = picture(4)
    verdict = submit(service, image, readings(model, image).fixed_digit)
    raw = find_transaction(service.connection.rpc, verdict.txid).raw
    from bitcoinx import Tx

    tx = Tx.from_bytes(raw)
    assert (len(tx.inputs), len(tx.outputs)) == (1, 2)
    assert len(raw) == verdict.size < 1100
    rate = service.connection.rpc.call("getsettings")["minminingtxfee"]
    assert verdict.fee * 1000 >= verdict.size * int(rate * 10**8)


def test_a_deployment_that_somebody_spent_is_noticed_and_replaced(service, model):
    image = picture(5)
    deployment = service.prepare(quiet)
    wallet = service.connection.wallet
    plan = SpendPlan(deployment.txid, 0, deployment.value, 300, wallet.locking_script.to_bytes())
    digit = readings(model, image).fixed_digit
    elsewhere = build_spend(service.contract, plan, digit, image, wallet.key)
    assert send(service.connection.rpc, elsewhere.to_bytes()).accepted
    assert submit(service, image, digit).accepted
    spent = service.ledger.deployment(deployment.id)
    assert (spent.state, spent.reason) == (DeploymentState.SPENT, SOMEBODY_ELSE)


def test_a_deployment_whose_spend_by_somebody_else_was_forgotten_is_used_again(service, model):
    """The spend waited for a block when the node lost its memory; the ledger still calls it spent."""
    image = picture(10)
    deployment = service.prepare(quiet)
    service.connection.backend.mine(service.connection.wallet.address, 1)
    service.ledger.mark_deployment(deployment.id, DeploymentState.SPENT, reason=SOMEBODY_ELSE)
    assert service.prepare(quiet).id != deployment.id
    service.resume()
    assert service.ledger.deployment(deployment.id).state is DeploymentState.CONFIRMED
    assert service.prepare(quiet).id == deployment.id
    assert submit(service, image, readings(model, image).fixed_digit).accepted


@pytest.mark.parametrize("noted", [True, False])
def test_a_deployment_that_our_other_program_spends_meanwhile_is_not_called_somebody_elses(
    service, model, monkeypatch, noted
):
    """It spends the deployment after we have listed it, and may not have the answer yet."""
    deployment, image = service.prepare(quiet), picture(8)
    digit = readings(model, image).fixed_digit
    looks_for = NodeBackend.is_unspent

    def late(backend, txid, index):
        monkeypatch.setattr(NodeBackend, "is_unspent", looks_for)
        with Ledger(service.ledger.path) as ledger:
            other = Service(service.contract, service.connection, ledger, services.never)
            if noted:
                assert submit(other, image, digit).accepted
            else:
                spoken = readings(model, image)
                record = other.record(deployment, deployment.value, image, digit, spoken, "late.png")
                assert send(backend.rpc, record.raw_tx).accepted
        return looks_for(backend, txid, index)

    monkeypatch.setattr(NodeBackend, "is_unspent", late)
    assert service.prepare(quiet).id != deployment.id
    assert service.ledger.deployment(deployment.id).reason == ""
    service.reconcile()
    settled = service.ledger.deployment(deployment.id)
    assert (settled.state, settled.reason) == (DeploymentState.SPENT, "")


def test_a_deployment_that_vanished_is_noticed_and_replaced(service, model):
    wallet = service.connection.wallet
    new = NewDeployment(
        chain_id=service.connection.chain_id,
        kind="packed",
        contract_sha256=service.contract.sha256,
        model_sha256=model.sha256,
        owner=wallet.pubkeyhash.hex(),
        txid="ab" * 32,
        output_index=0,
        value=5_000,
        raw_tx=b"",
    )
    lost = service.ledger.add_deployment(new)
    service.ledger.mark_deployment(lost.id, DeploymentState.SENT)
    assert service.prepare(quiet).id != lost.id
    assert service.ledger.deployment(lost.id).state is DeploymentState.LOST


def test_a_deployment_of_another_owner_or_contract_is_not_used(service, connection, ledger):
    mine = service.prepare(quiet)
    rng = np.random.default_rng(22)
    other = quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])
    contract = contract_for(other, connection.wallet.pubkeyhash)
    assert Service(contract, connection, ledger, services.never).prepare(quiet).id != mine.id


def test_what_was_recorded_and_never_sent_is_settled_and_the_coin_is_still_there(service, model):
    """The program dies between writing the ledger and sending."""
    image = picture(6)
    deployment = service.prepare(quiet)
    record = service.record(deployment, deployment.value, image, 3, readings(model, image), "crash.png")
    service.reconcile()
    settled = service.ledger.verification(record.id)
    assert settled.state is VerificationState.ERROR
    assert "before it was sent" in settled.reason
    assert service.prepare(quiet).id == deployment.id
    assert is_unspent(service.connection.rpc, deployment.txid, 0)


def test_what_was_sent_and_not_written_down_is_found_on_the_chain(service, model):
    """The program dies between sending and hearing the answer."""
    image = picture(7)
    deployment = service.prepare(quiet)
    digit = readings(model, image).fixed_digit
    record = service.record(deployment, deployment.value, image, digit, readings(model, image), "crash.png")
    assert send(service.connection.rpc, record.raw_tx).accepted
    service.reconcile()
    assert service.ledger.verification(record.id).state is VerificationState.ACCEPTED
    service.resume()
    assert service.ledger.verification(record.id).state is VerificationState.CONFIRMED
    assert service.prepare(quiet).id != deployment.id


def test_a_claim_left_open_with_another_contract_is_no_verdict_of_this_one(service, model, monkeypatch):
    """Two models share one ledger, and the chain's answer about the first one's claim is lost."""
    rng = np.random.default_rng(23)
    other = quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])
    images = (picture(seed) for seed in range(100, 200))
    image = next(i for i in images if readings(model, i).fixed_digit != readings(other, i).fixed_digit)
    claim = readings(model, image).fixed_digit
    service.prepare(quiet)

    def sends_and_dies(backend, raw, spent=()):
        assert send(backend.rpc, raw).accepted
        raise UnreachableError("no answer")

    with monkeypatch.context() as patch, pytest.raises(UnreachableError):
        patch.setattr(NodeBackend, "send", sends_and_dies)
        submit(service, image, claim)
    connection, ledger = service.connection, service.ledger
    second = Service(contract_for(other, connection.wallet.pubkeyhash), connection, ledger, services.never)
    verdict = submit(second, image, claim)
    assert not verdict.accepted, "the second model reads something else"
    record = ledger.verification_of(verdict.txid)
    assert ledger.deployment(record.deployment_id).contract_sha256 == second.contract.sha256
    assert submit(service, image, claim).accepted, "the first one's claim was heard out"
    assert [record.claim for record in ledger.history()] == [claim, claim], "and made once"


def test_a_deployment_recorded_and_never_sent_is_sent_by_the_next_run_and_used(service, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(NodeBackend, "send", dies)
        service.prepare(quiet)
    (left,) = service.ledger.unreconciled(service.connection.chain_id)[0]
    assert left.state is DeploymentState.PREPARED
    service.reconcile()
    assert service.ledger.deployment(left.id).state is DeploymentState.SENT
    assert service.prepare(quiet).id == left.id


def test_real_coins_are_not_spent_without_a_yes(service):
    import dataclasses

    asked = []
    mainnet = dataclasses.replace(service.connection.network, chain=MAIN.chain)
    service = Service(
        service.contract,
        dataclasses.replace(service.connection, network=mainnet),
        service.ledger,
        lambda satoshis, purpose: bool(asked.append(satoshis)),
    )
    with pytest.raises(WalletError, match="not approved"):
        service.prepare(quiet)
    assert asked[0] > len(service.contract.locking_script) * 50 // 1000
    assert service.spending.spent() == 0
    assert service.ledger.unreconciled(service.connection.chain_id) == ([], [])


def test_a_refusal_that_is_no_verdict_is_an_error(connection, ledger, mnist):
    """A node with default policy does not run the unrolled contract: it says nothing about the claim."""
    model = load(model_folder() / "integers.npz", rule_of(Kind.UNROLLED))
    contract = contract_for(model, connection.wallet.pubkeyhash, Kind.UNROLLED)
    service = Service(contract, connection, ledger, services.never)
    image = mnist.x_test[0]
    with pytest.raises(ChainError, match="Script is too big"):
        submit(service, image.tobytes(), model.read(image).digit)
    assert ledger.history(1)[0].state is VerificationState.ERROR


@sized("digits", (4,), range(10))
def test_the_shipped_contract_is_deployed_and_spent_on_a_node_with_default_policy(
    regtest, mnist, connection, ledger, digits
):
    model = load(model_folder() / "integers.npz")
    service = Service(contract_of(model, connection.wallet.pubkeyhash), connection, ledger, services.never)
    flags = (regtest.node.folder / "bitcoin.conf").read_text()
    assert "policy" not in flags
    for digit in digits:
        image = mnist.x_test[mnist.y_test == digit][0]
        reading = model.read(image)
        assert submit(service, image.tobytes(), reading.digit).block_height is not None
        assert not submit(service, image.tobytes(), (reading.digit + 1) % 10).accepted


@pytest.mark.exhaustive
def test_the_unrolled_contract_needs_and_gets_a_node_with_a_raised_policy(home, bitcoind, regtest, mnist):
    rule = rule_of(Kind.UNROLLED)
    model = load(model_folder() / "integers.npz", rule)
    contract = contract_for(model, regtest.wallet.pubkeyhash, Kind.UNROLLED)
    assert len(contract.locking_script) > 500_000
    image = mnist.x_test[0]
    with open_service(model, Kind.UNROLLED, NodeChoice(), quiet) as service:
        digit = model.read(image).digit
        assert submit(service, image.tobytes(), digit).block_height is not None
        assert not submit(service, image.tobytes(), (digit + 1) % 10).accepted


def test_another_node_is_reached_by_its_rpc_address(home, regtest, model):
    conf = dict(
        line.split("=", 1)
        for line in (regtest.node.folder / "bitcoin.conf").read_text().splitlines()
        if "=" in line
    )
    choice = NodeChoice(f"http://127.0.0.1:{conf['rpcport']}", conf["rpcuser"], conf["rpcpassword"])
    with connect(choice, Kind.PACKED, quiet) as connection:
        assert connection.network.name == "regtest"
        assert connection.wallet.address != regtest.wallet.address
    with open_service(model, Kind.PACKED, choice, quiet) as service:
        image = picture(9)
        assert submit(service, image, readings(model, image).fixed_digit).block_height is not None
        assert service.status().contract_sha256 == service.contract.sha256
    assert regtest.node.status().answering
