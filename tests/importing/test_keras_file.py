"""A Keras file is read into layers that compute what Keras itself computes, whoever wrote it."""

import json
import zipfile

import h5py
import numpy as np
import pytest

from app.errors import ModelError
from app.fixedpoint.floating import logits
from app.fixedpoint.folded import FoldedModel
from app.importing.reading import read
from tests.importing.conftest import GENERATIONS
from tests.importing.kinds import KINDS
from tests.importing.make_keras2 import SUFFIXES


def centred(values):
    return values - values.mean(axis=1, keepdims=True)


def logits_of(path, pictures):
    return logits(FoldedModel(read(path).layers), pictures)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_what_is_read_computes_what_keras_computes(saved, generation, kind, suffix):
    read_logits = logits_of(saved.file(generation, kind, suffix), saved.pictures)
    wanted = saved.logits[generation, kind]
    assert np.ptp(wanted) > 0.05
    # A softmax loses a constant of each row: the same is taken off both.
    assert centred(read_logits) == pytest.approx(centred(wanted), abs=2e-4)


def rewritten(path, folder, change):
    """A copy of an .h5 whose description has been changed by `change`, a function of the parsed JSON."""
    copy = folder / "rewritten.h5"
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        model = json.loads(file.attrs["model_config"])
        model = change(model) or model
        del file.attrs["model_config"]
        file.attrs["model_config"] = json.dumps(model).encode()
    return copy


def test_a_description_in_bytes_and_names_in_bytes_are_read(saved, tmp_path):
    path = rewritten(saved.file("keras3", "lenet", "h5"), tmp_path, lambda model: None)
    with h5py.File(path, "r+") as file:
        for group in file["model_weights"].values():
            names = [str(name).encode() for name in group.attrs["weight_names"]]
            del group.attrs["weight_names"]
            group.attrs["weight_names"] = names
    assert logits_of(path, saved.pictures) == pytest.approx(
        logits_of(saved.file("keras3", "lenet", "h5"), saved.pictures)
    )


def test_a_long_list_of_names_in_pieces_is_read(saved, tmp_path):
    """Keras splits an attribute that would pass 64 KB into name0, name1, ..."""
    path = rewritten(saved.file("keras3", "dense", "h5"), tmp_path, lambda model: None)
    with h5py.File(path, "r+") as file:
        for group in file["model_weights"].values():
            names = list(group.attrs["weight_names"])
            if len(names) == 2:
                del group.attrs["weight_names"]
                group.attrs["weight_names0"], group.attrs["weight_names1"] = names[:1], names[1:]
    assert logits_of(path, saved.pictures) == pytest.approx(
        logits_of(saved.file("keras3", "dense", "h5"), saved.pictures)
    )


def without_input(model):
    layers = model["config"]["layers"]
    model["config"]["layers"] = [layer for layer in layers if layer["class_name"] != "InputLayer"]


def with_the_shape_in_the_first_layer(model):
    without_input(model)
    model["config"].pop("build_input_shape", None)
    model["config"]["layers"][0]["config"]["batch_input_shape"] = [None, 28, 28, 1]


def with_more_keys(model):
    model["config"]["a_later_key"] = {"deep": [1, 2]}
    for layer in model["config"]["layers"]:
        layer["config"]["quantization_config"] = None
        layer["config"]["dtype"] = {"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}


def as_a_bare_list(model):
    """Keras 1 and early Keras 2: the configuration of a Sequential is its list of layers."""
    with_the_shape_in_the_first_layer(model)
    model["config"] = model["config"]["layers"]


@pytest.mark.parametrize(
    "change", [without_input, with_the_shape_in_the_first_layer, with_more_keys, as_a_bare_list]
)
def test_what_changes_nothing_is_tolerated(saved, tmp_path, change):
    path = rewritten(saved.file("keras2", "lenet", "h5"), tmp_path, change)
    assert logits_of(path, saved.pictures) == pytest.approx(
        logits_of(saved.file("keras2", "lenet", "h5"), saved.pictures)
    )


def keras1_layers(ordering):
    shape = [None, 28, 28, 1] if ordering == "tf" else [None, 1, 28, 28]
    convolution = {"nb_filter": 2, "nb_row": 3, "nb_col": 3, "border_mode": "same", "subsample": [2, 2]}
    pooling = {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid"}
    rows = [
        (
            "Convolution2D",
            "convolution2d_1",
            convolution | {"activation": "relu", "batch_input_shape": shape},
        ),
        ("MaxPooling2D", "maxpooling2d_1", pooling),
        ("Dropout", "dropout_1", {"p": 0.5}),
        ("Flatten", "flatten_1", {}),
        ("Dense", "dense_1", {"output_dim": 10, "input_dim": None, "activation": "softmax", "bias": True}),
    ]
    more = {"trainable": True, "dim_ordering": ordering}
    return [{"class_name": kind, "config": more | {"name": name} | config} for kind, name, config in rows]


def keras1_file(path, ordering, weights):
    """A file as Keras 1 wrote it: `weights` by layer, each a kernel and biases."""
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        model = {"class_name": "Sequential", "config": keras1_layers(ordering)}
        file.attrs["model_config"] = json.dumps(model).encode()
        for name, pair in weights.items():
            group = file.create_group(f"model_weights/{name}")
            names = [f"{name}_W".encode(), f"{name}_b".encode()]
            group.attrs["weight_names"] = names
            for key, numbers in zip(names, pair, strict=True):
                group[key.decode()] = numbers


@pytest.mark.parametrize("ordering", ["tf", "th"])
def test_a_file_of_keras_1_is_read(keras, saved, tmp_path, ordering):
    random = np.random.default_rng(3)
    kernel, bias = random.normal(size=(3, 3, 1, 2)), random.normal(size=2)
    dense, dense_bias = random.normal(size=(98, 10)), random.normal(size=10)
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Conv2D(2, 3, strides=2, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    model.set_weights([kernel, bias, dense, dense_bias])
    if ordering == "th":
        # Channels first: a kernel is (filters, channels, rows, columns), a map is flattened channel by
        # channel.
        dense = dense.reshape(7, 7, 2, 10).transpose(2, 0, 1, 3).reshape(98, 10)
        kernel = kernel.transpose(3, 2, 0, 1)
    weights = {"convolution2d_1": (kernel, bias), "dense_1": (dense, dense_bias)}
    keras1_file(tmp_path / "keras1.h5", ordering, weights)
    wanted = model((saved.pictures / 255.0).astype(np.float32)[..., None], training=False)
    assert logits_of(tmp_path / "keras1.h5", saved.pictures) == pytest.approx(np.asarray(wanted), abs=1e-4)


def test_numbers_that_count_a_layer_twice_are_read(saved, tmp_path):
    """Archives of Keras 2.12 and 2.13: another name for the container, and every second number."""
    source, target = saved.file("keras2", "dense", "keras"), tmp_path / "older.keras"
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(target, "w") as after:
        after.writestr("config.json", before.read("config.json"))
        (tmp_path / "w.h5").write_bytes(before.read("model.weights.h5"))
        with h5py.File(tmp_path / "w.h5", "r+") as file:
            file.move("layers", "_layer_checkpoint_dependencies")
            file.move("_layer_checkpoint_dependencies/dense_1", "_layer_checkpoint_dependencies/dense_2")
        after.write(tmp_path / "w.h5", "model.weights.h5")
    assert logits_of(target, saved.pictures) == pytest.approx(logits_of(source, saved.pictures))


def test_channels_first_is_flattened_as_keras_flattens_it(keras, saved, tmp_path):
    """From Keras 2.2 on, a Flatten with channels first turns the map to channels last."""
    layers = keras.layers
    convolution, flatten = layers.Conv2D(3, 3, strides=3), layers.Flatten()
    keras.Sequential([layers.Input((28, 28, 1)), convolution, flatten, layers.Dense(10)]).save(
        tmp_path / "last.h5"
    )
    plain = logits_of(tmp_path / "last.h5", saved.pictures)

    def first(turned):
        def change(model):
            for layer in model["config"]["layers"]:
                config = layer["config"]
                config |= {key: [None, 1, 28, 28] for key in config if key.startswith("batch_")}
                if "data_format" in config and (turned or layer["class_name"] != "Flatten"):
                    config["data_format"] = "channels_first"

        return rewritten(tmp_path / "last.h5", tmp_path, change)

    assert logits_of(first(turned=True), saved.pictures) == pytest.approx(plain)
    assert np.abs(logits_of(first(turned=False), saved.pictures) - plain).max() > 1e-3


def test_weights_alone_are_refused_with_what_to_save(keras, tmp_path):
    KINDS["dense"](keras).save_weights(tmp_path / "only.weights.h5")
    with pytest.raises(ModelError, match="weights but no description"):
        read(tmp_path / "only.weights.h5")
