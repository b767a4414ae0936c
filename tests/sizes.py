"""Two sizes of one test: a small one in every run, and the whole in `make exhaustive`."""

from __future__ import annotations

import os
from typing import Any, TypeVar

import pytest
from hypothesis import settings

T = TypeVar("T")
TIMES = int(os.environ.get("INKPROOF_EXAMPLES", "1"))
"""How many times as many examples Hypothesis tries: `make exhaustive` names 10."""


def examples(count: int, **others: Any) -> settings:
    """Hypothesis tries `count` examples in every run, and ten times as many in `make exhaustive`."""
    return settings(max_examples=count * TIMES, **others)


def sized(name: str, small: T, whole: T) -> pytest.MarkDecorator:
    """Parametrise argument `name`: `small` by default, `whole` where the exhaustive tests run."""
    return pytest.mark.parametrize(name, [small, pytest.param(whole, marks=pytest.mark.exhaustive)])
