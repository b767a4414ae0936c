"""What ARC says of a transaction, and what it means: every error code and every status it documents."""

from __future__ import annotations

from typing import Any

import pytest

from app.chain.backends.base import Refusal
from app.errors import ChainError, PendingError, UnreachableError
from tests.chain.fake_services import problem

TXID = "ab" * 32
BODY = b"\x01\x00\x00\x00"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Refusal.OTHER),
        (460, Refusal.UNKNOWN_PARENT),
        (461, Refusal.SCRIPT),
        (462, Refusal.MISSING_INPUTS),
        (463, Refusal.POLICY),
        (464, Refusal.POLICY),
        (465, Refusal.FEE),
        (466, Refusal.CONFLICT),
        (467, Refusal.OTHER),
        (468, Refusal.OTHER),
        (469, Refusal.OTHER),
        (471, Refusal.POLICY),
        (472, Refusal.POLICY),
        (473, Refusal.FEE),
        (474, Refusal.POLICY),
        (475, Refusal.OTHER),
    ],
)
@pytest.mark.parametrize("http", [None, 200, 422])
def test_every_documented_error_code_has_a_kind(arc, services, code, kind, http) -> None:
    """As the HTTP status, inside a success (as the documentation shows one), and inside a 422."""
    status, value = problem(code, "words \x1b]0;title\x07 of ARC\nin two lines", TXID)
    services.say("/v1/tx", http or status, value)
    sent = arc.submit(BODY, TXID)
    assert (sent.accepted, sent.refusal) == (False, kind)
    assert str(code) in sent.reason
    assert "of ARC in two lines" in sent.reason
    assert sent.reason.isprintable()


@pytest.mark.parametrize("words", ["Script is too big", "stack memory policy-limit-violated"])
def test_a_script_over_the_services_limits_is_no_verdict(arc, services, words) -> None:
    services.say("/v1/tx", *problem(461, words))
    assert arc.submit(BODY, TXID).refusal is Refusal.POLICY


@pytest.mark.parametrize("http", [None, 200])
def test_a_refusal_of_another_transaction_says_nothing_about_ours(arc, services, http) -> None:
    status, value = problem(461, "the script failed", "cd" * 32)
    services.say("/v1/tx", http or status, value)
    with pytest.raises(UnreachableError, match="another transaction"):
        arc.submit(BODY, TXID)


def test_zero_means_no_limit_on_scripts(arc, services) -> None:
    fee = {"satoshis": 1, "bytes": 1000}
    services.say("/v1/policy", 200, {"policy": {"maxscriptsizepolicy": 0, "miningFee": fee}})
    assert arc.policy().max_script is None


def test_an_error_that_arc_cannot_place_is_judged_by_the_nodes_words_in_it(arc, services) -> None:
    services.say("/v1/tx", *problem(409, "66: mempool min fee not met"))
    assert arc.submit(BODY, TXID).refusal is Refusal.FEE


@pytest.mark.parametrize("status", [402, 409, 418, 479])
def test_an_error_that_says_nothing_of_the_transaction_is_no_refusal(arc, services, status) -> None:
    services.say("/v1/tx", *problem(status, "something"))
    with pytest.raises(ChainError, match="did not judge") as trouble:
        arc.submit(BODY, TXID)
    assert "recorded" in trouble.value.hint


def told(**changes: Any) -> dict[str, Any]:
    good = {"txid": TXID, "txStatus": "SEEN_ON_NETWORK", "status": 200, "title": "OK", "extraInfo": ""}
    return good | changes


@pytest.mark.parametrize("word", ["ACCEPTED_BY_NETWORK", "SEEN_ON_NETWORK", "MINED", "MINED_IN_STALE_BLOCK"])
def test_what_the_network_has_taken_is_accepted(arc, services, word) -> None:
    services.say("/v1/tx", 200, told(txStatus=word))
    assert arc.submit(BODY, TXID).accepted


@pytest.mark.parametrize(
    "word",
    [
        *("UNKNOWN", "QUEUED", "RECEIVED", "STORED", "ANNOUNCED_TO_NETWORK", "REQUESTED_BY_NETWORK"),
        *("SENT_TO_NETWORK", "SEEN_IN_ORPHAN_MEMPOOL", "DOUBLE_SPEND_ATTEMPTED"),
    ],
)
def test_what_is_on_its_way_is_waited_for_and_never_called_done(arc, services, word) -> None:
    services.say("/v1/tx", 200, told(txStatus=word))
    with pytest.raises(PendingError, match="has not said yet") as trouble:
        arc.submit(BODY, TXID)
    assert word in trouble.value.why
    assert [method for method, _ in services.asked] == ["POST", "GET", "GET"]
    assert arc.knows(TXID)
    with pytest.raises(PendingError):
        arc.taken(TXID)


def test_the_networks_answer_is_noticed_when_it_comes(arc, services) -> None:
    words = iter(["STORED", "SENT_TO_NETWORK", "SEEN_ON_NETWORK"])
    services.instead("/v1/tx", lambda handler: handler.answer(200, told(txStatus=next(words))))
    assert arc.submit(BODY, TXID).accepted


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ("16: mandatory-script-verify-flag-failed (Script failed an OP_VERIFY operation)", Refusal.SCRIPT),
        ("258: txn-mempool-conflict", Refusal.CONFLICT),
        ("missing inputs", Refusal.MISSING_INPUTS),
        ("", Refusal.OTHER),
    ],
)
def test_what_the_network_rejects_is_refused_in_its_words(arc, services, extra, kind) -> None:
    services.say("/v1/tx", 200, told(txStatus="REJECTED", extraInfo=extra))
    sent = arc.submit(BODY, TXID)
    assert (sent.accepted, sent.refusal) == (False, kind)
    assert extra in sent.reason
    assert not arc.knows(TXID)
    assert not arc.taken(TXID)


@pytest.mark.parametrize("status", ["GLORIOUS\x1b", None, 8, ["MINED"]])
def test_an_unknown_status_is_not_believed(arc, services, status) -> None:
    services.say("/v1/tx", 200, told(txStatus=status))
    with pytest.raises(UnreachableError, match="no status"):
        arc.submit(BODY, TXID)


@pytest.mark.parametrize("txid", ["cd" * 32, "", None, 5, "AB" * 32])
def test_another_txid_than_ours_is_not_believed(arc, services, txid) -> None:
    services.say("/v1/tx", 200, told(txid=txid))
    with pytest.raises(ChainError, match="another txid"):
        arc.submit(BODY, TXID)


def test_an_arc_without_a_limit_on_transactions_is_accepted(arc, services) -> None:
    policy = services.answer("GET", "/arc/v1/policy", b"", {})[1]
    del policy["policy"]["maxtxsizepolicy"]
    services.say("/v1/policy", 200, policy)
    assert arc.policy().max_script == policy["policy"]["maxscriptsizepolicy"]


@pytest.mark.parametrize(
    "fee",
    [
        {},
        None,
        7,
        {"satoshis": 1},
        {"satoshis": 1, "bytes": 0},
        {"satoshis": -1, "bytes": 1000},
        {"satoshis": 0.5, "bytes": 1000},
        {"satoshis": True, "bytes": 1000},
        {"satoshis": "1", "bytes": 1000},
    ],
)
def test_an_invalid_fee_policy_is_not_believed(arc, services, fee) -> None:
    policy = services.answer("GET", "/arc/v1/policy", b"", {})[1]
    policy["policy"]["miningFee"] = fee
    services.say("/v1/policy", 200, policy)
    with pytest.raises(UnreachableError, match="is not an ARC"):
        arc.policy()
