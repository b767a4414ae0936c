"""The daily limit: what counts, when it stops counting, and that nothing goes past it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.chain.ledger.spending import DEFAULT_LIMIT, Spending, daily_limit
from app.chain.ledger.store import Ledger
from app.errors import WalletError
from tests.sizes import examples

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=timezone.utc)


class MovingClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def spending(ledger: Ledger, clock: MovingClock) -> Spending:
    return Spending(ledger, "mainnet", 1_000, clock=clock)


def test_up_to_the_limit_and_not_a_satoshi_more(spending: Spending) -> None:
    spending.reserve(600, "deployment")
    with pytest.raises(WalletError, match="past the daily limit of 1,000") as refusal:
        spending.reserve(401, "deployment")
    assert "600 have been spent" in refusal.value.why
    assert "INKPROOF_DAILY_LIMIT" in refusal.value.hint
    assert spending.spent() == 600
    spending.reserve(400, "deployment")
    assert spending.spent() == 1_000


def test_what_was_not_sent_does_not_count(spending: Spending) -> None:
    number = spending.reserve(1_000, "deployment")
    spending.cancel(number)
    assert spending.spent() == 0
    spending.reserve(1_000, "deployment")


def test_a_day_later_it_does_not_count_and_a_second_before_it_does(
    spending: Spending, clock: MovingClock
) -> None:
    spending.reserve(1_000, "deployment")
    clock.now = NOON + timedelta(hours=23, minutes=59, seconds=59)
    assert spending.spent() == 1_000
    clock.now = NOON + timedelta(hours=24)
    assert spending.spent() == 0


def test_midnight_and_another_time_zone_change_nothing(spending: Spending, clock: MovingClock) -> None:
    clock.now = datetime(2026, 3, 29, 23, 30, tzinfo=timezone(timedelta(hours=-11)))
    spending.reserve(1_000, "deployment")
    clock.now = (clock.now + timedelta(hours=1)).astimezone(timezone(timedelta(hours=13)))
    assert spending.spent() == 1_000


def test_a_clock_set_back_does_not_open_the_limit_again(spending: Spending, clock: MovingClock) -> None:
    spending.reserve(1_000, "deployment")
    clock.now = NOON - timedelta(days=400)
    with pytest.raises(WalletError):
        spending.reserve(1, "deployment")


def test_networks_have_limits_of_their_own(ledger: Ledger, spending: Spending, clock: MovingClock) -> None:
    Spending(ledger, "elsewhere", 5_000, clock=clock).reserve(5_000, "deployment")
    assert spending.spent() == 0


def test_the_limit_outlives_the_program(tmp_path: Path, clock: MovingClock) -> None:
    for _ in range(2):
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            Spending(ledger, "mainnet", 1_000, clock=clock).reserve(500, "deployment")
    with Ledger(tmp_path / "ledger.sqlite") as ledger, pytest.raises(WalletError):
        Spending(ledger, "mainnet", 1_000, clock=clock).reserve(1, "deployment")


def test_programs_side_by_side_share_the_limit(tmp_path: Path, clock: MovingClock) -> None:
    Ledger(tmp_path / "ledger.sqlite").close()

    def spend(_: int) -> bool:
        with Ledger(tmp_path / "ledger.sqlite") as ledger:
            try:
                Spending(ledger, "mainnet", 1_000, clock=clock).reserve(100, "deployment")
            except WalletError:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(30))) == 10


@examples(15)
@given(st.lists(st.tuples(st.integers(0, 700), st.integers(-40, 40)), max_size=12))
def test_in_no_24_hours_is_more_spent_than_the_limit(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
) -> None:
    clock = MovingClock()
    spent: list[tuple[datetime, int]] = []
    with Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite") as ledger:
        spending = Spending(ledger, "mainnet", 1_000, clock=clock)
        for satoshis, hours in steps:
            clock.now += timedelta(hours=hours)
            try:
                spending.reserve(satoshis, "deployment")
            except WalletError:
                continue
            spent.append((clock.now, satoshis))
    for start, _ in spent:
        window = [amount for when, amount in spent if start <= when < start + timedelta(hours=24)]
        assert sum(window) <= 1_000


def test_the_limit_is_chosen_then_the_environments_then_a_modest_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INKPROOF_DAILY_LIMIT", raising=False)
    assert daily_limit() == DEFAULT_LIMIT
    monkeypatch.setenv("INKPROOF_DAILY_LIMIT", "7")
    assert daily_limit() == 7
    assert daily_limit(0) == 0


@pytest.mark.parametrize("text", ["-1", "1.5", "many", "1e9", "٣", "9" * 40])
def test_a_limit_that_is_no_amount_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INKPROOF_DAILY_LIMIT", text)
    with pytest.raises(WalletError, match="not an amount"):
        daily_limit()
