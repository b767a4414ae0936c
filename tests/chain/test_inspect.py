"""A third person's check: what a transaction shows by itself, and what it takes to fool it."""

from __future__ import annotations

import numpy as np
import pytest
from bitcoinx import Script, Tx, TxInput, TxOutput, push_item

from app.chain import service as services
from app.chain.backends.base import Found
from app.chain.backends.node_transactions import send
from app.chain.backends.rpc import Rpc
from app.chain.connection import Connection
from app.chain.inspect import inspect
from app.chain.ledger.store import Ledger
from app.chain.service import Readings, Service
from app.contract import SpendPlan, Statement, build_spend, contract_for
from app.contract.classifier import program_for
from app.errors import ChainError, ContractError
from app.fixedpoint import quantise
from app.script import Kind
from tests.chain.payments import fresh_coin
from tests.conftest import quiet


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(31)
    return quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])


@pytest.fixture
def connection(regtest):
    first = regtest.rpc.call("getblockhash", 1)
    return Connection(regtest.backend, regtest.wallet.network, regtest.wallet, f"regtest@{first[:16]}")


@pytest.fixture
def verified(regtest, connection, model, tmp_path):
    """A confirmed verification of a random image: the image, and what the service said of it."""
    image = np.random.default_rng(5).integers(0, 256, 784, dtype=np.uint8)
    fixed = model.read(image)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        contract = contract_for(model, regtest.wallet.pubkeyhash)
        service = Service(contract, connection, ledger, services.never)
        spoken = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
        return image.tobytes(), service.submit(image.tobytes(), fixed.digit, spoken, progress=quiet)


def test_image_claim_contract_and_a_fresh_run_are_read_off_the_chain(regtest, model, verified):
    image, verdict = verified
    programs = [program_for(model, kind) for kind in Kind]
    found = inspect(regtest.backend, verdict.txid.upper() + "\n", programs)
    assert (found.claim.image, found.claim.digit) == (image, verdict.claimed)
    assert found.program is programs[0]
    assert found.owner == regtest.wallet.pubkeyhash
    assert found.judgement.accepted
    assert found.statement is Statement.SIGNED
    assert (found.block_height, found.fee, found.size) == (verdict.block_height, verdict.fee, verdict.size)
    assert found.script_bytes == verdict.script_bytes


def test_a_contract_with_another_model_is_not_taken_for_ours(regtest, verified):
    rng = np.random.default_rng(32)
    other = quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])
    found = inspect(regtest.backend, verified[1].txid, [program_for(other, Kind.PACKED)])
    assert found.program is None
    assert found.owner is None
    assert found.judgement.accepted
    assert found.statement is None, "whose signature it is, and whether it was checked, is not known"


def test_another_image_put_into_a_claim_by_a_stranger_is_not_what_the_owner_signed(
    regtest, connection, model, tmp_path
):
    """The node takes it under a new txid, for the contract accepts it; inspecting tells the difference."""
    seen, put = (np.random.default_rng(seed).integers(0, 256, 784, dtype=np.uint8) for seed in (6, 7))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        contract = contract_for(model, regtest.wallet.pubkeyhash)
        service = Service(contract, connection, ledger, services.never)
        deployment = service.prepare(quiet)
        plan = SpendPlan(deployment.txid, 0, deployment.value, 600, regtest.wallet.locking_script.to_bytes())
        owners = build_spend(contract, plan, model.read(seen).digit, seen.tobytes(), regtest.wallet.key)
    _, _, signature, key = [item for _, item in owners.inputs[0].script_sig.ops_and_items()]
    digit = model.read(put).digit
    stranger = Tx.from_bytes(owners.to_bytes())
    stranger.inputs[0].script_sig = Script(contract.unlocking_script(put.tobytes(), digit, signature, key))
    assert send(regtest.rpc, stranger.to_bytes()).accepted
    found = inspect(regtest.backend, stranger.hex_hash(), [program_for(model, Kind.PACKED)])
    assert found.judgement.accepted
    assert (found.claim.image, found.claim.digit) == (put.tobytes(), digit)
    assert found.owner == regtest.wallet.pubkeyhash
    assert found.statement is Statement.OTHER


class Shown:
    """A chain that shows the given transactions and nothing else."""

    def __init__(self, *txs: Tx) -> None:
        self._txs = {tx.hex_hash(): tx.to_bytes() for tx in txs}

    def find(self, txid: str) -> Found | None:
        return Found(self._txs[txid], None, None) if txid in self._txs else None


def spending(locking: bytes, unlocking: bytes) -> tuple[Shown, str]:
    """A chain with an output of a locking script and a spend of it, and the spend's txid."""
    parent = Tx(2, [TxInput(bytes(32), 0, Script(b"\x51"), 0)], [TxOutput(9, Script(locking))], 0)
    child = Tx(2, [TxInput(parent.hash(), 0, Script(unlocking), 0)], [TxOutput(1, Script(b"\x51"))], 0)
    return Shown(parent, child), child.hex_hash()


def test_a_digit_of_thousands_of_bytes_is_no_claim():
    """Whatever locking script took it: here one that drops all and is true."""
    pushes = [bytes(784), b"\x01" * 3_000, b"\x01", b"\x01"]
    chain, txid = spending(b"\x6d\x6d\x51", b"".join(push_item(item) for item in pushes))
    with pytest.raises(ContractError, match="The digit is a number of 3,000 bytes"):
        inspect(chain, txid, [])


def test_a_strangers_locking_script_that_asks_for_gigabytes_is_refused_and_said(model):
    pushes = b"".join(push_item(item) for item in (bytes(784), b"\x01", b"\x01", b"\x01"))
    chain, txid = spending(bytes.fromhex("04ffffff7f80"), pushes)
    found = inspect(chain, txid, [program_for(model, Kind.PACKED)])
    assert not found.judgement.accepted
    assert "limit of the stack's memory" in found.judgement.reason
    assert found.statement is None


@pytest.mark.parametrize("txid", ["", "7", "zz" * 32, "ab" * 33, "\x1b[31m"])
def test_what_is_no_txid_is_refused_before_any_node_is_asked(txid):
    with pytest.raises(ChainError, match="not a txid"):
        inspect(None, txid, [])


def test_an_unknown_transaction_is_named(regtest):
    with pytest.raises(ChainError, match="does not know"):
        inspect(regtest.backend, "ab" * 32, [])


def test_an_ordinary_payment_is_no_claim(regtest):
    coin = fresh_coin(regtest.rpc, regtest.wallet, 50_000)
    with pytest.raises(ContractError, match="not a claim"):
        inspect(regtest.backend, coin.txid, [])


def test_a_node_that_sends_another_transaction_is_found_out(regtest, verified, monkeypatch):
    real = Rpc.call

    def swapped(rpc, method, *params, **options):
        answer = real(rpc, method, *params, **options)
        if method == "getrawtransaction":
            answer["hex"] = answer["hex"][:-2] + ("00" if answer["hex"][-2:] != "00" else "01")
        return answer

    monkeypatch.setattr(Rpc, "call", swapped)
    with pytest.raises(ChainError, match="another transaction"):
        inspect(regtest.backend, verified[1].txid, [])
