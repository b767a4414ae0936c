"""Every rule of the bounty is needed: without it a forged step passes, and the attacks find it missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app import paths
from app.contract import bounty as contract
from app.contract import description, judge_spend
from app.script.run import policy_limits
from tests import bounties
from tests.attack import bounty
from tests.attack.test_bounty import FAMILIES

SOURCE = paths.bounty_source().read_text(encoding="utf-8")
RULES = [
    "require(sha256(image + salt + hash160(claimant)) == this.state[: DigitBounty.HASH_BYTES]);",
    "require(checkSig(sig, claimant));",
    "require(DigitBounty.earns(logits, this.digit, this.margin));",
    "require(Tx.checkPreimage(preimage));",
    "require(DigitBounty.isFirst(preimage, outpoints));",
    "require(this.state == num2bin(0, 36));",
    "require(len(commitment) == DigitBounty.HASH_BYTES);",
    "require(height <= this.lastBlock);",
    "require(hash256(next + rest) == DigitBounty.hashOutputs(preimage));",
    "require(!(this.state == num2bin(0, 36)));",
    "require(DigitBounty.heightIn(preimage) >= unpack(this.state[DigitBounty.HASH_BYTES :]));",
    "require(state == num2bin(0, 36));",
    "require(hash160(pubKey) == this.poster);",
    "require(DigitBounty.heightIn(preimage) > this.lastBlock);",
    "require(checkSig(sig, pubKey));",
    "require(!(tail[8 : 12] == b'ffffffff'));",
    "require(height < DigitBounty.FIRST_SECONDS);",
]


def test_the_rules_are_those_of_the_source():
    stripped = [line.strip() for line in SOURCE.splitlines()]
    assert {line for line in stripped if line.startswith("require(")} - set(RULES) == {
        # The model's Script asks for as many bytes itself, and a key's hash has 20: so has the salt its 32.
        "require(len(image) == DigitBounty.PIXELS);",
        "require(len(salt) == DigitBounty.HASH_BYTES);",
    }
    assert set(RULES) <= set(stripped)


@pytest.fixture
def without(compiler: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Compile the contract without a rule, and let everything use that."""
    caches = (contract._parts, contract._separators, bounties.opened)

    def compiled(rule: str) -> None:
        source = tmp_path / "digit_bounty.scrypt"
        source.write_text(weakened(rule), encoding="utf-8")
        made = description.build(source)
        load = description.load
        monkeypatch.setattr(
            description, "load", lambda path=None: made if path == paths.bounty_source() else load(path)
        )
        for cache in caches:
            cache.cache_clear()

    yield compiled
    monkeypatch.undo()
    for cache in caches:
        cache.cache_clear()


def weakened(rule: str) -> str:
    """The source without a rule.

    What it asks is still computed, so that the compiler leaves out no constant and the script's beginning
    stays as it is.
    """
    if "checkPreimage" in rule:
        # A wrong signature fails by itself, whatever becomes of the answer; its two constants have 3 bytes.
        return SOURCE.replace(rule, "").replace("STATE_AT = 30", "STATE_AT = 27")
    return SOURCE.replace(rule, rule.replace("require(", "require((").removesuffix(");") + ") || true);")


def passes(step: bounty.Step) -> bool:
    script, value = step.place.bounty.locking_script, step.place.value
    return judge_spend(step.tx, value, script, policy_limits(), step.index).accepted


@pytest.mark.attack
@pytest.mark.timeout(900)
@pytest.mark.parametrize("rule", RULES)
def test_without_a_rule_a_forged_step_passes(rule, without):
    without(rule)
    assert all(passes(step) for step in bounty.honest())
    forged = (step for family in FAMILIES for step in family())
    assert any(passes(step) for step in forged)
