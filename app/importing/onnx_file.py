"""ONNX files, as PyTorch and other exporters write them: one row of nodes from the picture to ten numbers.

The `onnx` package parses the file and nothing of it is run. Maps are channels first, kernels (filters,
channels, height, width). Exporters compute the shapes that they reshape to with nodes of their own; such
small whole numbers are worked out here (`_Constants`), for a batch of one picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from app.importing.chain import Chain
from app.importing.kernels import MOST_NUMBERS
from app.importing.onnx_layers import Node, add
from app.importing.refusing import refuse, refuse_layer, shown

__all__ = ["read_onnx"]

_MOST_BYTES = 300_000_000
_MOST_NODES = 1_000
_SMALL = 64
_DAMAGED = "Export the model again, as one file with its weights."
_ONE_ROW = "Only layers in a row can be imported; export the model without branches."
_FLOATS = {"FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16"}

Array = npt.NDArray[Any]


def read_onnx(path: Path) -> Chain:
    """The model in an `.onnx` file. Raises ModelError."""
    with path.open("rb") as source:
        data = source.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        refuse(f"It has more than {_MOST_BYTES:,} bytes.", "No contract could hold it: use a smaller model.")
    try:
        model = onnx.ModelProto.FromString(data)
    except (DecodeError, ValueError, RecursionError, MemoryError):
        refuse("It is not a whole ONNX file.", "It may have been cut short on its way: fetch it again.")
    graph = model.graph
    if not graph.node:
        refuse("It is not an ONNX model, or it has no nodes.", _DAMAGED)
    if len(graph.node) > _MOST_NODES:
        refuse(f"It has {len(graph.node):,} nodes.", "No contract could hold it.")
    constants = _Constants(graph)
    inputs = [value for value in graph.input if value.name not in constants.known]
    if len(inputs) != 1 or len(graph.output) != 1:
        refuse(
            f"It has {len(inputs)} inputs and {len(graph.output)} outputs.",
            "Only a model with one picture and one answer can be imported.",
        )
    chain = Chain(_dims(inputs[0]))
    # ONNX counts the channels of a map first; a picture that stands as 28x28x1 is turned by a node.
    _walk(graph, constants, chain, inputs[0].name)
    chain.finish()
    return chain


def _dims(value: onnx.ValueInfoProto) -> list[int | None]:
    sizes = [one.dim_value if one.HasField("dim_value") else None for one in value.type.tensor_type.shape.dim]
    sizes = [None if size is not None and size <= 0 else size for size in sizes]
    return sizes[1:] if 1 < len(sizes) <= 6 else [None] * 9


def _walk(graph: onnx.GraphProto, constants: _Constants, chain: Chain, at: str) -> None:
    """Follow the picture from node to node; every node with numbers alone is worked out beside it."""
    for index, node in enumerate(graph.node):
        name = node.name or f"{node.op_type} {index + 1}"
        if node.domain not in ("", "ai.onnx"):
            refuse_layer(
                name,
                f"is {shown(node.op_type)} of {shown(node.domain)}.",
                "Export with standard operators only.",
            )
        if at not in node.input:
            constants.work_out(name, node)
            continue
        if node.op_type == "Shape":
            constants.known[node.output[0]] = np.array([1, *chain.dims], np.int64)
            continue
        others = {
            place: constants.known.get(one) for place, one in enumerate(node.input) if one and one != at
        }
        if list(node.input).count(at) != 1 or any(value is None for value in others.values()):
            refuse_layer(name, f"({shown(node.op_type)}) reads two things that are both computed.", _ONE_ROW)
        add(chain, Node(name, node.op_type, _attributes(name, node), list(node.input).index(at), others))  # type: ignore[arg-type]
        at = node.output[0]
    if at != graph.output[0].name:
        refuse("Its nodes do not lead from the picture to the answer in one row.", _ONE_ROW)


class _Constants:
    """What is known without the picture: weights, and the small whole numbers that shapes are made of."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.known: dict[str, Array] = {}
        self._read = 0
        for tensor in graph.initializer:
            self.known[tensor.name] = self._tensor(tensor)

    def _tensor(self, tensor: onnx.TensorProto) -> Array:
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            refuse(f"Its weights {shown(tensor.name)!r} are in another file.", _DAMAGED)
        size = int(np.prod(list(tensor.dims), dtype=object)) if tensor.dims else 1
        self._read += size
        if min(tensor.dims, default=1) < 0 or self._read > MOST_NUMBERS:
            refuse(
                f"It claims more than {MOST_NUMBERS:,} weights.",
                "No contract could hold them: use a smaller model.",
            )
        kind = (
            onnx.TensorProto.DataType.Name(tensor.data_type)
            if tensor.data_type in range(1, 24)
            else "UNDEFINED"
        )
        if kind not in _FLOATS and size > _SMALL:
            refuse(
                f"Its weights {shown(tensor.name)!r} are {kind.lower()}, not floating-point numbers.",
                "Export the model before it is quantised.",
            )
        try:
            values = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError, RuntimeError):
            refuse(f"Its weights {shown(tensor.name)!r} are not what they claim to be.", _DAMAGED)
        if kind in _FLOATS:
            values = values.astype(np.float64)
            if not np.isfinite(values).all():
                refuse(
                    f"Its weights {shown(tensor.name)!r} hold a value that is not a number, or infinite.",
                    "Train the model again; a smaller learning rate helps.",
                )
        return values

    def work_out(self, name: str, node: onnx.NodeProto) -> None:
        """The value of a node whose inputs are all known; other nodes lead nowhere and are left out."""
        if node.op_type == "Constant":
            attributes = {one.name: one for one in node.attribute}
            if "value" in attributes:
                self.known[node.output[0]] = self._tensor(attributes["value"].t)
            else:
                plain = next(iter(_attributes(name, node).values()), None)
                if plain is not None:
                    self.known[node.output[0]] = np.asarray(plain)
            return
        given = [self.known.get(one) for one in node.input]
        if not given or any(one is None for one in given) or not node.output:
            return
        value = _worked_out(node.op_type, [one for one in given if one is not None], _attributes(name, node))
        if value is not None:
            self.known[node.output[0]] = value


def _worked_out(kind: str, given: Sequence[Array], attributes: dict[str, Any]) -> Array | None:
    """A node over numbers that are known. None where it is not one of those that exporters need."""
    first = given[0]
    if kind == "Identity":
        return first
    if kind == "Transpose" and first.ndim <= 4:
        order = attributes.get("perm") or list(range(first.ndim))[::-1]
        return first.transpose(order) if sorted(order) == list(range(first.ndim)) else None
    if kind == "Reshape" and len(given) == 2 and given[1].size <= 8 and 0 not in given[1]:
        try:
            return first.reshape([int(size) for size in given[1]])
        except ValueError:
            return None
    if any(one.size > _SMALL for one in given):
        return None
    try:
        return _small(kind, given, attributes)
    except (ValueError, TypeError, IndexError):
        return None


def _small(kind: str, given: Sequence[Array], attributes: dict[str, Any]) -> Array | None:
    first, axis = given[0], int(attributes.get("axis", 0))
    axes = given[1].tolist() if len(given) == 2 else attributes.get("axes")
    if kind == "Gather" and len(given) == 2:
        return np.take(first, given[1].astype(np.int64), axis=axis)
    if kind == "Concat":
        return np.concatenate([np.atleast_1d(one) for one in given], axis=axis)
    if kind == "Unsqueeze" and axes:
        return np.expand_dims(first, tuple(int(one) for one in axes))
    if kind == "Squeeze":
        return np.squeeze(first, axis=tuple(int(one) for one in axes) if axes else None)
    if kind == "Cast":
        return first
    if kind == "Slice" and len(given) >= 3 and first.ndim == 1:
        return first[int(given[1][0]) : int(given[2][0])]
    if kind == "Mul" and len(given) == 2:
        return np.asarray(first * given[1])
    return None


def _attributes(name: str, node: onnx.NodeProto) -> dict[str, Any]:
    """Numbers, texts and lists of a node by name. Refuses graphs within it: loops and conditions."""
    found: dict[str, Any] = {}
    for one in node.attribute:
        if one.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            refuse_layer(
                name, f"({shown(node.op_type)}) runs other nodes again or under a condition.", _ONE_ROW
            )
        if one.type == onnx.AttributeProto.INT:
            found[one.name] = int(one.i)
        elif one.type == onnx.AttributeProto.FLOAT:
            found[one.name] = float(one.f)
        elif one.type == onnx.AttributeProto.INTS and len(one.ints) <= _SMALL:
            found[one.name] = [int(value) for value in one.ints]
        elif one.type == onnx.AttributeProto.FLOATS and len(one.floats) <= _SMALL:
            found[one.name] = [float(value) for value in one.floats]
        elif one.type == onnx.AttributeProto.STRING:
            found[one.name] = one.s[:_SMALL].decode("utf-8", "replace")
    return found
