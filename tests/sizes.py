"""Two sizes of one test: a small one in every run, and the whole in `make exhaustive`."""

from __future__ import annotations

from typing import TypeVar

import pytest

T = TypeVar("T")


def sized(name: str, small: T, whole: T) -> pytest.MarkDecorator:
    """Parametrise argument `name`: `small` by default, `whole` where the exhaustive tests run."""
    return pytest.mark.parametrize(name, [small, pytest.param(whole, marks=pytest.mark.exhaustive)])
