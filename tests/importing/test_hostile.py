"""A hostile file costs one sentence: nothing in it is run, and memory and time have a bound."""

import json
import pickle
import random
import zipfile
from pathlib import Path

import h5py
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from app.errors import ModelError
from app.importing.reading import read
from app.importing.sandbox import Limits, read_apart
from tests.importing.make_keras2 import FOLDER
from tests.importing.test_refusals import DENSE, FLATTEN, file_of, layer, refusal
from tests.sizes import sized


class Touch:
    """Unpickled, it would make a file."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def test_a_pickle_is_not_opened(tmp_path):
    for name in ("model.pkl", "model.h5", "model.onnx"):
        (tmp_path / name).write_bytes(pickle.dumps(Touch(tmp_path / "made")))
        refusal(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", pickle.dumps(Touch(tmp_path / "made")))
        archive.writestr("model.weights.h5", pickle.dumps(Touch(tmp_path / "made")))
    refusal(tmp_path / "model.keras")
    assert not (tmp_path / "made").exists()


def test_a_lambda_of_keras_is_not_run(keras, tmp_path):
    """Its code stands in the file, in Python's own byte code."""
    made = tmp_path / "made"
    layers = keras.layers
    harmful = layers.Lambda(
        lambda values, path=str(made): (Path(path).touch(), values)[1], output_shape=(28, 28)
    )
    model = keras.Sequential([layers.Input((28, 28)), harmful, layers.Flatten(), layers.Dense(10)])
    for suffix in ("keras", "h5"):
        model.save(tmp_path / f"lambda.{suffix}")
        made.unlink(missing_ok=True)
        assert "is a Lambda: a program in the file" in refusal(tmp_path / f"lambda.{suffix}")
        assert not made.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("member", "size", "words"),
    [
        ("config.json", 20_000_000, "16,000,000 bytes"),
        pytest.param("model.weights.h5", 301_000_000, "300,000,000 bytes", marks=pytest.mark.exhaustive),
    ],
)
def test_a_zip_bomb_is_not_unpacked(member, size, words, tmp_path):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in ("config.json", "model.weights.h5"):
            archive.writestr(name, b" " * (size if name == member else 1000))
    assert path.stat().st_size < size / 100
    assert words in refusal(path)


def test_an_archive_that_lies_about_its_sizes_is_refused(tmp_path):
    path = tmp_path / "lies.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 100_000)
        archive.writestr("model.weights.h5", b"x")
    data = bytearray(path.read_bytes())
    at = data.find((100_000).to_bytes(4, "little"), data.find(b"PK\x01\x02"))
    data[at : at + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    refusal(path)


def with_dataset(tmp_path, make):
    """A file whose dense kernel is made by `make(group, name)`."""
    path = file_of(tmp_path / "m.h5", [FLATTEN, DENSE])
    with h5py.File(path, "r+") as file:
        group = file["model_weights/dense/dense"]
        del group["w0"]
        make(group, "w0")
    return path


def other_file(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["w"] = np.ones((784, 10))
    return str(tmp_path / "other.h5")


def gigabytes(group, name):
    group.create_dataset(name, shape=(10**6, 10**6), dtype="f4", chunks=(1, 1000))


def one_huge_chunk(group, name):
    group.create_dataset(name, (784, 10), "f4", maxshape=(None, 10), chunks=(10**7, 10), compression="gzip")


def text_as_numbers(group, name):
    group.create_dataset(name, data=["a", "b"], dtype=h5py.string_dtype())


def itself(group, name):
    group[name] = group


def soft(group, name):
    group[name] = h5py.SoftLink("/model_weights/dense/dense/w1")


CASES = [
    (gigabytes, "claims more than 20,000,000 weights"),
    (one_huge_chunk, "claims more than 20,000,000 weights"),
    (text_as_numbers, "not floating-point numbers"),
    (itself, "has no weights at"),
    (soft, "is a link to another place"),
]


@pytest.mark.parametrize(("make", "words"), CASES, ids=lambda one: getattr(one, "__name__", ""))
def test_weights_that_are_not_what_they_claim_are_refused(make, words, tmp_path):
    assert words in refusal(with_dataset(tmp_path, make))


def test_another_file_is_not_opened(tmp_path):
    other = other_file(tmp_path)

    def linked(group, name):
        group[name] = h5py.ExternalLink(other, "w")

    def virtual(group, name):
        layout = h5py.VirtualLayout((784, 10), "f8")
        layout[:] = h5py.VirtualSource(other, "w", (784, 10))
        group.create_virtual_dataset(name, layout)

    def outside(group, name):
        group.create_dataset(name, (784, 10), "f8", external=[(other, 0, 784 * 10 * 8)])

    assert "is a link to another place" in refusal(with_dataset(tmp_path, linked))
    assert "are in another file" in refusal(with_dataset(tmp_path, virtual))
    assert "are in another file" in refusal(with_dataset(tmp_path, outside))


def test_onnx_weights_in_another_file_are_not_opened(tmp_path):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[784, 10])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    assert "are in another file" in refusal(onnx_file(tmp_path, [tensor]))


def test_onnx_weights_of_gigabytes_are_refused(tmp_path):
    huge = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2**40, 2**40])
    assert "claims more than 20,000,000 weights" in refusal(onnx_file(tmp_path, [huge]))
    less = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[784, 10], raw_data=b"1234")
    assert "not what they claim to be" in refusal(onnx_file(tmp_path, [less]))


def onnx_file(tmp_path, tensors, nodes=None):
    graph = helper.make_graph(
        nodes or [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 784])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])],
        tensors,
    )
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx.ModelProto(graph=graph, ir_version=8).SerializeToString())
    return path


def test_loops_and_nesting_without_end_are_refused(tmp_path):
    inner = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "inner", [], [])
    loop = helper.make_node("Loop", ["x"], ["y"], body=inner)
    assert "runs other nodes again" in refusal(onnx_file(tmp_path, [], [loop]))
    deep = b""
    for _ in range(200):
        # A node (field 1 of a graph) with an attribute (5) that is a graph (6), and so on.
        for field in (6, 5, 1):
            deep = bytes([field << 3 | 2]) + _varint(len(deep)) + deep
    (tmp_path / "deep.onnx").write_bytes(bytes([7 << 3 | 2]) + _varint(len(deep)) + deep)
    refusal(tmp_path / "deep.onnx")


def _varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def test_descriptions_nested_without_end_are_refused(tmp_path):
    path = file_of(tmp_path / "m.h5", [FLATTEN, DENSE])
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", "[" * 500_000)
        archive.writestr("model.weights.h5", path.read_bytes())
    assert "not JSON that can be read" in refusal(tmp_path / "m.keras")
    nested = FLATTEN
    for index in range(30):
        nested = layer("Sequential", f"s{index}", layers=[nested])
    assert "nests models more than 8 deep" in refusal(file_of(tmp_path / "n.h5", [nested, DENSE]))


@pytest.mark.parametrize("plain", [None, 1, [], {}, {"layers": 3}, {"layers": [1]}, {"layers": [{}]}])
def test_a_description_of_anything_else_is_refused(plain, tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": plain})
    refusal(tmp_path / "m.h5")


def test_what_takes_too_much_memory_or_time_is_ended(tmp_path):
    path = file_of(
        tmp_path / "m.h5",
        [FLATTEN, layer("Dense", "wide", activation="relu"), DENSE],
        {
            "wide": [np.ones((784, 5000), np.float32), np.ones(5000)],
            "dense": [np.ones((5000, 10)), np.ones(10)],
        },
    )
    with pytest.raises(ModelError, match="memory"):
        read_apart(path, limits=Limits(memory=30_000_000))
    with pytest.raises(ModelError, match="more than 0 seconds"):
        read_apart(path, limits=Limits(seconds=0.0))


def test_what_is_read_apart_is_what_is_read_here():
    path = FOLDER / "nested_and_augmented.keras"
    here, apart = read(path), read_apart(path)
    assert apart.names == here.names and apart.notes == here.notes
    for one, other in zip(apart.layers, here.layers, strict=True):
        assert type(one) is type(other)
        for field in vars(other):
            assert np.array_equal(getattr(one, field), getattr(other, field)), field
    with pytest.raises(ModelError, match="There is no model file"):
        read_apart(path.with_name("nothing.h5"))


def damaged(data, seed):
    """Bytes changed at a few places, or cut short."""
    dice = random.Random(seed)
    if dice.random() < 0.3:
        return data[: dice.randrange(1, len(data))]
    changed = bytearray(data)
    for _ in range(dice.randrange(1, 20)):
        changed[dice.randrange(len(changed) if dice.random() < 0.5 else min(4000, len(changed)))] = (
            dice.randrange(256)
        )
    return bytes(changed)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@sized("count", 1, 100)
def test_damaged_files_are_read_or_refused(tmp_path, count):
    for suffix in ("h5", "keras", "onnx"):
        if suffix == "onnx":
            weights = helper.make_tensor("w", 1, [784, 10], np.ones(7840))
            data = onnx_file(tmp_path, [weights]).read_bytes()
        else:
            data = (FOLDER / f"lenet.{suffix}").read_bytes()
        for seed in range(count):
            path = tmp_path / f"damaged{seed}.{suffix}"
            path.write_bytes(damaged(data, f"{suffix}{seed}"))
            try:
                found = read_apart(path)
            except ModelError as error:
                assert "\n" not in str(error)
            else:
                assert found.layers
