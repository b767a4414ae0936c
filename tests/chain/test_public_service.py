"""The contract on public networks: verdicts through the services, real money asked for and limited."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bitcoinx import Tx

from app.chain import service as services_module
from app.chain.backends.public import PublicBackend
from app.chain.backends.services import Patience, services_of
from app.chain.connection import Connection, NodeChoice, connect
from app.chain.inspect import inspect
from app.chain.ledger.records import DeploymentState, VerificationState
from app.chain.ledger.store import Ledger
from app.chain.networks import MAIN, TESTNET
from app.chain.proof.examine import Candidate
from app.chain.service import ClaimStage, Readings, Service, open_service
from app.chain.wallet.coins import fee_for
from app.chain.wallet.key import Wallet
from app.errors import ChainError, PendingError, UnreachableError, WalletError
from app.fixedpoint import quantise
from app.paths import home as data_home
from app.script import Kind
from tests.chain.conftest import give
from tests.chain.fake_services import problem
from tests.chain.payments import fresh_coin, pay
from tests.conftest import quiet
from tests.contract.programs import contract_of, program_of


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(41)
    return quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


def impatient(network):
    """The services of a network, whose word is not waited for, and whose policy is asked for each time."""
    patience = Patience(wait=0, looks=2, between=0.0, policy=0.0)
    return dataclasses.replace(services_of(network), patience=patience)


@pytest.fixture
def testnet(services, stranger, network, ledger, regtest):
    """A service on testnet with coins."""
    give(regtest, stranger, 500_000)
    connection = Connection(PublicBackend(TESTNET, impatient(TESTNET)), TESTNET, stranger, "testnet")
    return Service(contract_of(network, stranger.pubkeyhash), connection, ledger, services_module.never)


@pytest.fixture
def mainnet(services, stranger, network, ledger, regtest):
    """A service that believes it is on mainnet, and the approvals it asked for."""
    services.chain = "main"
    wallet = Wallet(stranger.key, MAIN)
    give(regtest, wallet, 2_000_000)
    # The node behind the fakes knows addresses with regtest's prefix only.
    backend = PublicBackend(MAIN, impatient(MAIN))
    backend.coins = lambda _: PublicBackend.coins(backend, stranger)
    connection = Connection(backend, MAIN, wallet, "mainnet")
    asked = []
    service = Service(
        contract_of(network, wallet.pubkeyhash),
        connection,
        ledger,
        lambda satoshis, purpose: bool(asked.append((satoshis, purpose))) or True,
        limit=200_000,
    )
    return service, asked


def picture(seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, 784, dtype=np.uint8).tobytes()


def submit(service, image, claim=None, **options):
    fixed = service.contract.model.read(np.frombuffer(image, np.uint8))
    spoken = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
    claimed = fixed.digit if claim is None else (fixed.digit + claim) % 10
    return service.submit(image, claimed, spoken, progress=quiet, **options)


def test_a_true_claim_is_accepted_and_confirmed_by_the_networks_next_block(testnet, regtest):
    stages = []
    verdict = submit(testnet, picture(1), on_stage=lambda stage, text: stages.append(stage))
    assert (verdict.accepted, verdict.block_height) == (True, None)
    assert stages == [ClaimStage.READY, ClaimStage.SIGNED, ClaimStage.ACCEPTED]
    regtest.backend.mine(regtest.wallet.address, 1)
    testnet.reconcile()
    (record,) = testnet.ledger.history(1)
    assert record.state is VerificationState.CONFIRMED
    assert record.block_height == regtest.rpc.call("getblockcount")


def test_a_false_claim_is_a_verdict_in_the_services_words(testnet):
    verdict = submit(testnet, picture(2), claim=1)
    assert not verdict.accepted
    assert "461" in verdict.reason
    assert "script-verify-flag-failed" in verdict.reason
    assert testnet.ledger.history(1)[0].state is VerificationState.REFUSED
    assert submit(testnet, picture(2)).accepted, "the deployment is still there"


def test_a_verification_can_be_inspected_through_the_services(testnet, network):
    image = picture(3)
    verdict = submit(testnet, image)
    found = inspect(
        testnet.connection.backend,
        verdict.txid,
        lambda _size: [Candidate("tested", network.sha256, program_of(network))],
    )
    assert (found.examination.claim.image, found.proved) == (image, True)
    assert found.examination.held.owner == testnet.connection.wallet.pubkeyhash


def test_a_late_answer_is_asked_for_again_and_nothing_is_lost(testnet, services):
    """ARC has taken the transaction, and the network has not acknowledged it when we stop waiting."""
    testnet.prepare(quiet)

    def slow(handler):
        status, told = handler.proceed()
        handler.answer(status, {**told, "txStatus": "ANNOUNCED_TO_NETWORK"} if status == 200 else told)

    services.instead("/v1/tx", slow)
    services.say("/woc/tx/", 404, "Not Found")
    with pytest.raises(PendingError, match="has not said yet"):
        submit(testnet, picture(4))
    sent = len(services.bodies)
    testnet.reconcile()
    assert testnet.ledger.history(1)[0].state is VerificationState.PREPARED, "it is still open"
    with pytest.raises(PendingError, match="has not said yet"):
        submit(testnet, picture(4))
    assert len(services.bodies) == sent, "one drawing, one transaction"
    services.behave()
    assert submit(testnet, picture(4)).txid == testnet.ledger.history(1)[0].txid
    assert [record.state for record in testnet.ledger.history()] == [VerificationState.ACCEPTED]
    assert len(services.bodies) == sent + 1, "only the next deployment"


@pytest.fixture
def undecided(mainnet, services, stranger):
    """ARC passes on what it gets, the network does not acknowledge it, and the explorer has not noticed."""
    coins = services.answer("GET", f"/woc/address/{stranger.address}/unspent/all", b"", {})

    def slow(handler):
        status, told = handler.proceed()
        handler.answer(status, {**told, "txStatus": "ANNOUNCED_TO_NETWORK"} if status == 200 else told)

    services.instead("/v1/tx", slow)
    services.say("/woc/tx/", 404, "Not Found")
    services.say("/unspent/all", *coins)


def test_a_deployment_that_is_undecided_is_asked_for_again_and_not_made_twice(mainnet, services, undecided):
    service, asked = mainnet
    for _ in range(2):
        with pytest.raises(PendingError, match="has not said yet"):
            submit(service, picture(13))
        service.reconcile()
    assert (len(asked), len(services.bodies)) == (1, 1), "paid once"
    (left,) = service.ledger.unreconciled("mainnet")[0]
    services.behave()
    assert submit(service, picture(13)).accepted
    (record,) = service.ledger.history()
    assert record.deployment_id == left.id
    assert len(services.bodies) == 2, "the deployment, and the verification that spends it"


def test_an_undecided_deployment_is_waited_for_though_the_rate_has_changed(mainnet, services, undecided):
    """At another rate the same coins make another transaction: the network could take either."""
    service, _ = mainnet
    with pytest.raises(PendingError):
        service.prepare(quiet)
    services.rate = (60, 1000)
    again = Service(service.contract, service.connection, service.ledger, lambda *_: pytest.fail("asked"))
    with pytest.raises(PendingError):
        again.prepare(quiet)
    assert len(services.bodies) == 1


def test_a_deployment_that_is_decided_between_two_questions_is_used(mainnet, services, undecided):
    service, _ = mainnet
    with pytest.raises(PendingError):
        service.prepare(quiet)
    (left,) = service.ledger.unreconciled("mainnet")[0]

    def once_more(handler):
        services.behave()
        handler.answer(200, {"txid": left.txid, "txStatus": "ANNOUNCED_TO_NETWORK"})

    services.instead(f"/arc/v1/tx/{left.txid}", once_more)
    assert service.prepare(quiet).id == left.id
    assert len(services.bodies) == 1


def test_an_undecided_deployment_of_another_contract_is_not_waited_for(mainnet, services, undecided):
    service, _ = mainnet
    with pytest.raises(PendingError):
        service.prepare(quiet)
    (left,) = service.ledger.unreconciled("mainnet")[0]
    services.behave()
    services.say(f"/woc/tx/hash/{left.txid}", 404, "Not Found")
    services.say(f"/arc/v1/tx/{left.txid}", 200, {"txid": left.txid, "txStatus": "ANNOUNCED_TO_NETWORK"})
    rng = np.random.default_rng(42)
    network = quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])
    contract = contract_of(network, service.contract.owner)
    second = Service(contract, service.connection, service.ledger, lambda *_: True)
    assert second.prepare(quiet).contract_sha256 == contract.sha256
    with pytest.raises(PendingError):
        service.prepare(quiet)


def test_a_transaction_that_arc_has_and_no_explorer_shows_is_not_forgotten(testnet, services):
    """The answer to our sending is lost, and the explorer has not noticed yet."""
    testnet.prepare(quiet)

    def hang_up(handler):
        handler.proceed()
        handler.close_connection = True

    services.instead("/arc/v1/tx", hang_up)
    with pytest.raises(UnreachableError):
        submit(testnet, picture(5))
    services.behave()
    services.say("/woc/tx/", 404, "Not Found")
    testnet.reconcile()
    assert testnet.ledger.history(1)[0].state is VerificationState.ACCEPTED


def test_a_transaction_that_nobody_has_was_never_sent(testnet, services):
    deployment = testnet.prepare(quiet)
    services.instead("/arc/v1/tx", lambda handler: handler.answer(503, "upstream"))
    with pytest.raises(UnreachableError, match="too busy"):
        submit(testnet, picture(6))
    services.behave()
    testnet.reconcile()
    assert testnet.ledger.history(1)[0].state is VerificationState.ERROR
    assert testnet.prepare(quiet).id == deployment.id
    assert submit(testnet, picture(6)).accepted


def test_a_script_over_the_services_limit_is_found_out_before_coins_are_put_behind_it(testnet, services):
    before = len(services.bodies)
    policy = services.answer("GET", "/arc/v1/policy", b"", {})[1]
    policy["policy"]["maxscriptsizepolicy"] = 10_000
    services.say("/v1/policy", 200, policy)
    with pytest.raises(ChainError, match="too big for testnet"):
        testnet.prepare(quiet)
    assert len(services.bodies) == before


def test_an_empty_wallet_names_its_address(services, network, ledger, stranger):
    connection = Connection(PublicBackend(TESTNET, impatient(TESTNET)), TESTNET, stranger, "testnet")
    service = Service(contract_of(network, stranger.pubkeyhash), connection, ledger, services_module.never)
    with pytest.raises(WalletError) as refusal:
        service.prepare(quiet)
    assert stranger.address in refusal.value.hint


def test_a_deployment_from_many_small_coins_pays_the_services_rate(
    services, network, ledger, stranger, regtest
):
    """Coins of which many are needed: a fee reckoned for a few inputs would be too little."""
    value, count = 248, 40
    purse = fresh_coin(regtest.rpc, regtest.wallet, 100_000)
    paid = pay(regtest.wallet, [purse], [(value, bytes(stranger.locking_script))] * count)
    regtest.rpc.call("sendrawtransaction", paid.to_hex())
    regtest.backend.mine(regtest.wallet.address, 1)
    connection = Connection(PublicBackend(TESTNET, impatient(TESTNET)), TESTNET, stranger, "testnet")
    service = Service(contract_of(network, stranger.pubkeyhash), connection, ledger, services_module.never)
    deployed = Tx.from_bytes(service.prepare(quiet).raw_tx)
    assert len(deployed.inputs) > 10
    fee = len(deployed.inputs) * value - deployed.total_output_value()
    assert fee >= fee_for(deployed.size(), connection.backend.fee_rate())


def test_real_coins_are_asked_for_once_with_deployment_and_verification(mainnet):
    service, asked = mainnet
    verdict = submit(service, picture(7))
    assert verdict.accepted
    ((satoshis, purpose),) = asked
    deployment = service.ledger.deployment(1)
    assert f"fee {verdict.fee:,}" in purpose
    assert satoshis == verdict.fee + service.spending.spent() - deployment.value
    assert "come back" in purpose
    assert f"{verdict.script_bytes:,} bytes, where compact has 4,715" in purpose


def test_nothing_is_deployed_ahead_with_real_coins(mainnet):
    service, asked = mainnet
    submit(service, picture(8))
    assert service.ledger.open_deployments("mainnet") == []
    assert len(asked) == 1


def test_a_deployment_from_before_is_not_spent_without_a_yes(mainnet):
    service, asked = mainnet
    service.prepare(quiet)
    again = Service(service.contract, service.connection, service.ledger, lambda *_: False)
    with pytest.raises(WalletError, match="not approved"):
        submit(again, picture(9))
    assert service.ledger.history(1) == []
    asked.clear()
    third = Service(
        service.contract, service.connection, service.ledger, lambda *what: bool(asked.append(what)) or True
    )
    submit(third, picture(9))
    assert [satoshis for satoshis, _ in asked] == [third.ledger.history(1)[0].fee]


def test_the_daily_limit_stops_a_deployment_before_anything_is_asked_or_sent(mainnet, services):
    service, asked = mainnet
    submit(service, picture(10))
    sent = len(services.bodies)
    asked.clear()
    service.spending.limit = service.spending.spent() + 100
    with pytest.raises(WalletError, match="daily limit"):
        submit(service, picture(11))
    assert (asked, len(services.bodies)) == ([], sent)


def test_a_deployment_that_was_refused_does_not_count(mainnet, services):
    service, _ = mainnet
    services.say("/arc/v1/tx", *problem(465, "too little"))
    with pytest.raises(ChainError, match="refused to take"):
        service.prepare(quiet)
    assert service.spending.spent() == 0
    assert service.ledger.deployment(1).state is DeploymentState.REFUSED


def test_a_public_network_is_opened_by_its_name(services, home, network, regtest):
    wallet = Wallet.load_or_create(data_home(), TESTNET)
    give(regtest, wallet, 300_000)
    with open_service(network, Kind.PACKED, NodeChoice(network="testnet"), quiet) as service:
        assert submit(service, picture(12)).network == "testnet"
        status = service.status()
    assert status.network == "testnet"
    assert "ARC" in status.node
    with connect(NodeChoice(network="testnet"), Kind.PACKED, quiet) as connection:
        with pytest.raises(ChainError, match="no node of your own"):
            _ = connection.rpc
        assert connection.wallet.address == wallet.address


def test_an_unknown_network_or_one_that_the_node_is_not_on_is_refused(home, regtest):
    with (
        pytest.raises(ChainError, match="no network called"),
        connect(NodeChoice(network="moon\x1b"), Kind.PACKED, quiet),
    ):
        pass
    conf = (regtest.node.folder / "bitcoin.conf").read_text().splitlines()
    known = dict(line.split("=", 1) for line in conf if "=" in line)
    choice = NodeChoice(regtest.rpc.url, known["rpcuser"], known["rpcpassword"], network="mainnet")
    with (
        pytest.raises(ChainError, match="is on regtest, not on mainnet"),
        connect(choice, Kind.PACKED, quiet),
    ):
        pass
