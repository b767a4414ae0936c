"""The convolutional model that ships: what it reads, what it costs, and that all engines agree on it."""

import json

import numpy as np
import pytest

from app import paths
from app.chain.connection import NodeChoice
from app.chain.service import Readings, open_service
from app.contract import contract_for
from app.fixedpoint import Conv2d, load
from app.floats.judge import FloatJudge
from app.script import Kind
from app.script.convolved import lane_bytes
from app.script.run import SCRIPT_LIMIT
from tests import oracle
from tests.conftest import quiet
from tests.interpreted import differing
from tests.strategies import blocks_of

FOLDER = paths.model_folder("cnn")


@pytest.fixture(scope="module")
def model():
    return load(FOLDER / "integers.npz")


def test_it_is_the_full_model_in_few_bits(model):
    assert model.architecture == "784-32c3-p2-64c3-p2-10"
    layers = [layer for layer in model.layers if isinstance(layer, Conv2d)]
    assert [abs(layer.weights).max() for layer in layers] == [15, 7, 3]
    assert sum(layer.weights.size + layer.biases.size for layer in layers) == 34_826


@pytest.fixture(scope="module")
def report():
    return json.loads((FOLDER / "report.json").read_text(encoding="utf-8"))


def test_the_integers_read_988_of_1000_test_images_as_reported(mnist, model, report):
    accuracy = (model.classify(mnist.x_test) == mnist.y_test).mean()
    assert accuracy >= 0.988
    assert accuracy == pytest.approx(report["integer_test_accuracy"], abs=1e-9)


def test_the_float_model_reads_98_of_100_test_images_as_reported(mnist, report):
    judge = FloatJudge.load(FOLDER / "model.keras")
    parts = np.array_split(mnist.x_test, 20)
    digits = np.concatenate([judge.read_batch(part).argmax(axis=1) for part in parts])
    assert (digits == mnist.y_test).mean() >= 0.98
    assert (digits == mnist.y_test).mean() == pytest.approx(report["test_accuracy"], abs=1e-9)
    assert report["recipe"] == "cnn" and report["weights"]["parameters"] == 34_826


def test_the_contract_fits_a_default_node_six_times_over(model):
    assert lane_bytes(model) == 2
    assert len(contract_for(model, bytes(20)).locking_script) <= 82_000 < SCRIPT_LIMIT


def test_the_engine_equals_the_oracle_on_a_real_image(mnist, model):
    picture = mnist.x_test[1]
    assert list(model.read(picture).logits) == oracle.convolutional(
        blocks_of(model), picture.ravel().tolist()
    )


def worst_images(model) -> np.ndarray:
    """Black, white, halves, and for each filter of the first layer its own signs all over the image."""
    flat = [np.full((28, 28), value, np.uint8) for value in (0, 1, 127, 128, 255)]
    kernels = model.layers[0].weights[:, :, 0, :]
    tiles = [np.where(sign * kernels > 0, 255, 0).astype(np.uint8) for sign in (1, -1)]
    filters = [tile[:, :, o] for tile in tiles for o in range(0, kernels.shape[2], 4)]
    return np.stack([*flat, *(np.tile(tile, (10, 10))[:28, :28] for tile in filters)])


def test_script_and_engine_agree_on_extreme_images(model):
    assert differing("cnn", Kind.PACKED, worst_images(model)) == []


def test_script_and_engine_agree_on_500_test_images(mnist):
    assert differing("cnn", Kind.PACKED, mnist.x_test[:500]) == []


@pytest.mark.exhaustive
@pytest.mark.timeout(4 * 3600)
def test_script_and_engine_agree_on_every_test_image(mnist):
    assert differing("cnn", Kind.PACKED, mnist.x_test) == []


def test_a_node_with_default_policy_accepts_50_true_claims_and_refuses_false_ones(home, mnist, model):
    with open_service(model, Kind.PACKED, NodeChoice(), quiet) as service:
        for number, image in enumerate(mnist.x_test[500:550]):
            fixed = model.read(image)
            readings = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            if number % 10 == 0:
                false = service.submit(image.tobytes(), (fixed.digit + 1) % 10, readings, progress=quiet)
                assert not false.accepted
            assert service.submit(image.tobytes(), fixed.digit, readings, progress=quiet).accepted
