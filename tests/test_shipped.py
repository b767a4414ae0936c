"""The model that ships: what it reads, how large its Script is, and that every engine agrees on it."""

import numpy as np
import pytest

from app import models, paths
from app.contract import contract_for
from app.contract.classifier import rule_of
from app.fixedpoint import load, quantise
from app.floats.judge import FloatJudge
from app.script import Kind
from app.script.run import SCRIPT_LIMIT
from tests import oracle
from tests.interpreted import differing
from tests.strategies import parameters

kinds = pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.value)


@pytest.fixture(scope="module")
def model():
    return load(paths.model_folder() / "integers.npz")


@pytest.fixture(scope="module")
def float_digits(mnist):
    judge = FloatJudge.load(paths.model_folder() / "model.keras")
    parts = np.array_split(mnist.x_test, 20)
    return np.concatenate([judge.read_batch(part).argmax(axis=1) for part in parts])


def test_the_integers_are_those_of_the_float_model(model):
    judge = FloatJudge.load(paths.model_folder() / "model.keras")
    assert quantise(judge.weights()).sha256 == model.sha256


def test_it_reads_985_of_1000_test_images(mnist, model, float_digits):
    assert (model.classify(mnist.x_test) == mnist.y_test).mean() >= 0.985
    assert (float_digits == mnist.y_test).mean() >= 0.985


@kinds
def test_float_and_integers_read_the_same_class_on_all_but_one_in_ten_thousand(
    mnist, model, float_digits, kind
):
    digits = model.with_rule(rule_of(kind)).classify(mnist.x_test)
    assert (digits == float_digits).mean() >= 0.9999


@pytest.mark.parametrize(
    ("kind", "formula"), [(Kind.PACKED, oracle.per_sum), (Kind.UNROLLED, oracle.per_product)]
)
def test_the_engine_equals_the_oracle_on_real_images(mnist, model, kind, formula):
    ruled, numbers = model.with_rule(rule_of(kind)), parameters(model)
    for picture in mnist.x_test[:20]:
        assert list(ruled.read(picture).logits) == formula(numbers, picture.ravel().tolist())


def test_the_packed_contract_fits_a_default_node(model):
    contract = contract_for(model, bytes(20))
    assert len(contract.locking_script) <= 270_000 < SCRIPT_LIMIT
    assert max(lanes.total for lanes in contract.program.lanes) <= 8 * 10_000


def extremes() -> np.ndarray:
    """All black, all white, the halves of the range, and every pixel alone at full ink."""
    flat = [np.full(784, value, np.uint8) for value in (0, 1, 127, 128, 254, 255)]
    single = [np.where(np.arange(784) == at, 255, 0).astype(np.uint8) for at in range(0, 784, 29)]
    return np.stack(flat + single)


def worst_images(model) -> np.ndarray:
    """For each hidden neuron the two images that drive its sum to either end of its lane."""
    weights = model.layers[0].weights
    ends = [np.where(weights * sign > 0, 255, 0).astype(np.uint8).T for sign in (1, -1)]
    return np.concatenate(ends)


@kinds
def test_script_and_engine_agree_on_extreme_images(model, kind):
    pictures = extremes()
    if kind is Kind.PACKED:
        pictures = np.concatenate([pictures, worst_images(model)])
    assert differing(models.DEFAULT, kind, pictures) == []


@pytest.mark.timeout(1800)  # the unrolled form: 88 million opcodes, minutes even on two cores
@kinds
def test_script_and_engine_agree_on_500_test_images(mnist, kind):
    assert differing(models.DEFAULT, kind, mnist.x_test[:500]) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(4 * 3600)
@kinds
def test_script_and_engine_agree_on_every_test_image(mnist, kind):
    assert differing(models.DEFAULT, kind, mnist.x_test) == []
