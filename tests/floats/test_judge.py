from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.errors import ImageError, ModelError
from app.floats.judge import FloatJudge, dense_weights
from app.floats.runtime import import_keras
from app.training import architecture

RNG = np.random.default_rng(11)
IMAGES = RNG.integers(0, 256, (7, 28, 28)).astype(np.uint8)


def test_a_reading_is_a_digit_and_ten_probabilities(shipped: FloatJudge) -> None:
    reading = shipped.read(IMAGES[0])
    assert len(reading.probabilities) == 10 and sum(reading.probabilities) == pytest.approx(1.0, abs=1e-5)
    assert reading.digit == int(np.argmax(reading.probabilities))
    assert reading.milliseconds > 0
    json.dumps(reading.probabilities)


def test_a_batch_reads_as_its_images_do_one_by_one(shipped: FloatJudge) -> None:
    single = np.array([shipped.read(image).probabilities for image in IMAGES])
    assert shipped.read_batch(IMAGES) == pytest.approx(single, abs=1e-6)


def test_a_batch_larger_than_one_part_keeps_its_order(shipped: FloatJudge) -> None:
    many = np.tile(IMAGES, (700, 1, 1))
    answers = shipped.read_batch(many)
    assert answers.shape == (4900, 10) and answers.dtype == np.float32
    assert answers == pytest.approx(np.tile(answers[:7], (700, 1)), abs=1e-6)


def test_an_empty_batch_has_no_answers(shipped: FloatJudge) -> None:
    assert shipped.read_batch(IMAGES[:0]).shape == (0, 10)


def test_the_lowest_digit_wins_among_equals() -> None:
    model = architecture.build()
    zero = [(np.zeros_like(kernel), np.zeros_like(bias)) for kernel, bias in dense_weights(model)]
    zero[1][1][[4, 6]] = 1.0
    architecture.set_dense_weights(model, zero)
    assert FloatJudge(model).read(IMAGES[0]).digit == 4


def test_probabilities_follow_from_the_weights(shipped: FloatJudge) -> None:
    (kernel, bias), (following, next_bias) = shipped.weights()
    assert kernel.shape == (784, 64) and bias.shape == (64,) and kernel.dtype == np.float32
    assert following.shape == (64, 10) and next_bias.shape == (10,)
    hidden = np.maximum(IMAGES.reshape(7, -1) / 255.0 @ kernel.astype(np.float64) + bias, 0.0)
    logits = hidden @ following.astype(np.float64) + next_bias
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert shipped.read_batch(IMAGES) == pytest.approx(
        expected / expected.sum(axis=1, keepdims=True), abs=1e-4
    )


@pytest.mark.parametrize(
    "image", [np.zeros((28, 28), np.float32), np.zeros((28, 27), np.uint8), np.zeros((784,), np.uint8)]
)
def test_only_28x28_pictures_of_bytes_are_read(shipped: FloatJudge, image: np.ndarray) -> None:
    with pytest.raises(ImageError):
        shipped.read(image)


def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        FloatJudge.load(tmp_path / "model.keras")
    assert "inkproof train" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(300)])
def test_a_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be loaded"):
        FloatJudge.load(path)


def test_a_truncated_or_altered_model_is_refused(tmp_path: Path) -> None:
    whole = (paths.model_folder() / "model.keras").read_bytes()
    path = tmp_path / "model.keras"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be loaded"):
        FloatJudge.load(path)
    with (
        zipfile.ZipFile(paths.model_folder() / "model.keras") as source,
        zipfile.ZipFile(path, "w") as target,
    ):
        for name in source.namelist():
            target.writestr(name, b"{}" if name == "config.json" else source.read(name))
    with pytest.raises(ModelError, match="cannot be loaded"):
        FloatJudge.load(path)


def test_a_model_of_another_shape_is_refused(tmp_path: Path) -> None:
    keras = import_keras()
    other = keras.Sequential([keras.layers.Input((20, 20)), keras.layers.Flatten(), keras.layers.Dense(10)])
    other.save(tmp_path / "model.keras")
    with pytest.raises(ModelError, match="wrong shape"):
        FloatJudge.load(tmp_path / "model.keras")


def test_code_hidden_in_a_model_is_not_run(tmp_path: Path) -> None:
    keras = import_keras()
    marker = tmp_path / "ran"
    name = str(marker)
    layers = [
        keras.layers.Input((28, 28)),
        keras.layers.Lambda(lambda x: (Path(name).touch(), x)[1], output_shape=(28, 28)),
        keras.layers.Flatten(),
        keras.layers.Dense(10),
    ]
    keras.Sequential(layers).save(tmp_path / "model.keras")
    marker.unlink(missing_ok=True)
    with pytest.raises(ModelError, match="cannot be loaded"):
        FloatJudge.load(tmp_path / "model.keras")
    assert not marker.exists()
