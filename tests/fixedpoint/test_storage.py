"""Integer parameters come back from disk as they were, or not at all."""

import io
import json
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import given

from app.errors import ModelError
from app.fixedpoint import load, quantise, rounded_to_bits, save
from app.fixedpoint.storage import FORMAT, LARGEST_UNPACKED
from tests.strategies import models, parameters


@given(model=models())
def test_saving_and_loading_changes_nothing(tmp_path_factory, model):
    path = tmp_path_factory.mktemp("store") / "integers.npz"
    save(model, path)
    again = load(path)
    assert parameters(again) == parameters(model)
    assert (again.sha256, again.architecture) == (model.sha256, model.architecture)


@pytest.fixture
def stored(tmp_path):
    rng = np.random.default_rng(1)
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
        {"header": np.frombuffer(b"[" * 99_000, np.uint8)},
    ],
    ids=["no header", "no weights", "floats", "wrong shape", "empty header", "not text", "too large", "deep"],
)
def test_a_file_that_does_not_hold_together_is_refused(stored, changes):
    rewrite(stored, **changes)
    with pytest.raises(ModelError):
        load(stored)


def test_a_file_with_any_byte_damaged_is_refused_or_none_the_worse(stored):
    """The arrays are compressed: a flipped byte meets zip's tables, zlib, NumPy's headers and JSON alike."""
    sound, known = stored.read_bytes(), load(stored)
    refused = 0
    for at in range(len(sound)):
        stored.write_bytes(sound[:at] + bytes([sound[at] ^ 0xFF]) + sound[at + 1 :])
        try:
            again = load(stored)
        except ModelError:
            refused += 1
        else:
            assert (again.sha256, parameters(again)) == (known.sha256, parameters(known))
    assert refused > len(sound) / 2


def test_a_number_that_no_integer_can_be_is_refused(tmp_path):
    path = tmp_path / "integers.npz"
    save(rounded_to_bits([(np.ones((2, 2)), np.zeros(2))], 4), path)
    with np.load(path) as file:
        header = file["header"].tobytes()
    infinite = header.replace(b'"scale": 7}', b'"scale": Infinity}')
    assert infinite != header
    rewrite(path, header=np.frombuffer(infinite, np.uint8))
    with pytest.raises(ModelError, match="cannot be read"):
        load(path)


def test_an_array_that_claims_more_than_any_memory_is_refused(stored):
    claim = io.BytesIO()
    claimed = {"descr": "<i8", "fortran_order": False, "shape": (10**6, 10**9)}
    np.lib.format.write_array_header_1_0(claim, claimed)
    with np.load(stored) as file, zipfile.ZipFile(stored.with_name("claims.npz"), "w") as archive:
        for name in file.files:
            content = io.BytesIO()
            np.lib.format.write_array(content, file[name])
            archive.writestr(f"{name}.npy", (claim if name == "weights_0" else content).getvalue())
    with pytest.raises(ModelError, match="cannot be read"):
        load(stored.with_name("claims.npz"))


def test_a_file_that_unpacks_to_far_more_than_a_model_is_refused_unread(tmp_path):
    path = tmp_path / "integers.npz"
    np.savez_compressed(path, header=np.zeros(LARGEST_UNPACKED, np.uint8))
    assert path.stat().st_size < LARGEST_UNPACKED // 500
    with pytest.raises(ModelError, match="cannot be read") as caught:
        load(path)
    assert "unpacks to" in caught.value.why


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut off"])
def test_a_file_that_is_something_else_is_refused(tmp_path, content):
    path = tmp_path / "integers.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be read"):
        load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match="missing"):
        load(tmp_path / "integers.npz")


def written(path, entries, **numbers):
    """A file that describes these layers. Its sha256 is wrong, which is seen last."""
    header = {"format": FORMAT, "sha256": "", "layers": entries}
    np.savez_compressed(path, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **numbers)
    return path


PAD = {"kind": "pad", "height": 28, "width": 28, "channels": 1, "value": 0, "constant": 0}
WIDE = {"kind": "pad", "height": 1000, "width": 1000, "channels": 1, "value": 0, "constant": 0}
CONV = {"kind": "conv2d", "height": 1000, "width": 1000, "denominator": 1}


@pytest.mark.parametrize(
    ("entries", "weights"),
    [
        ([{**PAD, "padding": [400, 400, 400, 400]}, {**CONV, "height": 828, "width": 828}], (400, 400, 1, 1)),
        ([{**CONV, "height": 500, "width": 500}], (1, 1, 1, 1000)),
        ([{**PAD, "padding": [0, 0, 0, 0]}] + [{**WIDE, "padding": [0] * 4}] * 10, None),
        ([{**PAD, "padding": [486, 486, 486, 486]}] + [{**WIDE, "padding": [0] * 4}] * 50, None),
        ([{**PAD, "padding": [0, 0, 0, 0]}] + [{"kind": "relu"}] * 3000, None),
    ],
    ids=["large kernel", "many filters", "layers that do not fit", "many large maps", "many layers"],
)
def test_a_file_that_asks_for_much_memory_is_refused_in_little(tmp_path, entries, weights):
    numbers = {}
    if weights:
        at = len(entries) - 1
        numbers = {f"weights_{at}": np.ones(weights, np.int64), f"biases_{at}": np.ones(weights[3], np.int64)}
    path = written(tmp_path / "integers.npz", [*entries, {"kind": "argmax"}], **numbers)
    tracemalloc.start()
    with pytest.raises(ModelError) as caught:
        load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "sha256" not in str(caught.value)
    assert peak < 700_000_000
