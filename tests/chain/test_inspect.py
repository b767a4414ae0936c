"""A third person's check: what a transaction shows by itself, and what it takes to fool it."""

from __future__ import annotations

import numpy as np
import pytest
from bitcoinx import OP_1, OP_2DROP, OP_8, Script, Tx, TxInput, TxOutput, push_item

from app.chain import service as services
from app.chain.backends.base import Found
from app.chain.backends.node import NodeBackend
from app.chain.backends.node_transactions import send
from app.chain.backends.rpc import Rpc
from app.chain.connection import Connection
from app.chain.inspect import inspect
from app.chain.ledger.store import Ledger
from app.chain.proof.examine import Candidate
from app.chain.service import Readings, Service
from app.contract import SpendPlan, Statement, build_spend
from app.errors import ChainError
from app.fixedpoint import quantise
from app.script import Kind
from tests.chain.payments import fresh_coin, pay, spend
from tests.conftest import quiet
from tests.contract.programs import contract_of, program_of


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
        contract = contract_of(model, regtest.wallet.pubkeyhash)
        service = Service(contract, connection, ledger, services.never)
        spoken = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
        return image.tobytes(), service.submit(image.tobytes(), fixed.digit, spoken, progress=quiet)


def candidates(model):
    """The contracts of a model, in both forms, as a function that `inspect` takes."""
    return lambda _size: [Candidate("tested", model.sha256, program_of(model, kind)) for kind in Kind]


def nothing(_size):
    return []


def test_image_claim_contract_and_a_fresh_run_are_read_off_the_chain(regtest, model, verified):
    image, verdict = verified
    found = inspect(regtest.backend, verdict.txid.upper() + "\n", candidates(model))
    seen = found.examination
    assert (seen.claim.image, seen.claim.digit) == (image, verdict.claimed)
    assert (seen.held.candidate.name, seen.held.candidate.program.kind) == ("tested", Kind.PACKED)
    assert seen.held.owner == regtest.wallet.pubkeyhash
    assert seen.statement is Statement.SIGNED
    assert (seen.known, seen.accepted, seen.proved, found.proved, found.kind) == (True, True, True, True, "")
    assert (found.block_height, seen.fee, seen.size) == (verdict.block_height, verdict.fee, verdict.size)
    assert seen.script_bytes == verdict.script_bytes


def test_a_contract_with_an_unknown_model_is_not_run_and_proves_nothing(regtest, verified):
    rng = np.random.default_rng(32)
    other = quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])
    found = inspect(regtest.backend, verified[1].txid, candidates(other))
    seen = found.examination
    assert (seen.known, seen.accepted, seen.proved, found.proved) == (False, False, False, False)
    assert (seen.held, seen.claim, seen.judgement, seen.statement) == (None, None, None, None)


def test_another_image_put_into_a_claim_by_a_stranger_is_not_what_the_owner_signed(
    regtest, connection, model, tmp_path
):
    """The node takes it under a new txid, for the contract accepts it; inspecting tells the difference."""
    seen, put = (np.random.default_rng(seed).integers(0, 256, 784, dtype=np.uint8) for seed in (6, 7))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        contract = contract_of(model, regtest.wallet.pubkeyhash)
        service = Service(contract, connection, ledger, services.never)
        deployment = service.prepare(quiet)
        plan = SpendPlan(deployment.txid, 0, deployment.value, 600, regtest.wallet.locking_script.to_bytes())
        owners = build_spend(contract, plan, model.read(seen).digit, seen.tobytes(), regtest.wallet.key)
    _, _, signature, key = [item for _, item in owners.inputs[0].script_sig.ops_and_items()]
    digit = model.read(put).digit
    stranger = Tx.from_bytes(owners.to_bytes())
    stranger.inputs[0].script_sig = Script(contract.unlocking_script(put.tobytes(), digit, signature, key))
    assert send(regtest.rpc, stranger.to_bytes()).accepted
    found = inspect(regtest.backend, stranger.hex_hash(), candidates(model)).examination
    assert found.proved
    assert (found.claim.image, found.claim.digit) == (put.tobytes(), digit)
    assert found.held.owner == regtest.wallet.pubkeyhash
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


def test_a_digit_of_thousands_of_bytes_is_no_claim(model):
    pushes = [bytes(784), b"\x01" * 3_000, b"\x01", b"\x01"]
    contract = contract_of(model, bytes(20))
    chain, txid = spending(contract.locking_script, b"".join(push_item(item) for item in pushes))
    found = inspect(chain, txid, candidates(model)).examination
    assert (found.known, found.claim, found.proved) == (True, None, False)


def test_a_strangers_locking_script_that_asks_for_gigabytes_is_not_run(model):
    pushes = b"".join(push_item(item) for item in (bytes(784), b"\x01", b"\x01", b"\x01"))
    chain, txid = spending(bytes.fromhex("04ffffff7f80"), pushes)
    found = inspect(chain, txid, candidates(model)).examination
    assert (found.known, found.judgement, found.proved) == (False, None, False)


def test_a_script_that_accepts_anything_proves_nothing(regtest, model, verified):
    """Three bytes that drop what a claim pushes and leave true."""
    image, _ = verified
    anything = bytes([OP_2DROP, OP_2DROP, OP_1])
    coin = fresh_coin(regtest.rpc, regtest.wallet, 100_000)
    funding = pay(regtest.wallet, [coin], [(60_000, anything)])
    claim = Script() << image << OP_8 << b"signature" << b"key"
    for tx in (funding, spend(regtest.wallet, funding, 0, claim.to_bytes())):
        txid = regtest.rpc.call("sendrawtransaction", tx.to_bytes().hex())
    found = inspect(regtest.backend, txid, candidates(model))
    assert not found.proved
    assert not found.examination.known
    assert "a payment, or something else" in found.kind


@pytest.mark.parametrize("txid", ["", "7", "zz" * 32, "ab" * 33, "\x1b[31m"])
def test_what_is_no_txid_is_refused_before_any_node_is_asked(txid):
    with pytest.raises(ChainError, match="not a txid"):
        inspect(None, txid, nothing)


def test_an_unknown_transaction_is_named(regtest):
    with pytest.raises(ChainError, match="does not know"):
        inspect(regtest.backend, "ab" * 32, nothing)


def test_a_payment_a_coinbase_and_a_deployment_are_called_what_they_are(regtest, model, verified):
    def kind(txid):
        found = inspect(regtest.backend, txid, candidates(model))
        assert not found.proved
        return found.kind

    coin = fresh_coin(regtest.rpc, regtest.wallet, 50_000)
    block = regtest.rpc.call("getblock", regtest.rpc.call("getblockhash", 1))
    claim = inspect(regtest.backend, verified[1].txid, candidates(model)).examination
    assert "a payment" in kind(coin.txid)
    assert "a coinbase" in kind(block["tx"][0])
    assert "a deployment of the contract of tested" in kind(claim.deployment.partition(":")[0])


def test_a_node_that_sends_another_transaction_is_found_out(regtest, verified):
    class Swapping(Rpc):
        """Changes the last byte of each transaction that the node sends."""

        def call(self, method, *params, timeout=None):
            answer = regtest.rpc.call(method, *params, timeout=timeout)
            if method in ("getrawtransaction", "gettransaction"):
                last = "00" if answer["hex"][-2:] != "00" else "01"
                answer = answer | {"hex": answer["hex"][:-2] + last}
            return answer

    lying = NodeBackend(Swapping(regtest.rpc.url, "", ""), regtest.wallet.network)
    with pytest.raises(ChainError, match="another transaction"):
        inspect(lying, verified[1].txid, nothing)
