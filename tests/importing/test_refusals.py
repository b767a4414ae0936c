"""What cannot be imported is refused in a sentence that names layer or shapes, and says what to do."""

import json
import pickle
import zipfile

import h5py
import numpy as np
import pytest

from app.errors import ModelError
from app.importing.reading import read


def layer(kind, name="odd", **config):
    return {"class_name": kind, "config": {"name": name, **config}}


FLATTEN = layer("Flatten", "flatten")
DENSE = layer("Dense", "dense", units=10, activation="softmax")


def file_of(path, layers, weights=None, shape=(28, 28, 1), kind="Sequential", extra=None):
    """An .h5 with these layers; `weights` by layer name, each a list of arrays."""
    given = {"class_name": "InputLayer", "config": {"name": "in", "batch_input_shape": [None, *shape]}}
    config = {"name": "model", "layers": [given, *layers], **(extra or {})}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": kind, "config": config})
        for name, arrays in ({"dense": [np.ones((784, 10)), np.ones(10)]} | (weights or {})).items():
            group = file.create_group(f"model_weights/{name}")
            group.attrs["weight_names"] = [f"{name}/w{index}".encode() for index in range(len(arrays))]
            for index, array in enumerate(arrays):
                group[f"{name}/w{index}"] = array
    return path


def refusal(path):
    with pytest.raises(ModelError) as caught:
        read(path)
    error = caught.value
    assert error.what == "This model cannot be imported."
    assert error.why.endswith(".") and "\n" not in str(error)
    return f"{error.why} {error.hint}"


def test_the_file_that_the_others_differ_from_is_read(tmp_path):
    assert len(read(file_of(tmp_path / "m.h5", [FLATTEN, DENSE])).layers) == 2


CONV = np.ones((3, 3, 1, 4)), np.ones(4)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([layer("Lambda", function="x"), FLATTEN, DENSE], "'odd' is a Lambda: a program in the file"),
        ([layer("my>Magic"), FLATTEN, DENSE], "'odd' is of the kind Magic"),
        ([layer("LSTM", units=3), DENSE], "'odd' is of the kind LSTM. Use Dense or Conv2D"),
        ([layer("PReLU"), FLATTEN, DENSE], "Use LeakyReLU in its place"),
        ([layer("Activation", activation="swish"), FLATTEN, DENSE], "computes swish"),
        ([layer("Activation", activation="sigmoid"), FLATTEN, DENSE], "sigmoid in the middle of the model"),
        ([layer("ReLU", threshold=0.5), FLATTEN, DENSE], "a threshold other than zero"),
        ([layer("LeakyReLU", alpha=1.5), FLATTEN, DENSE], "slope 1.5"),
        ([DENSE], "Put a Flatten layer before it"),
        ([FLATTEN, layer("Conv2D", "conv"), DENSE], "Reshape((28, 28, 1)) before the layer"),
        ([layer("Conv2D", "conv", padding="causal"), FLATTEN, DENSE], "'causal' as its padding"),
        ([layer("Conv2D", "conv", data_format="channels_first")], "Use one order of axes"),
        ([layer("Conv2D", "conv", strides=[1, 2, 3])], "no pair of sizes as its strides"),
        ([layer("Conv2D", "conv", use_bias=False), FLATTEN, DENSE], "2 arrays of numbers in the file, not 1"),
        ([layer("Permute", dims=[2, 1, 3]), FLATTEN, DENSE], "Leave the picture upright"),
        ([layer("Reshape", target_shape=[14, 56]), FLATTEN, DENSE], "turns 28x28x1 into 14x56"),
        ([layer("TimeDistributed", layer={"class_name": "Dense", "config": {}})], "around another layer"),
        ([layer("MaxPooling2D", pool_size=[0, 0]), FLATTEN, DENSE], "no pair of sizes as its pool_size"),
        ([layer("MaxPooling2D", pool_size=[40, 40]), FLATTEN, DENSE], "does not fit"),
        ([FLATTEN], "It answers 784, not ten numbers"),
        ([layer("Conv2D", "conv"), FLATTEN, DENSE], "784x10, which do not fit 2704"),
        ([FLATTEN, *[layer("ReLU", f"r{index}") for index in range(300)], DENSE], "more than 200 layers"),
    ],
)
def test_a_layer_that_cannot_be_computed_is_named(layers, words, tmp_path):
    assert words in refusal(file_of(tmp_path / "m.h5", layers, {"conv": CONV}))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((32, 32, 3), "It reads 32x32x3, not one grey picture of 28x28 pixels"),
        ((28, 28, 3), "28x28x3"),
        ((100,), "It reads 100,"),
        ((None, 29, 1), "It reads ?x29x1,"),
    ],
)
def test_an_input_of_another_shape_is_named(shape, words, tmp_path):
    assert words in refusal(file_of(tmp_path / "m.h5", [FLATTEN, DENSE], shape=shape))


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([np.ones((784, 11)), np.ones(11)], "It answers 11, not ten numbers"),
        ([np.ones((784, 10)), np.ones(9)], "has 9 biases for 10 outputs"),
        ([np.full((784, 10), np.inf), np.ones(10)], "not a number, or infinite"),
        ([np.ones((784, 10), np.int8), np.ones(10)], "int8, not floating-point numbers"),
        ([], "0 arrays of numbers in the file, not 2"),
    ],
)
def test_weights_that_do_not_fit_are_reported(weights, words, tmp_path):
    assert words in refusal(file_of(tmp_path / "m.h5", [FLATTEN, DENSE], {"dense": weights}))


def node(name, *before):
    return {"name": name, "inbound_nodes": [[[one, 0, 0, {}] for one in before]] if before else []}


def functional(tmp_path, layers, outputs=("dense",)):
    extra = {
        "input_layers": [["in", 0, 0]],
        "output_layers": [[name, 0, 0] for name in outputs],
    }
    return file_of(tmp_path / "m.h5", layers, kind="Functional", extra=extra)


def test_branches_are_named(tmp_path):
    layers = [
        FLATTEN | node("flatten", "in"),
        layer("Add", "join") | node("join", "flatten", "flatten"),
        DENSE | node("dense", "join"),
    ]
    assert "'join' reads 2 other layers" in refusal(functional(tmp_path, layers))
    shared = [FLATTEN | node("flatten", "in"), DENSE | node("dense", "flatten")]
    shared[1]["inbound_nodes"] *= 2
    assert "'dense' is used more than once" in refusal(functional(tmp_path, shared))
    assert "several inputs or outputs" in refusal(functional(tmp_path, layers, ("dense", "join")))
    loop = [FLATTEN | node("flatten", "dense"), DENSE | node("dense", "flatten")]
    assert "do not follow one another" in refusal(functional(tmp_path, loop))


def test_a_custom_class_is_named(tmp_path):
    path = file_of(tmp_path / "m.h5", [FLATTEN, DENSE], kind="my_code>MyModel")
    assert "It is a MyModel, a class of its author's own" in refusal(path)


def test_other_formats_are_recognised_and_named(tmp_path):
    cases = {
        "model.pkl": (pickle.dumps({"weights": [1.0]}), "It is a pickle, which is a program"),
        "model.tflite": (b"\x1c\x00\x00\x00TFL3" + bytes(40), "TensorFlow Lite"),
        "model.npy": (b"\x93NUMPY" + bytes(40), "an array of numbers without a description"),
        "model.json": (b'{"class_name": "Sequential"}', "It is a text"),
        "model.h5": (b"", "It is empty"),
        "model.keras": (b"PK\x03\x04 cut short", "not a whole zip archive"),
        "model.hdf5": (b"\x89HDF\r\n\x1a\n cut short", "not a whole HDF5 file"),
        "model.onnx": (b"\x08\x07\x12\xff", "not a whole ONNX file"),
        "model.bin": (bytes(range(1, 100)), "not a kind of model file"),
    }
    for name, (data, words) in cases.items():
        (tmp_path / name).write_bytes(data)
        assert words in refusal(tmp_path / name), name
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "saved_model.pb").write_bytes(b"x")
    assert "SavedModel folder" in refusal(tmp_path / "saved")
    with pytest.raises(ModelError, match="There is no model file"):
        read(tmp_path / "nothing.h5")


def test_pytorch_s_own_format_is_distinguished_from_keras_s(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02.")
    assert "no pickle is opened" in refusal(tmp_path / "model.pt")
    with zipfile.ZipFile(tmp_path / "any.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "not one of Keras's" in refusal(tmp_path / "any.zip")
