"""The sentences about the judges' readings, sure or not, proved or not."""

from __future__ import annotations

import dataclasses

from app.chain.service import ChainVerdict
from app.fixedpoint import FixedReading, Sureness
from app.floats.judge import FloatReading
from app.verdict import Tally, Verdict

FAR, NEAR = (50, *[0] * 9), (5, *[0] * 9)
KNOWN = Sureness("ab", threshold=500, middle=300, width=100)


def reading(
    logits: tuple[int, ...], certainty: Sureness | None, chain: ChainVerdict | None = None
) -> Verdict:
    probabilities = (0.91, *[0.01] * 9)
    return Verdict(
        "x", FloatReading(0, probabilities, 1.0), FixedReading(0, logits, 1, 1.0), chain, certainty
    )


def accepted(claim: int) -> ChainVerdict:
    return ChainVerdict(
        network="regtest",
        txid="ab" * 32,
        claimed=claim,
        accepted=True,
        reason="",
        block_height=5,
        block_hash="cd" * 32,
        fee=50,
        size=900,
        script_bytes=1000,
    )


def test_a_sure_reading_is_said_plainly() -> None:
    assert reading(FAR, KNOWN).sentence == "Both local judges agree: this is a 0."
    assert reading(FAR, KNOWN, accepted(0)).sentence == "All three judges agree: this is a 0."


def test_an_unsure_reading_is_not_called_a_digit() -> None:
    assert reading(NEAR, KNOWN).sentence == "Both local judges read 0, and neither is sure."
    assert reading(NEAR, KNOWN, accepted(0)).sentence == "All three read 0, and none is sure."


def test_agreement_does_not_depend_on_sureness() -> None:
    assert reading(NEAR, KNOWN).agree and reading(FAR, KNOWN).agree
    assert not reading(FAR, KNOWN, accepted(4)).agree


def test_json_carries_sureness_and_null_where_it_is_not_known() -> None:
    sure, unsure, unknown = (
        reading(*given).as_json() for given in ((FAR, KNOWN), (NEAR, KNOWN), (NEAR, None))
    )
    assert sure["sure"] is True and 0.8 < sure["sureness"] < 1
    assert unsure["sure"] is False and unsure["sureness"] < 0.2
    assert unknown["sure"] is None and unknown["sureness"] is None


def test_an_accepted_claim_says_what_it_proves() -> None:
    assert reading(FAR, KNOWN).proved == ""
    said = reading(NEAR, KNOWN, accepted(8)).proved
    assert said == "Proved: this model reads 8. Not proved: that it is one."


def test_verdicts_are_counted_with_who_was_right_and_what_the_chain_took() -> None:
    now = [0.0]
    tally = Tally(clock=lambda: now[0])
    tally.add(reading(FAR, KNOWN, accepted(0)), 0)
    tally.add(reading(FAR, KNOWN, accepted(0)), 3)
    refusal = dataclasses.replace(accepted(3), accepted=False, block_height=None)
    tally.add(reading(FAR, KNOWN, refusal), 3)
    tally.fail()
    now[0] = 2.0
    told = tally.as_json()
    assert {
        name: told[name] for name in ("images", "accepted", "refused", "failed", "confirmed", "agree")
    } == {"images": 4, "accepted": 2, "refused": 1, "failed": 1, "confirmed": 2, "agree": 2}
    assert told["float_accuracy"] == told["integer_accuracy"] == told["contract_accuracy"] == 0.25
    assert (told["seconds"], told["per_second"]) == (2.0, 2.0)
    assert "contract           25.00% right" in tally.lines()
