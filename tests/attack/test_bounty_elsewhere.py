"""The bounty's steps in an interpreter of others: bsv-sdk's, which has the rules since Chronicle too."""

from __future__ import annotations

import pytest

from tests import bsv_sdk
from tests.attack import bounty
from tests.attack.bounty import Step
from tests.attack.conftest import TALLY
from tests.attack.test_bounty import FAMILIES

pytestmark = pytest.mark.slow


def accepted(step: Step) -> bool:
    """Whether bsv-sdk accepts the bounty's input."""
    locking_script = step.place.bounty.locking_script
    return bsv_sdk.accepts(step.tx.to_bytes(), step.place.value, locking_script, step.index)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.attack)])
@pytest.mark.parametrize("version", [1, 2])
def test_bsv_sdk_accepts_the_honest_steps_and_no_forged_one(version, every, monkeypatch):
    """Of the forged ones every fifth by default."""
    monkeypatch.setattr(bounty, "VERSION", version)
    honest = bounty.redrafted() if version > 1 else [*bounty.honest(), *bounty.redrafted()]
    assert [step.name for step in honest if not accepted(step)] == []
    forged = [step for family in FAMILIES[:-1] for step in family()][version - 1 :: 2 * every]
    taken = [step.name for step in forged if accepted(step)]
    TALLY.forged(f"bounty, bsv-sdk, version {version}", len(forged), len(taken))
    TALLY.honest(f"bounty, bsv-sdk, version {version}", len(honest), len(honest))
    assert len(forged) > 150 // every and taken == []
