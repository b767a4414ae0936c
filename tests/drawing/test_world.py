"""Pictures from the world: nine of ten of each kind give nearly the 28x28 of the same strokes drawn clean."""

from __future__ import annotations

import pytest

from app import fixedpoint, paths
from tests.data.world import BLANK, DIGIT, KINDS, picture
from tests.drawing.world import outcome, samples
from tests.sizes import sized

pytestmark = pytest.mark.slow


def read(kind, strokes, seed):
    """Whether the picture gives what is expected of its kind."""
    return outcome(kind, strokes, seed)[0] == ("close" if KINDS[kind].expected == DIGIT else BLANK)


@sized("every", 6, 1)
def test_every_kind_is_read(every):
    """One of three pictures of each; of every sixth kind by default."""
    digits = [strokes for _, strokes in samples(None, 3)]
    unread = [
        kind
        for kind in list(KINDS)[::every]
        if not any(read(kind, strokes, seed) for seed, strokes in enumerate(digits))
    ]
    assert unread == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", KINDS)
def test_nine_of_ten_of_each_kind_are_read(kind):
    model = fixedpoint.load(paths.model_folder() / "integers.npz")
    digits = samples(None, 20)
    assert sum(read(kind, strokes, seed) for seed, (_, strokes) in enumerate(digits)) >= 18
    if KINDS[kind].expected == DIGIT:
        results = [outcome(kind, strokes, seed)[1] for seed, (_, strokes) in enumerate(digits)]
        pairs = zip(results, digits, strict=True)
        assert sum(r is not None and model.read(r).digit == digit for r, (digit, _) in pairs) >= 17


def test_the_same_arguments_make_the_same_picture():
    (_, strokes), *_ = samples(None, 1)
    for kind in ("on a table", "8x8 pixels"):
        assert picture(kind, strokes, 3) == picture(kind, strokes, 3)
        assert picture(kind, strokes, 3) != picture(kind, strokes, 4)
