"""Integer parameters come back from disk as they were, or not at all."""

import numpy as np
import pytest
from hypothesis import given

from app.errors import ModelError
from app.fixedpoint import load, save
from tests.strategies import networks, parameters


@given(network=networks())
def test_saving_and_loading_changes_nothing(tmp_path_factory, network):
    path = tmp_path_factory.mktemp("store") / "integers.npz"
    save(network, path)
    again = load(path)
    assert parameters(again) == parameters(network)
    assert (again.sha256, again.architecture) == (network.sha256, network.architecture)


@pytest.fixture
def stored(tmp_path):
    rng = np.random.default_rng(1)
    from app.fixedpoint import quantise

    path = tmp_path / "integers.npz"
    save(quantise([(rng.normal(size=(5, 3)), rng.normal(size=3))]), path)
    return path


def rewrite(path, **changes):
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays.update(changes)
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})


def test_one_changed_weight_is_noticed(stored):
    with np.load(stored) as file:
        weights = file["weights_0"].copy()
    weights[0, 0] += 1
    rewrite(stored, weights_0=weights)
    with pytest.raises(ModelError, match="not the one it says"):
        load(stored)


@pytest.mark.parametrize(
    "changes",
    [
        {"header": None},
        {"weights_0": None},
        {"weights_0": np.zeros((5, 3))},
        {"weights_0": np.zeros((5, 4), np.int64)},
        {"header": np.frombuffer(b"{}", np.uint8)},
        {"header": np.frombuffer(b"\xff\xfe", np.uint8)},
        {"weights_0": np.full((5, 3), 2**60)},
    ],
    ids=["no header", "no weights", "floats", "wrong shape", "empty header", "not text", "too large"],
)
def test_a_file_that_does_not_hold_together_is_refused(stored, changes):
    rewrite(stored, **changes)
    with pytest.raises(ModelError):
        load(stored)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_a_file_that_is_something_else_is_refused(tmp_path, content):
    path = tmp_path / "integers.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match="missing"):
        load(tmp_path / "integers.npz")
