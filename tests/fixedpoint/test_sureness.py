"""Sureness comes from integer logits alone: exact, whatever their size."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ModelError
from app.fixedpoint import Sureness, load_sureness, save_sureness
from app.fixedpoint.sureness import lead

LOGITS = st.lists(st.integers(-(2**90), 2**90), min_size=10, max_size=10)


@given(LOGITS)
def test_the_lead_is_the_distance_to_the_next_class_and_to_the_level(logits: list[int]) -> None:
    *_, second, top = sorted(logits)
    assert Fraction(lead(logits, False), 10) == (top - second) + (top - Fraction(sum(logits), 10))
    assert Fraction(lead(logits, True), 10) == 5 * (top - max(second, 0)) + top


@given(LOGITS, st.integers(-(2**90), 2**90))
def test_what_is_added_to_all_logits_counts_only_where_zero_is_no_digit(
    logits: list[int], shift: int
) -> None:
    shifted = [logit + shift for logit in logits]
    assert lead(shifted, False) == lead(logits, False) >= 0
    assert (lead(shifted, True) > lead(logits, True)) is (shift > 0)


@pytest.mark.parametrize(("level", "sure"), [(-15, False), (0, True)])
def test_ten_logits_below_zero_are_no_digit_however_far_one_stands_out(level: int, sure: bool) -> None:
    logits = [level + 10, *[level - 20] * 9]
    assert Sureness("ab", 400, 300, 30, none_is_zero=True).is_sure(logits) is sure
    assert Sureness("ab", 400, 300, 30, none_is_zero=False).is_sure(logits)


def test_the_threshold_is_the_least_sure_lead() -> None:
    sureness = Sureness("ab", threshold=190, middle=100, width=30)
    logits = [10, *[0] * 9]
    assert lead(logits, False) == 190 and sureness.is_sure(logits)
    assert not Sureness("ab", 191, 100, 30).is_sure(logits)


@given(LOGITS, LOGITS)
def test_a_larger_lead_is_never_less_sure(one: list[int], other: list[int]) -> None:
    for none_is_zero in (True, False):
        sureness = Sureness("ab", 5 * 2**80, 2**85, 2**84, none_is_zero)
        less, more = sorted((one, other), key=lambda logits: lead(logits, none_is_zero))
        assert 0 <= sureness.sureness(less) <= sureness.sureness(more) <= 1


def test_the_curve_is_one_half_in_the_middle() -> None:
    assert Sureness("ab", 0, 190, 30).sureness([10, *[0] * 9]) == 0.5


def test_what_is_saved_is_what_is_loaded_for_the_same_integers(tmp_path: Path) -> None:
    sureness = Sureness("ab", 2**80, -3, 7, True, {"digits": 5})
    save_sureness(sureness, tmp_path / "sureness.json")
    assert load_sureness(tmp_path / "sureness.json", "ab") == sureness
    assert load_sureness(tmp_path / "sureness.json", "cd") is None
    assert load_sureness(tmp_path / "none.json", "ab") is None


@pytest.mark.parametrize(
    "change", [{"width": 0}, {"threshold": "7"}, {"middle": None}, {"format": "other"}, {"none_is_zero": 1}]
)
def test_a_damaged_file_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "sureness.json"
    save_sureness(Sureness("ab", 1, 2, 3), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ModelError, match=r"sureness\.json"):
        load_sureness(path, "ab")
    path.write_text("{")
    with pytest.raises(ModelError, match=r"sureness\.json"):
        load_sureness(path, "ab")
