"""What the attacks share: the pool that judges them, and the count of what was tried and what passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.attack import chronicle
from tests.attack.forge import Attempt, Forger
from tests.attack.judging import Judges, Outcome
from tests.conftest import Regtest, running_node

JUDGES = ("policy", "consensus", "node")


@dataclass
class Tally:
    """Spends by class of attack: forged ones judged and accepted, honest ones judged and accepted."""

    rows: dict[str, list[int]] = field(default_factory=dict)

    def forged(self, name: str, judged: int, accepted: int) -> None:
        """Count forged spends."""
        row = self.rows.setdefault(name, [0, 0, 0, 0])
        row[0] += judged
        row[1] += accepted

    def honest(self, name: str, judged: int, accepted: int) -> None:
        """Count honest spends, which show that the same road is open to the truth."""
        row = self.rows.setdefault(name, [0, 0, 0, 0])
        row[2] += judged
        row[3] += accepted


TALLY = Tally()


@pytest.fixture(scope="module")
def regtest(bitcoind: Path) -> Iterator[Regtest]:
    """A node of the module's own that lets a script run for 900 ms, and not the 3 ms of a default node.

    On a busy or slow machine 3 ms pass before a script has ended, and the answer is "timeout".
    """
    with running_node("maxstdtxvalidationduration=900") as regtest:
        yield regtest


@pytest.fixture(scope="session")
def judges() -> Iterator[Judges]:
    with Judges() as judges:
        yield judges


@pytest.fixture(scope="session")
def forger() -> Forger:
    return Forger()


@pytest.fixture
def refused_since_chronicle(judges: Judges):
    """Assert that of forged spends, rebuilt in version 2, only true claims in another form pass; that honest
    ones pass in both interpreters; and that bsv-sdk refuses the forged ones of version 1.
    """

    def check(name: str, forged: list[Attempt], honest: list[Attempt]) -> None:
        outcomes = list(judges.map(chronicle.judge_redrafted, [*forged, *honest]))
        bad, good = outcomes[: len(forged)], outcomes[len(forged) :]
        lies = [one for one in bad if one.accepted and not one.true]
        TALLY.forged(f"{name}, version 2", 2 * len(bad), sum(one.bitcoinx + one.bsv_sdk for one in lies))
        TALLY.honest(f"{name}, version 2", 2 * len(good), sum(one.bitcoinx + one.bsv_sdk for one in good))
        assert [one.attempt.name for one in lies] == []
        assert [one.attempt.name for one in good if not (one.bitcoinx and one.bsv_sdk and one.true)] == []
        by_others = list(judges.map(chronicle.by_bsv_sdk, [*forged, *honest]))
        assert not any(by_others[: len(forged)]) and all(by_others[len(forged) :])

    return check


@pytest.fixture(
    params=[pytest.param(8, id="sample"), pytest.param(1, id="all", marks=pytest.mark.exhaustive)]
)
def refused(request: pytest.FixtureRequest, judges: Judges, refused_since_chronicle):
    """Assert that forged spends are refused by the rules before Chronicle, a node's policy and a block's, and
    by those since; and that honest ones pass. Of both every eighth is judged, and of the forged ones among
    these every eighth by the rules since Chronicle; where the exhaustive tests run, all of them by all rules.
    """
    every = request.param

    def check(name: str, forged: Iterable[Attempt], honest: Sequence[Attempt]) -> list[Outcome]:
        forged, honest = list(forged)[::every], honest[::every]
        outcomes = judges.judge([*forged, *honest])
        bad, good = outcomes[: len(forged)], outcomes[len(forged) :]
        TALLY.forged(name, 2 * len(bad), sum(o.policy + o.consensus for o in bad))
        TALLY.honest(name, 2 * len(good), sum(o.policy + o.consensus for o in good))
        assert forged and honest
        assert [o.attempt.name for o in bad if o.policy or o.consensus] == []
        assert [(o.attempt.name, o.reason) for o in good if not (o.policy and o.consensus)] == []
        refused_since_chronicle(name, forged[::every], honest)
        return bad

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table of what was tried: one line per class of attack."""
    if not TALLY.rows:
        return
    terminalreporter.section("attacks on the contract")
    line = "{:<56}{:>10}{:>10}{:>12}{:>10}".format
    terminalreporter.write_line(line("class", "forged", "accepted", "honest", "accepted"))
    total = [0, 0, 0, 0]
    for name, row in TALLY.rows.items():
        terminalreporter.write_line(line(name, *(f"{count:,}" for count in row)))
        total = [a + b for a, b in zip(total, row, strict=True)]
    terminalreporter.write_line(line("all", *(f"{count:,}" for count in total)))
