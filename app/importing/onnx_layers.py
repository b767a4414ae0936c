"""One ONNX node, added to a chain (https://onnx.ai/onnx/operators/)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.fixedpoint.folded import Padding, Pair
from app.importing.chain import Chain
from app.importing.refusing import refuse_layer, shown

__all__ = ["Node", "add"]

Array = npt.NDArray[Any]

_AS_FILE = "Export the model again, from its trained state (model.eval() in PyTorch)."
_KNOWN = (
    "Known are Conv, Gemm, MatMul, Add, Sub, Mul, Div, Relu, LeakyRelu, Clip, MaxPool, AveragePool, "
    "GlobalAveragePool, GlobalMaxPool, BatchNormalization, Pad, Flatten, Reshape, Transpose, Softmax."
)


@dataclass(frozen=True)
class Node:
    """A node that reads the picture's values at input `place`, and known numbers at the others."""

    name: str
    kind: str
    attributes: dict[str, Any]
    place: int
    others: dict[int, Array]

    def numbers(self, place: int) -> Array:
        """The known numbers at one input. Refuses if there are none, or not floating-point ones."""
        value = self.others.get(place)
        if value is None or value.dtype.kind != "f":
            refuse_layer(self.name, f"({shown(self.kind)}) lacks its numbers.", _AS_FILE)
        return value

    def optional(self, place: int) -> Array | None:
        """The same where the input may be left out."""
        return self.numbers(place) if place in self.others else None

    def pair(self, key: str, default: Pair) -> Pair:
        """Two whole numbers of an attribute."""
        value = self.attributes.get(key, list(default))
        if not isinstance(value, list) or len(value) != 2 or not all(0 < size < 10_000 for size in value):
            refuse_layer(self.name, f"({shown(self.kind)}) is not over two axes.", "Only pictures are read.")
        return (int(value[0]), int(value[1]))


def add(chain: Chain, node: Node) -> None:
    """Add what the node computes. ModelError, with the node's name, for what cannot be."""
    if node.kind in ("Identity", "Dropout", "Cast"):
        return
    found = _ADDERS.get(node.kind)
    if found is None:
        refuse_layer(node.name, f"is of the kind {shown(node.kind)}.", _KNOWN)
    if node.kind not in _EITHER_SIDE and node.place != 0:
        refuse_layer(node.name, f"({shown(node.kind)}) computes its own weights.", _KNOWN)
    found(chain, node)


def _conv(chain: Chain, node: Node) -> None:
    kernel = node.numbers(1)
    if kernel.ndim != 4 or not chain.first:
        refuse_layer(node.name, "is a convolution, but not over a map with its channels first.", _AS_FILE)
    strides, dilation = node.pair("strides", (1, 1)), node.pair("dilations", (1, 1))
    window = tuple((size - 1) * step + 1 for size, step in zip(kernel.shape[2:], dilation, strict=True))
    chain.convolution(
        node.name,
        kernel.transpose(2, 3, 1, 0),
        node.optional(2),
        strides=strides,
        padding=_padding(chain, node, (window[0], window[1]), strides),
        dilation=dilation,
        groups=int(node.attributes.get("group", 1)),
    )


def _gemm(chain: Chain, node: Node) -> None:
    """alpha * x @ B + beta * C."""
    if node.attributes.get("transA"):
        refuse_layer(node.name, "turns its input about.", _AS_FILE)
    kernel, bias = node.numbers(1), node.optional(2)
    kernel = kernel.T if node.attributes.get("transB") else kernel
    alpha, beta = (float(node.attributes.get(key, 1.0)) for key in ("alpha", "beta"))
    if bias is not None and kernel.ndim == 2:
        bias = np.broadcast_to(bias.reshape(-1), kernel.shape[1:]) if bias.size == 1 else bias.reshape(-1)
        bias = bias * beta
    chain.dense(node.name, kernel * alpha, bias)


def _matmul(chain: Chain, node: Node) -> None:
    if node.place != 0:
        refuse_layer(node.name, "multiplies from the left.", _AS_FILE)
    chain.dense(node.name, node.numbers(1), None)


def _arithmetic(chain: Chain, node: Node) -> None:
    """x + c, x - c, c - x, x * c, x / c with known numbers, one for all or one for every channel."""
    other = node.numbers(1 - node.place)
    other = _by_channel(chain, node, other)
    backwards = node.place == 1
    one, nothing = np.ones_like(other), np.zeros_like(other)
    if node.kind == "Add":
        scale, offset = one, other
    elif node.kind == "Sub":
        scale, offset = (-one, other) if backwards else (one, -other)
    elif node.kind == "Mul":
        scale, offset = other, nothing
    elif backwards or not other.all():
        refuse_layer(node.name, "divides by the picture's values, or by zero.", _AS_FILE)
    else:
        scale, offset = 1.0 / other, nothing
    chain.affine(node.name, scale, offset)


def _by_channel(chain: Chain, node: Node, other: Array) -> Array:
    """Numbers as one for all, or as one for every channel; ONNX lines shapes up at their last axis."""
    if other.size == 1:
        return other.reshape(1)
    lined = (1,) * (len(chain.dims) - other.ndim) + other.shape
    lined = lined[1:] if len(lined) == len(chain.dims) + 1 and lined[0] == 1 else lined
    channel = 0 if chain.first else len(chain.dims) - 1
    if len(lined) != len(chain.dims) or any(size != 1 for axis, size in enumerate(lined) if axis != channel):
        refuse_layer(
            node.name,
            "computes with a number of its own for every place of a map.",
            "Only one number for all, or one for every channel, can be imported.",
        )
    return other.reshape(-1)


def _batch_normalization(chain: Chain, node: Node) -> None:
    scale, beta, mean, variance = (node.numbers(place).reshape(-1) for place in (1, 2, 3, 4))
    spread = variance + float(node.attributes.get("epsilon", 1e-5))
    if len({part.shape for part in (scale, beta, mean, variance)}) != 1 or (spread <= 0).any():
        refuse_layer(node.name, "has parts that do not fit, or a variance below zero.", _AS_FILE)
    if node.attributes.get("training_mode"):
        refuse_layer(node.name, "normalises by the current batch, as in training.", _AS_FILE)
    factor = scale / np.sqrt(spread)
    chain.affine(node.name, factor, beta - mean * factor)


def _relu(chain: Chain, node: Node) -> None:
    chain.activation(node.name, "relu")


def _leaky(chain: Chain, node: Node) -> None:
    chain.activation(node.name, "relu", slope=float(node.attributes.get("alpha", 0.01)))


def _clip(chain: Chain, node: Node) -> None:
    bounds = [node.attributes.get("min"), node.attributes.get("max")]
    for place in (1, 2):
        if place in node.others:
            bounds[place - 1] = float(node.numbers(place).reshape(-1)[0])
    least, most = bounds
    if least != 0 or most is None:
        refuse_layer(
            node.name, f"keeps values from {least} to {most}.", "Clip at zero and at one value above it."
        )
    # Exporters write the largest float where there is no upper bound.
    chain.activation(node.name, "relu", ceiling=None if most > 1e30 else float(most))


def _pool(chain: Chain, node: Node) -> None:
    largest = node.kind == "MaxPool"
    size = node.pair("kernel_shape", (0, 0))
    strides = node.pair("strides", (1, 1))
    if node.attributes.get("dilations", [1, 1]) != [1, 1]:
        refuse_layer(node.name, "pools with a dilation.", "Pool without one.")
    padding = _padding(chain, node, size, strides)
    if node.attributes.get("ceil_mode"):
        padding = _ceiling(chain, node, size, strides, padding, largest)
    if not largest and node.attributes.get("count_include_pad") and any(padding):
        chain.pad(node.name, padding)
        padding = (0, 0, 0, 0)
    chain.pool(node.name, largest=largest, size=size, strides=strides, padding=padding)


def _ceiling(chain: Chain, node: Node, size: Pair, strides: Pair, padding: Padding, largest: bool) -> Padding:
    """The padding with which the last windows are whole. One that would begin behind the map is left out."""
    top, bottom, left, right = padding
    height, width = _map_size(chain, node)
    more = []
    for length, before, after, window, step in (
        (height, top, bottom, size[0], strides[0]),
        (width, left, right, size[1], strides[1]),
    ):
        padded = length + before + after
        over = -(padded - window) % step
        more.append(0 if padded + over - window >= length + before else over)
    if any(more) and not largest:
        refuse_layer(node.name, "rounds up to windows that are not whole.", "Export it with ceil_mode off.")
    return (top, bottom + more[0], left, right + more[1])


def _global(chain: Chain, node: Node) -> None:
    chain.global_pool(node.name, largest=node.kind == "GlobalMaxPool", keep=True)


def _mean(chain: Chain, node: Node) -> None:
    """ReduceMean and ReduceMax over height and width."""
    axes = node.attributes.get("axes")
    if 1 in node.others:
        axes = [int(axis) for axis in node.others[1].reshape(-1)]
    spots = {axis % 4 for axis in axes or ()}
    if len(chain.dims) != 3 or spots != ({2, 3} if chain.first else {1, 2}):
        refuse_layer(node.name, "does not reduce height and width together.", _KNOWN)
    largest = node.kind == "ReduceMax"
    chain.global_pool(node.name, largest=largest, keep=bool(node.attributes.get("keepdims", 1)))


def _pad(chain: Chain, node: Node) -> None:
    pads = node.attributes.get("pads") or [int(one) for one in node.others.get(1, np.zeros(0)).reshape(-1)]
    constant = node.optional(2)
    value = float(constant.reshape(-1)[0]) if constant is not None and constant.size else 0.0
    zero = not value and not node.attributes.get("value")
    rank = len(chain.dims) + 1
    if (
        node.attributes.get("mode", "constant") != "constant"
        or not zero
        or len(pads) != 2 * rank
        or rank != 4
    ):
        refuse_layer(node.name, "pads with something else than zeros around a map.", "Pad with zeros.")
    down, across = (2, 3) if chain.first else (1, 2)
    rest = [pads[axis + side] for axis in range(4) if axis not in (down, across) for side in (0, 4)]
    if any(rest) or min(pads) < 0:
        refuse_layer(
            node.name, "pads something else than height and width.", "Pad with zeros around the map."
        )
    chain.pad(node.name, (pads[down], pads[down + 4], pads[across], pads[across + 4]))


def _padding(chain: Chain, node: Node, window: Pair, strides: Pair) -> Padding:
    """`pads` are top, left, bottom, right; auto_pad puts the odd row at the end (UPPER) or the beginning."""
    mode = node.attributes.get("auto_pad", "NOTSET")
    if mode in ("NOTSET", "VALID"):
        pads = node.attributes.get("pads", [0, 0, 0, 0]) if mode == "NOTSET" else [0, 0, 0, 0]
        if not isinstance(pads, list) or len(pads) != 4 or min(pads) < 0:
            refuse_layer(node.name, "has no padding over two axes.", "Only pictures are read.")
        return (pads[0], pads[2], pads[1], pads[3])
    both: list[int] = []
    for length, size, step in zip(_map_size(chain, node), window, strides, strict=True):
        total = max((-(-length // step) - 1) * step + size - length, 0)
        small = total // 2
        both += [total - small, small] if mode == "SAME_LOWER" else [small, total - small]
    return (both[0], both[1], both[2], both[3])


def _map_size(chain: Chain, node: Node) -> Pair:
    if len(chain.dims) != 3:
        refuse_layer(node.name, "reads a map, but a row of numbers comes before it.", _AS_FILE)
    return (chain.dims[1], chain.dims[2]) if chain.first else (chain.dims[0], chain.dims[1])


def _flatten(chain: Chain, node: Node) -> None:
    if node.attributes.get("axis", 1) not in (1, -len(chain.dims)):
        refuse_layer(node.name, "flattens the batch as well.", _AS_FILE)
    chain.flatten(node.name)


def _reshape(chain: Chain, node: Node) -> None:
    target = node.attributes.get("shape") or [
        int(size) for size in node.others.get(1, np.zeros(0)).reshape(-1)
    ]
    if not 1 <= len(target) <= 6:
        refuse_layer(node.name, "has no target shape.", _AS_FILE)
    # 0 keeps a size. The first is the batch: one picture, whatever the file says.
    sizes = [1, *chain.dims]
    kept = [
        sizes[axis] if size == 0 and axis < len(sizes) and not node.attributes.get("allowzero") else size
        for axis, size in enumerate(target)
    ]
    if kept[0] == -1 and -1 not in kept[1:]:
        kept[0] = 1
    if kept[0] != 1:
        refuse_layer(
            node.name, "mixes the pictures of a batch.", "Export the model with a batch of one picture."
        )
    chain.reshape(node.name, kept[1:])


def _squeeze(chain: Chain, node: Node) -> None:
    """Axes of one leave or come: the same numbers in the same order."""
    axes = node.attributes.get("axes") or [int(one) for one in node.others.get(1, np.zeros(0)).reshape(-1)]
    sizes = [1, *chain.dims]
    if node.kind == "Squeeze":
        spots = {axis % len(sizes) for axis in axes} or {axis for axis, size in enumerate(sizes) if size == 1}
        target = [size for axis, size in enumerate(sizes) if axis not in spots or axis == 0]
    else:
        spots = {axis % (len(sizes) + len(axes)) for axis in axes}
        rest = iter(sizes)
        target = [1 if axis in spots else next(rest, 1) for axis in range(len(sizes) + len(spots))]
    chain.reshape(node.name, target[1:])


def _transpose(chain: Chain, node: Node) -> None:
    order = node.attributes.get("perm") or list(range(len(chain.dims) + 1))[::-1]
    if order[0] != 0 or sorted(order) != list(range(len(chain.dims) + 1)):
        refuse_layer(node.name, "turns the batch about.", _AS_FILE)
    chain.transpose(node.name, [axis - 1 for axis in order[1:]])


def _at_the_end(chain: Chain, node: Node) -> None:
    chain.activation(node.name, node.kind.lower())


_EITHER_SIDE = {"Add", "Sub", "Mul", "Div"}
_ADDERS: dict[str, Callable[[Chain, Node], None]] = {
    "Add": _arithmetic,
    "AveragePool": _pool,
    "BatchNormalization": _batch_normalization,
    "Clip": _clip,
    "Conv": _conv,
    "Div": _arithmetic,
    "Elu": _at_the_end,
    "Flatten": _flatten,
    "Gemm": _gemm,
    "GlobalAveragePool": _global,
    "GlobalMaxPool": _global,
    "LeakyRelu": _leaky,
    "LogSoftmax": _at_the_end,
    "MatMul": _matmul,
    "MaxPool": _pool,
    "Mul": _arithmetic,
    "Pad": _pad,
    "ReduceMax": _mean,
    "ReduceMean": _mean,
    "Relu": _relu,
    "Reshape": _reshape,
    "Sigmoid": _at_the_end,
    "Softmax": _at_the_end,
    "Softplus": _at_the_end,
    "Squeeze": _squeeze,
    "Sub": _arithmetic,
    "Tanh": _at_the_end,
    "Transpose": _transpose,
    "Unsqueeze": _squeeze,
}
