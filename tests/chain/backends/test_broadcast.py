"""What a real node answers to real transactions, and what its messages mean."""

from __future__ import annotations

from typing import Any

import pytest
from bitcoinx import Script, double_sha256, hash_to_hex_str

from app.chain.backends.base import Refusal
from app.chain.backends.mining import mine
from app.chain.backends.node_coins import list_coins
from app.chain.backends.node_transactions import send
from app.chain.backends.reasons import classify
from app.chain.backends.rpc import Rpc
from app.chain.wallet.coins import Coin
from app.errors import ChainError, RpcError, UnreachableError
from tests.chain.payments import fresh_coin, pay, spend
from tests.conftest import Regtest

TRUE = b"\x51"


def refused(regtest: Regtest, raw: bytes) -> tuple[Refusal | None, str]:
    sent = send(regtest.rpc, raw)
    assert not sent.accepted
    assert sent.txid == hash_to_hex_str(double_sha256(raw))
    return sent.refusal, sent.reason


def locked(regtest: Regtest, script: bytes, value: int = 500_000) -> Any:
    """A transaction the node has, whose first output is locked by `script`."""
    coin = fresh_coin(regtest.rpc, regtest.wallet, value + 200_000)
    funding = pay(regtest.wallet, [coin], [(value, script)], fee=100_000)
    assert send(regtest.rpc, funding.to_bytes()).accepted
    return funding


def test_a_good_transaction_is_accepted_and_stays_so(regtest: Regtest) -> None:
    raw = pay(regtest.wallet, [fresh_coin(regtest.rpc, regtest.wallet, 100_000)], []).to_bytes()
    first = send(regtest.rpc, raw)
    assert first.accepted and not first.reason and first.refusal is None
    assert send(regtest.rpc, raw) == first, "it waits in the mempool"
    mine(regtest.rpc, regtest.wallet.address, 1)
    assert send(regtest.rpc, raw) == first, "it is in a block"
    assert regtest.rpc.call("getrawtransaction", first.txid, 1)["confirmations"] == 1


def test_a_transaction_in_a_block_is_accepted_though_its_outputs_are_spent(regtest: Regtest) -> None:
    funding = locked(regtest, TRUE)
    assert send(regtest.rpc, spend(regtest.wallet, funding, 0, b"").to_bytes()).accepted
    change = Coin(funding.hex_hash(), 1, funding.outputs[1].value, 0)
    assert send(regtest.rpc, pay(regtest.wallet, [change], []).to_bytes()).accepted
    mine(regtest.rpc, regtest.wallet.address, 1)
    assert send(regtest.rpc, funding.to_bytes()).accepted


@pytest.mark.parametrize(
    ("locking", "unlocking", "words"),
    [
        (b"\x00\x69\x51", b"", "OP_VERIFY"),
        (b"\x55\x88\x51", b"\x53", "OP_EQUALVERIFY"),
        (b"\x75\x51", b"", "current stack size"),
        (b"\x00", b"", "false/empty top stack element"),
        (b"\x6a", b"", "false/empty top stack element"),
        (b"\x75\x51", b"\x51\x51\x93", "non-push"),
    ],
)
def test_a_failed_script_is_a_verdict(regtest: Regtest, locking: bytes, unlocking: bytes, words: str) -> None:
    funding = locked(regtest, locking)
    refusal, reason = refused(regtest, spend(regtest.wallet, funding, 0, unlocking).to_bytes())
    assert refusal is Refusal.SCRIPT
    assert "mandatory-script-verify-flag-failed" in reason
    assert words.lower() in reason.lower()


def test_a_wrong_signature_is_a_verdict(regtest: Regtest) -> None:
    tx = pay(regtest.wallet, [fresh_coin(regtest.rpc, regtest.wallet, 100_000)], [])
    tx.outputs[0].value -= 1
    assert refused(regtest, tx.to_bytes())[0] is Refusal.SCRIPT


def test_a_script_over_the_nodes_size_is_policy_and_no_verdict(regtest: Regtest) -> None:
    script = bytes(Script() << b"\x01" * 510_000) + b"\x75\x51"
    refusal, reason = refused(regtest, spend(regtest.wallet, locked(regtest, script), 0, b"").to_bytes())
    assert refusal is Refusal.POLICY
    assert "Script is too big" in reason


def test_a_number_over_the_nodes_size_is_policy(regtest: Regtest) -> None:
    script = bytes(Script() << b"\x01" * 9_000) + b"\x76\x95" * 2 + b"\x75\x51"
    refusal, reason = refused(regtest, spend(regtest.wallet, locked(regtest, script), 0, b"").to_bytes())
    assert refusal is Refusal.POLICY
    assert "policy-limit-violated" in reason


def test_a_push_longer_than_needed_is_policy(regtest: Regtest) -> None:
    funding = locked(regtest, b"\x75\x51")
    refusal, reason = refused(regtest, spend(regtest.wallet, funding, 0, b"\x01\x05").to_bytes())
    assert refusal is Refusal.POLICY
    assert "non-mandatory" in reason


def test_missing_inputs_are_named(regtest: Regtest) -> None:
    tx = pay(regtest.wallet, [Coin("11" * 32, 0, 100_000, 1)], [])
    assert refused(regtest, tx.to_bytes()) == (Refusal.MISSING_INPUTS, "Missing inputs")


def test_a_coin_spent_in_a_block_is_missing(regtest: Regtest) -> None:
    coin = fresh_coin(regtest.rpc, regtest.wallet, 100_000)
    assert send(regtest.rpc, pay(regtest.wallet, [coin], []).to_bytes()).accepted
    mine(regtest.rpc, regtest.wallet.address, 1)
    again = pay(regtest.wallet, [coin], [(60_000, TRUE)])
    assert refused(regtest, again.to_bytes())[0] is Refusal.MISSING_INPUTS


def test_a_coin_that_a_waiting_transaction_spends_is_a_conflict(regtest: Regtest) -> None:
    coin = fresh_coin(regtest.rpc, regtest.wallet, 100_000)
    assert send(regtest.rpc, pay(regtest.wallet, [coin], []).to_bytes()).accepted
    second = pay(regtest.wallet, [coin], [(60_000, TRUE)])
    refusal, reason = refused(regtest, second.to_bytes())
    assert refusal is Refusal.CONFLICT
    assert "txn-mempool-conflict" in reason


def test_an_absurd_fee_is_refused_as_such(regtest: Regtest) -> None:
    coin = max(list_coins(regtest.rpc, regtest.wallet), key=lambda coin: coin.value)
    tx = pay(regtest.wallet, [coin], [], fee=50_000_000)
    refusal, reason = refused(regtest, tx.to_bytes())
    assert refusal is Refusal.FEE
    assert "absurdly-high-fee" in reason


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\x00" * 10, b"\xff" * 200])
def test_what_is_no_transaction_is_refused(regtest: Regtest, raw: bytes) -> None:
    assert refused(regtest, raw)[0] is Refusal.OTHER


def test_outputs_worth_more_than_the_inputs_are_refused(regtest: Regtest) -> None:
    tx = pay(regtest.wallet, [fresh_coin(regtest.rpc, regtest.wallet, 100_000)], [(100_001, TRUE)])
    refusal, reason = refused(regtest, tx.to_bytes())
    assert (refusal, "belowout" in reason) == (Refusal.OTHER, True)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("66: mempool min fee not met", Refusal.FEE),
        ("66: insufficient priority", Refusal.FEE),
        ("64: dust", Refusal.POLICY),
        ("64: scriptpubkey", Refusal.POLICY),
        ("64: too-long-validation-time", Refusal.POLICY),
        ("16: bad-txns-inputs-missingorspent", Refusal.MISSING_INPUTS),
        ("16: mandatory-script-verify-flag-failed (Script number overflow)", Refusal.SCRIPT),
        ("64: non-mandatory-script-verify-flag (Script failed an OP_VERIFY operation)", Refusal.POLICY),
        ("16: bad-txns-premature-spend-of-coinbase", Refusal.OTHER),
        ("", Refusal.OTHER),
    ],
)
def test_words_of_other_nodes_are_classified(words: str, kind: Refusal) -> None:
    assert classify(words) is kind


class FakeAnsweringNode(Rpc):
    """A fake: a node that takes every transaction under a txid of its own, or fails as told."""

    def __init__(self, answer: object) -> None:
        super().__init__("http://127.0.0.1:1", "u", "p")
        self.answer = answer

    def call(self, method: str, *params: Any, timeout: float | None = None) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize("answer", ["00" * 32, "", None, 5, ["x"]])
def test_another_txid_than_ours_is_not_believed(answer: object) -> None:
    with pytest.raises(ChainError, match="another txid"):
        send(FakeAnsweringNode(answer), b"\x01")


@pytest.mark.parametrize(
    "failure", [RpcError(-28, "Loading block index..."), RpcError(-2, "Safe mode"), UnreachableError("gone")]
)
def test_a_node_that_could_not_judge_is_no_refusal(failure: Exception) -> None:
    with pytest.raises(type(failure)):
        send(FakeAnsweringNode(failure), b"\x01")
