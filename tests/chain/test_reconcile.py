"""What is recorded as confirmed, and what takes that back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bitcoinx import Script, Tx, TxInput, TxOutput, hash_to_hex_str, hex_str_to_hash

from app.chain.backends.base import Backend
from app.chain.backends.public import PublicBackend
from app.chain.backends.services import services_of
from app.chain.ledger.records import DeploymentState, Verification, VerificationState
from app.chain.ledger.store import Ledger
from app.chain.networks import TESTNET
from app.chain.reconcile import DROPPED, rebroadcast, reconcile
from tests.chain.fake_services import FakeServices, read_transaction
from tests.chain.ledger.test_store import deploy, verify
from tests.conftest import Regtest

CHAIN = "regtest@reconcile"
NOWHERE = "cd" * 32


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as opened:
        yield opened


@pytest.fixture(params=["node", "services"])
def backend(request: pytest.FixtureRequest, regtest: Regtest, services: FakeServices) -> Backend:
    return regtest.backend if request.param == "node" else PublicBackend(TESTNET, services_of(TESTNET))


def unknown(index: int = 0) -> Tx:
    """A transaction that nobody knows, spending an output of another one."""
    spent = TxInput(hex_str_to_hash("ef" * 32), index, Script(), 0xFFFFFFFF)
    return Tx(1, [spent], [TxOutput(1_000, Script(b"\x51"))], 0)


def confirmed(ledger: Ledger, block_hash: str, index: int = 0) -> Verification:
    """A verification recorded in a block, by a transaction that nobody knows, its parent's bytes dropped."""
    tx = unknown(index)
    txid = hash_to_hex_str(tx.inputs[0].prev_hash)
    parent = deploy(ledger, chain_id=CHAIN, raw_tx=b"", txid=txid, output_index=index)
    ledger.mark_deployment(parent.id, DeploymentState.SENT)
    record = verify(ledger, parent, txid=tx.hex_hash(), raw_tx=tx.to_bytes())
    return ledger.mark_verification(
        record.id, VerificationState.CONFIRMED, block_hash=block_hash, block_height=5
    )


def test_what_is_in_a_block_that_stands_stays_confirmed_though_it_is_not_found(
    backend: Backend, ledger: Ledger, regtest: Regtest
) -> None:
    record = confirmed(ledger, regtest.rpc.call("getblockhash", 5))
    reconcile(backend, ledger, CHAIN)
    assert ledger.verification(record.id) == record


def test_what_nobody_knows_and_cannot_be_sent_again_is_lost_though_its_parents_bytes_were_dropped(
    backend: Backend, ledger: Ledger
) -> None:
    record = confirmed(ledger, NOWHERE)
    reconcile(backend, ledger, CHAIN)
    lost = ledger.verification(record.id)
    assert lost.state is VerificationState.LOST
    assert lost.reason


def test_every_verification_of_an_orphaned_block_is_followed(regtest: Regtest, ledger: Ledger) -> None:
    """More of them than are read from the ledger at once."""
    records = [confirmed(ledger, NOWHERE, index) for index in range(101)]
    reconcile(regtest.backend, ledger, CHAIN)
    assert {ledger.verification(record.id).state for record in records} == {VerificationState.LOST}


def test_a_deployment_whose_bytes_were_dropped_is_lost_where_it_is_not_known(
    backend: Backend, ledger: Ledger
) -> None:
    deployment = deploy(ledger, chain_id=CHAIN, raw_tx=b"")
    ledger.mark_deployment(deployment.id, DeploymentState.SENT)
    reconcile(backend, ledger, CHAIN)
    lost = ledger.deployment(deployment.id)
    assert (lost.state, lost.reason) == (DeploymentState.LOST, DROPPED)
    assert not rebroadcast(backend, ledger, lost)


def test_a_forgotten_verification_is_sent_again_with_the_output_that_it_spends(
    services: FakeServices, ledger: Ledger
) -> None:
    """So that an ARC which does not find the parent can judge it all the same."""
    parent = unknown()
    spending = TxInput(parent.hash(), 0, Script(), 0xFFFFFFFF)
    child = Tx(1, [spending], [TxOutput(900, Script(b"\x51"))], 0)
    deployment = deploy(ledger, chain_id=CHAIN, txid=parent.hex_hash(), raw_tx=parent.to_bytes())
    ledger.mark_deployment(deployment.id, DeploymentState.SENT)
    record = verify(ledger, deployment, txid=child.hex_hash(), raw_tx=child.to_bytes())
    ledger.mark_verification(record.id, VerificationState.ACCEPTED)
    reconcile(PublicBackend(TESTNET, services_of(TESTNET)), ledger, CHAIN)
    assert [read_transaction(body) for body in services.bodies] == [(parent, []), (child, parent.outputs)]
