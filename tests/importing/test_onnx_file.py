"""An ONNX file is read into layers that compute what ONNX's own reference evaluator computes."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from app.errors import ModelError
from app.fixedpoint.floating import logits
from app.fixedpoint.folded import FoldedModel
from app.importing.reading import read

RANDOM = np.random.default_rng(5)
PICTURES = RANDOM.integers(0, 256, (4, 28, 28), dtype=np.uint8)


def numbers(*shape, low=None):
    drawn = RANDOM.normal(0, 0.4, shape) if low is None else RANDOM.uniform(low, 2.0, shape)
    return drawn.astype(np.float32)


def model_of(nodes, constants, shape=(1, 28, 28), opset=17):
    """Nodes (kind, constant inputs, attributes) in a row, from `picture` to `digits`."""
    made, at = [], "picture"
    for index, (kind, others, attributes) in enumerate(nodes):
        to = "digits" if index == len(nodes) - 1 else f"v{index}"
        inputs = others(at) if callable(others) else [at, *others]
        made.append(helper.make_node(kind, inputs, [to], name=f"{kind.lower()}_{index}", **attributes))
        at = to
    graph = helper.make_graph(
        made,
        "digits",
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["batch", *shape])],
        [helper.make_tensor_value_info("digits", TensorProto.FLOAT, ["batch", 10])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def pytorch_cnn():
    """As torch.onnx.export writes the usual example: convolutions, poolings, flatten, Gemm with transB."""
    nodes = [
        ("Conv", ["k1", "b1"], {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1, 1, 1, 1]}),
        ("BatchNormalization", ["g", "h", "m", "v"], {"epsilon": 1e-5}),
        ("Relu", [], {}),
        ("MaxPool", [], {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("Conv", ["k2", "b2"], {"kernel_shape": [5, 3], "strides": [2, 1], "pads": [0, 1, 2, 0]}),
        ("LeakyRelu", [], {"alpha": 0.1}),
        ("AveragePool", [], {"kernel_shape": [2, 2], "strides": [1, 2]}),
        ("Flatten", [], {"axis": 1}),
        ("Gemm", ["w1", "c1"], {"alpha": 1.0, "beta": 1.0, "transB": 1}),
        ("Clip", ["zero", "six"], {}),
        ("Dropout", [], {}),
        ("Gemm", ["w2", "c2"], {"transB": 1}),
        ("LogSoftmax", [], {"axis": 1}),
    ]
    constants = {
        "k1": numbers(3, 1, 3, 3), "b1": numbers(3), "g": numbers(3), "h": numbers(3),
        "m": numbers(3), "v": numbers(3, low=0.5), "k2": numbers(4, 3, 5, 3), "b2": numbers(4),
        "w1": numbers(12, 4 * 5 * 6), "c1": numbers(12), "w2": numbers(10, 12), "c2": numbers(10),
        "zero": np.float32(0), "six": np.float32(6),
    }  # fmt: skip
    return model_of(nodes, constants)


def tensorflow_cnn():
    """As tf2onnx writes a Keras model: turned to channels first and back, MatMul and Add, pixels rescaled."""
    nodes = [
        ("Mul", ["scale"], {}),
        ("Sub", ["half"], {}),
        ("Transpose", [], {"perm": [0, 3, 1, 2]}),
        ("Conv", ["k1"], {"pads": [0, 0, 1, 1], "strides": [2, 2]}),
        ("Add", ["b1"], {}),
        ("Relu", [], {}),
        ("MaxPool", [], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 0, 0]}),
        ("Transpose", [], {"perm": [0, 2, 3, 1]}),
        ("Reshape", ["flat"], {}),
        ("MatMul", ["w"], {}),
        ("Add", ["c"], {}),
        ("Softmax", [], {"axis": -1}),
    ]
    constants = {
        "scale": np.float32(2.0), "half": numbers(1), "k1": numbers(3, 1, 3, 3),
        "b1": numbers(1, 3, 1, 1), "flat": np.array([-1, 147]), "w": numbers(147, 10), "c": numbers(10),
    }  # fmt: skip
    return model_of(nodes, constants, (28, 28, 1))


def dense_on_a_row():
    nodes = [
        ("Div", ["deviation"], {}),
        ("Gemm", ["w1", "c1"], {"alpha": 0.5, "beta": 2.0}),
        ("Relu", [], {}),
        ("Sub", lambda at: ["c2", at], {}),
        ("MatMul", ["w2"], {}),
    ]
    constants = {
        "deviation": np.float32(0.3081), "w1": numbers(784, 7), "c1": numbers(7), "c2": numbers(7),
        "w2": numbers(7, 10),
    }  # fmt: skip
    return model_of(nodes, constants, (784,))


def depthwise_and_global():
    nodes = [
        ("Pad", ["pads"], {}),
        ("Conv", ["k1"], {"strides": [2, 2]}),
        ("Conv", ["k2", "b2"], {"group": 4, "pads": [1, 1, 1, 1], "dilations": [2, 2]}),
        ("Conv", ["k3"], {"group": 2}),
        ("AveragePool", [], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
        ("MaxPool", [], {"kernel_shape": [2, 2], "strides": [3, 3], "ceil_mode": 1}),
        ("GlobalAveragePool", [], {}),
        ("Flatten", [], {}),
        ("Identity", [], {}),
        ("Gemm", ["w", "c"], {}),
    ]
    constants = {
        "pads": np.array([0, 0, 1, 2, 0, 0, 3, 0]), "k1": numbers(4, 1, 3, 3), "k2": numbers(8, 1, 3, 3),
        "b2": numbers(8), "k3": numbers(6, 4, 1, 1), "w": numbers(6, 10), "c": numbers(10),
    }  # fmt: skip
    return model_of(nodes, constants)


def ends_with_a_map():
    """Ten filters over what is left, averaged: no dense layer at all."""
    nodes = [
        ("Conv", ["k1"], {"strides": [4, 4]}),
        ("ReduceMean", [], {"axes": [2, 3], "keepdims": 0}),
    ]
    return model_of(nodes, {"k1": numbers(10, 1, 5, 5)}, opset=13)


MODELS = [pytorch_cnn, tensorflow_cnn, dense_on_a_row, depthwise_and_global, ends_with_a_map]


def evaluated(model):
    (given,) = model.graph.input
    dims = [dim.dim_value for dim in given.type.tensor_type.shape.dim][1:]
    pixels = (PICTURES / 255.0).astype(np.float32).reshape(len(PICTURES), *dims)
    return ReferenceEvaluator(model).run(None, {"picture": pixels})[0]


def logits_of(model, folder):
    onnx.save(model, folder / "model.onnx")
    return logits(FoldedModel(read(folder / "model.onnx").layers), PICTURES)


@pytest.mark.parametrize("build", MODELS, ids=lambda build: build.__name__)
def test_what_is_read_computes_what_the_reference_computes(build, tmp_path):
    model = build()
    onnx.checker.check_model(model)
    wanted, found = evaluated(model), logits_of(model, tmp_path)
    if model.graph.node[-1].op_type.endswith("oftmax"):
        wanted = wanted if model.graph.node[-1].op_type == "LogSoftmax" else np.log(wanted)
        wanted, found = (one - one.mean(axis=1, keepdims=True) for one in (wanted, found))
    assert np.ptp(wanted) > 0.05
    assert found == pytest.approx(wanted, abs=2e-4, rel=1e-4)


@pytest.mark.parametrize(("mode", "pads"), [("SAME_UPPER", [0, 0, 1, 1]), ("SAME_LOWER", [1, 1, 0, 0])])
def test_padding_by_its_name_is_the_padding_that_it_stands_for(mode, pads, tmp_path):
    constants = {"k": numbers(2, 1, 3, 3), "w": numbers(98, 10)}
    pool = {"kernel_shape": [3, 3], "strides": [2, 2]}
    found = []
    for padding in ({"auto_pad": mode}, {"pads": pads}):
        nodes = [("Conv", ["k"], {"strides": [2, 2]} | padding), ("MaxPool", [], pool | padding)]
        model = model_of([*nodes, ("Flatten", [], {}), ("Gemm", ["w"], {})], constants)
        found.append(logits_of(model, tmp_path))
    assert (found[0] == found[1]).all()


def test_a_shape_that_the_exporter_computes_is_worked_out(tmp_path):
    """PyTorch's x.view(x.size(0), -1): Shape, Gather, Unsqueeze, Concat, Reshape."""
    kernel, weights = numbers(2, 1, 4, 4), numbers(10, 98)
    make = helper.make_node
    nodes = [
        make("Conv", ["picture", "k"], ["map"], strides=[4, 4]),
        make("Shape", ["map"], ["shape"]),
        make("Constant", [], ["zero"], value=numpy_helper.from_array(np.array(0))),
        make("Gather", ["shape", "zero"], ["batch"], axis=0),
        make("Unsqueeze", ["batch", "axes"], ["row"]),
        make("Concat", ["row", "rest"], ["target"], axis=0),
        make("Reshape", ["map", "target"], ["flat"]),
        make("Gemm", ["flat", "w"], ["digits"], transB=1),
    ]
    constants = {"k": kernel, "w": weights, "axes": np.array([0]), "rest": np.array([-1])}
    model = model_of([("Identity", [], {})], constants)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    assert logits_of(model, tmp_path) == pytest.approx(evaluated(model), abs=1e-4)


@pytest.mark.parametrize(
    ("nodes", "constants", "words"),
    [
        ([("Sin", [], {})], {}, "'sin_0' is of the kind Sin"),
        ([("Add", lambda at: [at, at], {})], {}, "reads two things that are both computed"),
        ([("Clip", ["a", "b"], {})], {"a": np.float32(-1), "b": np.float32(1)}, "from -1.0 to 1.0"),
        ([("Transpose", [], {"perm": [0, 1, 3, 2]})], {}, "turns the axes of 1x28x28 about"),
        ([("Mul", ["c"], {})], {"c": numbers(28, 28)}, "a number of its own for every place"),
        ([("Flatten", [], {})], {}, "answers 784, not ten numbers"),
        ([("Flatten", [], {}), ("Gemm", ["w"], {})], {"w": numbers(784, 11)}, "answers 11, not ten numbers"),
        ([("Flatten", [], {}), ("Gemm", ["w"], {})], {"w": numbers(700, 10)}, "700x10, which do not fit 784"),
        ([("Conv", ["k"], {})], {"k": np.full((1, 1, 3, 3), np.nan, np.float32)}, "not a number"),
        ([("Conv", ["k"], {})], {"k": np.ones((5, 5, 3, 3), np.int8)}, "int8, not floating-point"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_imported_is_refused_by_name(nodes, constants, words, tmp_path):
    onnx.save(model_of(nodes, constants), tmp_path / "model.onnx")
    with pytest.raises(ModelError) as caught:
        read(tmp_path / "model.onnx")
    assert words in str(caught.value)
    assert caught.value.hint
