"""Layers of every kind: engine, oracle, Script and a node with default policy agree on the same images."""

import numpy as np
import pytest

from app.chain.connection import NodeChoice
from app.chain.service import Readings, open_service
from app.fixedpoint.rounding import Width, rounded, statistics_of
from app.fixedpoint.units import units_of
from app.script import Kind, packed_program, run_program
from tests import oracle
from tests.chains import steps_of
from tests.conftest import quiet
from tests.fixedpoint.test_imported import MODELS, PICTURES, trained
from tests.sizes import sized

pytestmark = pytest.mark.slow

KINDS = ["dense, leaky", "lenet", "norm after relu", "separable", "relu6", "padded and averaged"]


def integers(name):
    folded = trained(name)
    units = units_of(folded)
    return rounded(folded, units, statistics_of(folded, units, PICTURES), PICTURES, Width(5, 5))


def extremes() -> list[np.ndarray]:
    """Black, white, and a chequerboard of both: images that no one draws."""
    board = np.indices((28, 28)).sum(axis=0) % 2 * 255
    return [np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8), board.astype(np.uint8)]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] if name == "wide" else []) for name in MODELS]
)
def test_engine_oracle_and_script_agree_on_pictures_and_extremes(name):
    model = integers(name)
    program = packed_program(model)
    for picture in [*PICTURES[:1], *extremes()]:
        logits = model.read(picture).logits
        assert list(logits) == oracle.chain(steps_of(model), picture.ravel().tolist())
        assert run_program(program, picture.tobytes()).logits == logits


@sized("names", KINDS[1:3], KINDS)
def test_a_node_with_default_policy_accepts_true_claims_and_refuses_false_ones(home, names):
    for name in names:
        model = integers(name)
        with open_service(model, Kind.PACKED, NodeChoice(), quiet) as service:
            for picture in [PICTURES[0], extremes()[1]]:
                fixed = model.read(picture)
                readings = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
                false = (fixed.digit + 1) % 10
                assert not service.submit(picture.tobytes(), false, readings, progress=quiet).accepted
                assert service.submit(picture.tobytes(), fixed.digit, readings, progress=quiet).accepted
