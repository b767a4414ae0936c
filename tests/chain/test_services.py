"""The clients of WhatsOnChain and ARC: unharmed by anything that answers, and plain about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.chain import arc as arc_module
from app.chain import whatsonchain as woc_module
from app.chain.arc import Arc
from app.chain.broadcast import Refusal
from app.chain.networks import TESTNET, Services, services_of
from app.chain.wallet import Wallet
from app.chain.whatsonchain import WhatsOnChain
from app.errors import ChainError, InkproofError, UnreachableError
from tests.chain.conftest import give
from tests.chain.fake_services import FakeHandler, FakeServices, problem
from tests.conftest import Regtest

TXID = "ab" * 32
BODY = b"\x01\x00\x00\x00"

QUESTIONS: dict[str, Callable[[WhatsOnChain, Arc], Any]] = {
    "tip": lambda woc, arc: woc.tip(),
    "coins": lambda woc, arc: woc.coins("mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8"),
    "place": lambda woc, arc: woc.place(TXID),
    "raw": lambda woc, arc: woc.raw(TXID),
    "spender": lambda woc, arc: woc.spender(TXID, 0),
    "policy": lambda woc, arc: arc.policy(),
    "has": lambda woc, arc: arc.has(TXID),
    "submit": lambda woc, arc: arc.submit(BODY, TXID),
}
every_question = pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS.keys())
json_questions = pytest.mark.parametrize(
    "ask", [ask for name, ask in QUESTIONS.items() if name != "raw"], ids=[n for n in QUESTIONS if n != "raw"]
)


@pytest.fixture
def clients(services: FakeServices, monkeypatch: pytest.MonkeyPatch) -> tuple[WhatsOnChain, Arc]:
    """Both, and impatient."""
    monkeypatch.setattr(arc_module, "_WAIT", 0)
    monkeypatch.setattr(arc_module, "_LOOKS", 3)
    monkeypatch.setattr(woc_module, "_ASK_AGAIN", 0.05)
    known = services_of(TESTNET)
    return WhatsOnChain(TESTNET, known, limit=3.0), Arc(TESTNET, known, limit=3.0, between=0.01)


@pytest.fixture
def woc(clients: tuple[WhatsOnChain, Arc]) -> WhatsOnChain:
    return clients[0]


@pytest.fixture
def arc(clients: tuple[WhatsOnChain, Arc]) -> Arc:
    return clients[1]


GARBAGE = {
    "empty": b"",
    "html": b"<html>hello</html>",
    "list": b"[]",
    "number": b"7",
    "null": b"null",
    "an empty object": b"{}",
    "not text": b"\xff\xfe\x00",
    "nested": b"[" * 200_000,
    "not a number": b'{"blocks": NaN}',
    "huge number": b'{"blocks": ' + b"9" * 10_000 + b"}",
    "cut": b'{"chain": "te',
}


@every_question
@pytest.mark.parametrize("answer", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_named_and_nothing_is_believed(clients, services, ask, answer) -> None:
    services.say("/", 200, answer)
    try:
        said = ask(*clients)
    except ChainError as error:
        assert error.hint or error.why
        assert str(error).isprintable()
    else:
        # The two answers that need no words: no bytes, and a transaction of which ARC says nothing.
        assert said in (b"", [], False)


@every_question
def test_a_silent_service_is_given_up(clients, services, ask) -> None:
    for client in clients:
        client._limit = 0.3
    services.instead("/", lambda handler: time.sleep(20))
    with pytest.raises(UnreachableError, match="did not answer within"):
        ask(*clients)


@every_question
def test_a_service_that_sends_a_byte_now_and_then_is_given_up(clients, services, ask) -> None:
    for client in clients:
        client._limit = 0.4

    def drip(handler: FakeHandler) -> None:
        handler.answer(200, b"", Content_Length="100000")
        for _ in range(200):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)

    services.instead("/", drip)
    with pytest.raises(UnreachableError, match="did not answer within"):
        ask(*clients)


@every_question
def test_a_cut_body_is_named(clients, services, ask) -> None:
    services.instead("/", lambda handler: handler.answer(200, b'{"chain": "test', Content_Length="5000"))
    with pytest.raises(UnreachableError):
        ask(*clients)


@every_question
def test_an_answer_without_end_is_cut_off(clients, services, ask, monkeypatch) -> None:
    monkeypatch.setattr(arc_module, "_LARGEST", 2**20)
    monkeypatch.setattr(woc_module, "_LARGEST", 2**20)
    services.say("/", 200, b"1" * 2**21)
    with pytest.raises(UnreachableError, match="larger than 1 MB"):
        ask(*clients)


@every_question
def test_a_redirect_is_not_followed(clients, services, ask) -> None:
    services.instead("/", lambda handler: handler.answer(302, b"", Location=services.woc_url))
    with pytest.raises(UnreachableError):
        ask(*clients)
    assert len(services.asked) == 1


@every_question
@pytest.mark.parametrize("status", [401, 403, 500, 502, 503])
def test_a_service_that_will_not_talk_is_explained(clients, services, ask, status) -> None:
    services.say("/", status, "<h1>\x1b[31mno</h1>")
    with pytest.raises(UnreachableError) as refusal:
        ask(*clients)
    assert str(status) in str(refusal.value)
    assert refusal.value.hint


@every_question
def test_nobody_at_the_address_is_named(ask) -> None:
    known = Services("http://127.0.0.1:1/woc", "http://127.0.0.1:1/arc")
    with pytest.raises(UnreachableError, match=r"No (ARC|explorer) answers"):
        ask(WhatsOnChain(TESTNET, known), Arc(TESTNET, known))


def test_the_environments_proxies_are_not_used(woc, services, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    assert woc.tip().height > 0


def test_the_explorer_is_asked_again_when_it_wants_fewer_questions(woc, services) -> None:
    left = [2]

    def busy(handler: FakeHandler) -> None:
        left[0] -= 1
        handler.answer(*((429, "Too Many Requests") if left[0] >= 0 else handler.proceed()))

    services.instead("/chain/info", busy)
    assert woc.tip().height > 0
    services.say("/chain/info", 429, "Too Many Requests")
    with pytest.raises(UnreachableError, match="too busy"):
        woc.tip()


def test_questions_to_the_public_explorer_are_paced(services) -> None:
    known = Services(services.woc_url, services.arc_url, pace=0.15)
    explorer = WhatsOnChain(TESTNET, known)
    began = time.monotonic()
    for _ in range(4):
        explorer.tip()
    assert time.monotonic() - began >= 0.45


@pytest.mark.parametrize(
    "change",
    [
        {"tx_hash": "zz"},
        {"tx_hash": None},
        {"tx_pos": -1},
        {"tx_pos": True},
        {"tx_pos": 1.5},
        {"value": -1},
        {"value": 21_000_001 * 10**8},
        {"value": "100"},
        {"value": None},
        {"height": -5},
        {"height": "x"},
    ],
)
def test_a_coin_that_cannot_be_is_not_believed(
    woc: WhatsOnChain, services: FakeServices, regtest: Regtest, stranger: Wallet, change: dict[str, Any]
) -> None:
    give(regtest, stranger, 50_000)

    def spoilt(handler: FakeHandler) -> None:
        status, page = handler.proceed()
        page["result"] = [row | change for row in page["result"]]
        handler.answer(status, page)

    services.instead("/unspent/all", spoilt)
    with pytest.raises(UnreachableError, match="not WhatsOnChain's API"):
        woc.coins(stranger.address)


def test_a_coin_that_waits_to_be_spent_is_not_listed(woc, services, regtest, stranger) -> None:
    give(regtest, stranger, 50_000)

    def taken(handler: FakeHandler) -> None:
        status, page = handler.proceed()
        page["result"] = [row | {"isSpentInMempoolTx": True} for row in page["result"]]
        handler.answer(status, page)

    services.instead("/unspent/all", taken)
    assert woc.coins(stranger.address) == []


def test_an_explorers_own_error_is_passed_on_fit_to_show(woc, services, stranger) -> None:
    services.say("/unspent/all", 200, {"result": None, "error": "index \x1b[2J down"})
    with pytest.raises(ChainError) as refusal:
        woc.coins(stranger.address)
    assert "index [2J down" in refusal.value.why


def test_another_transactions_details_are_not_taken_for_ours(woc, arc, services, regtest, stranger) -> None:
    other = give(regtest, stranger, 50_000)
    services.say("/tx/hash/", 200, services.answer("GET", f"/woc/tx/hash/{other}", b"", {})[1])
    services.say("/arc/v1/tx/", 200, services.answer("GET", f"/arc/v1/tx/{other}", b"", {})[1])
    for ask in (lambda: woc.place(TXID), lambda: arc.has(TXID)):
        with pytest.raises(UnreachableError, match="another transaction"):
            ask()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Refusal.OTHER),
        (460, Refusal.MISSING_INPUTS),
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
    with pytest.raises(ChainError, match="has not said yet") as trouble:
        arc.submit(BODY, TXID)
    assert word in trouble.value.why
    assert [method for method, _ in services.asked] == ["POST", "GET", "GET"]
    assert arc.has(TXID)
    assert not arc.has(TXID, taken=True)


def test_the_networks_word_is_heard_when_it_comes(arc, services) -> None:
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
    assert not arc.has(TXID)


@pytest.mark.parametrize("status", ["GLORIOUS\x1b", None, 8, ["MINED"]])
def test_a_status_that_is_none_is_not_believed(arc, services, status) -> None:
    services.say("/v1/tx", 200, told(txStatus=status))
    with pytest.raises(UnreachableError, match="no status"):
        arc.submit(BODY, TXID)


@pytest.mark.parametrize("txid", ["cd" * 32, "", None, 5, "AB" * 32])
def test_another_txid_than_ours_is_not_believed(arc, services, txid) -> None:
    services.say("/v1/tx", 200, told(txid=txid))
    with pytest.raises(ChainError, match="another txid"):
        arc.submit(BODY, TXID)


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
def test_a_fee_policy_that_is_none_is_not_believed(arc, services, fee) -> None:
    policy = services.answer("GET", "/arc/v1/policy", b"", {})[1]
    policy["policy"]["miningFee"] = fee
    services.say("/v1/policy", 200, policy)
    with pytest.raises(UnreachableError, match="is not an ARC"):
        arc.policy()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
GOOD: dict[str, Any] = {
    "chain": "test",
    "blocks": 5,
    "bestblockhash": TXID,
    "error": "",
    "result": [{"tx_hash": TXID, "tx_pos": 0, "value": 7, "height": 2, "isSpentInMempoolTx": False}],
    "txid": TXID,
    "blockhash": TXID,
    "confirmations": 1,
    "blockheight": 5,
    "policy": {"maxscriptsizepolicy": 1, "maxtxsizepolicy": 1, "miningFee": {"satoshis": 1, "bytes": 1}},
    "txStatus": "MINED",
    "status": 200,
    "extraInfo": "",
    "title": "OK",
    "detail": "",
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(list(QUESTIONS)),
    st.dictionaries(st.sampled_from(list(GOOD)), json_values, max_size=3),
    st.sampled_from([200, 200, 200, 404, 409, 461, 422]),
)
def test_no_answer_leads_to_anything_but_plain_words(clients, services, name, spoilt, status) -> None:
    services.behave()
    services.say("/", status, GOOD | spoilt)
    try:
        QUESTIONS[name](*clients)
    except InkproofError as error:
        assert str(error).isprintable()
