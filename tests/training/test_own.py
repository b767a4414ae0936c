"""A model of layers that a person names: trained, imported, and among her models."""

import json

import numpy as np
import pytest

from app import models
from app.errors import DataError
from app.fixedpoint import load
from app.importing.digits import load_digits
from app.training.own import filters_of, widths_of
from tests.cli.conftest import call


def test_layers_are_read_as_they_are_written():
    assert widths_of("784-32-10") == (32,)
    assert widths_of("784-10") == ()
    assert widths_of("784-128-64-10") == (128, 64)
    assert filters_of("16,32") == (16, 32)


@pytest.mark.parametrize(
    "text", ["", "32", "784", "784-32", "28-32-10", "784--10", "784-0-10", "784-x-10", "784-99999-10"]
)
def test_other_layers_are_refused(text):
    with pytest.raises(DataError, match="no row of layers"):
        widths_of(text)


@pytest.mark.parametrize("text", ["", "0", "16,", "1,2,3", "a", "500"])
def test_other_convolutions_are_refused(text):
    with pytest.raises(DataError, match="are no convolutions"):
        filters_of(text)


def test_a_model_of_own_layers_is_trained_on_own_data_and_kept(home, tmp_path):
    digits = load_digits()
    order = np.random.default_rng(1).permutation(len(digits.labels))
    images, labels = digits.images[order], digits.labels[order]
    file = tmp_path / "own.npz"
    np.savez(file, x_train=images, y_train=labels, x_test=images[:50], y_test=labels[:50])
    command = ["train", "--layers", "784-16-10", "--data", file, "--epochs", 15, "--name", "little", "--json"]
    ran = call(*command)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert (told["name"], told["architecture"], told["pixels"]) == ("little", "784-16-10", "0..1")
    model = models.named("little")
    assert (load(model.integers_path).classify(images) == labels).mean() > 0.8
    again = call(*command)
    assert again.returncode == 2 and "called 'little' already" in again.stderr
    assert call("models", "remove", "little").returncode == 0
    assert models.imported() == {}
