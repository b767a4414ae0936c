"""A third person's check: what a transaction shows by itself, and what it takes to fool it."""

from __future__ import annotations

import numpy as np
import pytest

from app.chain import service as services
from app.chain.connection import Connection
from app.chain.inspect import inspect
from app.chain.ledger.store import Ledger
from app.chain.service import Readings, Service
from app.chain.wallet import transactions
from app.contract import contract_for
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
def verified(regtest, model, tmp_path):
    """A confirmed verification of a random image: the image, and what the service said of it."""
    first = regtest.rpc.call("getblockhash", 1)
    connection = Connection(regtest.backend, regtest.wallet.network, regtest.wallet, f"regtest@{first[:16]}")
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
    assert (found.block_height, found.fee, found.size) == (verdict.block_height, verdict.fee, verdict.size)
    assert found.script_bytes == verdict.script_bytes


def test_a_contract_with_another_model_is_not_taken_for_ours(regtest, verified):
    rng = np.random.default_rng(32)
    other = quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])
    found = inspect(regtest.backend, verified[1].txid, [program_for(other, Kind.PACKED)])
    assert found.program is None
    assert found.owner is None
    assert found.judgement.accepted


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
    real = transactions._ask_for

    def swapped(rpc, txid):
        answer = dict(real(rpc, txid))
        answer["hex"] = answer["hex"][:-2] + ("00" if answer["hex"][-2:] != "00" else "01")
        return answer

    monkeypatch.setattr(transactions, "_ask_for", swapped)
    with pytest.raises(ChainError, match="another transaction"):
        inspect(regtest.backend, verified[1].txid, [])
