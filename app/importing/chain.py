"""A row of folded layers in the making: every reader of files adds its layers here, in the file's own terms.

The list that comes out has its maps in Keras's order (channels last). A file may keep them channels first
(`first`), as ONNX does: kernels arrive here in Keras's order already, and what depends on the order of a
flattened map, the rows of the next dense layer, is put right here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.errors import InkproofError
from app.fixedpoint.folded import (
    ActivationLayer,
    AffineLayer,
    AveragePoolLayer,
    ConvLayer,
    DenseLayer,
    DepthwiseLayer,
    FlattenLayer,
    FoldedLayer,
    GlobalAverageLayer,
    GlobalMaxLayer,
    MaxPoolLayer,
    Padding,
    Pair,
    Shape,
    ZeroPadLayer,
    output_shape,
    same_padding,
)
from app.importing.kernels import Numbers, dilated, ungrouped
from app.importing.refusing import refuse, refuse_layer
from app.importing.shapes import bias_of, filled, one_if_alike, shape_text, turned
from app.picture import CLASSES, PIXELS, SIDE

INPUTS: tuple[Shape, ...] = ((PIXELS,), (SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE))
"""Shapes of a grey picture, without the batch."""
MOST_LAYERS = 200

# Increasing functions: where the largest value stands is the same before and after.
_ONLY_AT_THE_END = {
    "softmax",
    "log_softmax",
    "logsoftmax",
    "sigmoid",
    "log_sigmoid",
    "tanh",
    "softplus",
    "softsign",
    "elu",
    "selu",
    "exponential",
}
_USE_RELU = "Train the model with relu, relu6 or leaky_relu in its place."


class Chain:
    """The layers read so far, and the shape of what they make.

    `dims` is the shape in the file's own order, without the batch; `first` says that its maps have their
    channels first.
    """

    def __init__(self, dims: Sequence[int | None]) -> None:
        """Begin with a picture of this shape; None stands for a size that the file leaves open."""
        fitting = [
            shape for shape in INPUTS if len(shape) == len(dims) and filled(dims, shape) == tuple(shape)
        ]
        if not fitting:
            refuse(
                f"It reads {shape_text(dims)}, not one grey picture of {SIDE}x{SIDE} pixels.",
                f"Its input must have the shape {PIXELS}, {SIDE}x{SIDE} or {SIDE}x{SIDE}x1.",
            )
        self.dims: Shape = fitting[0]
        self.first = self.dims == (1, SIDE, SIDE)
        self.layers: list[FoldedLayer] = []
        self.names: list[str] = []
        self._shape: Shape = (SIDE, SIDE, 1)
        self._picture = True  # nothing but one scale and offset for all pixels has been computed yet
        self._order: npt.NDArray[np.intp] | None = None  # the file's feature k is ours order[k]
        self._ended: tuple[str, str] | None = None
        self.notes: list[str] = []

    # What computes

    def dense(self, name: str, kernel: Numbers, bias: Numbers | None) -> None:
        """x @ kernel + bias, kernel (inputs, outputs)."""
        self._leave_picture()
        if len(self.dims) != 1:
            refuse_layer(
                name,
                f"is a Dense layer over {shape_text(self.dims)}: it would read each row or pixel by itself.",
                "Put a Flatten layer before it.",
            )
        if kernel.ndim != 2 or kernel.shape[0] != self.dims[0]:
            self._misfit(name, kernel.shape)
        if self._order is not None:
            inner = np.empty_like(kernel)
            inner[self._order] = kernel
            kernel, self._order = inner, None
        self._add(name, DenseLayer(kernel, bias_of(name, bias, kernel.shape[1])))
        self.dims = self._shape

    def convolution(
        self,
        name: str,
        kernel: Numbers,
        bias: Numbers | None,
        *,
        strides: Pair = (1, 1),
        padding: Padding | None = (0, 0, 0, 0),
        dilation: Pair = (1, 1),
        groups: int = 1,
    ) -> None:
        """Correlation with kernel (height, width, channels of a group, filters); `padding` None is "same"."""
        channels = self._map(name)[2]
        if kernel.ndim != 4 or groups < 1 or kernel.shape[2] * groups != channels or kernel.shape[3] % groups:
            self._misfit(name, kernel.shape)
        if dilation != (1, 1):
            kernel = dilated(name, kernel, dilation)
        if padding is None:
            padding = same_padding(self._map(name)[:2], (kernel.shape[0], kernel.shape[1]), strides)
        filters = kernel.shape[3]
        if groups > 1 and kernel.shape[2] == 1:
            if strides[0] != strides[1]:
                refuse_layer(
                    name, f"moves {strides[0]} down and {strides[1]} across.", "Use one stride for both."
                )
            depthwise = kernel.reshape(*kernel.shape[:2], channels, filters // channels)
            self._add(name, DepthwiseLayer(depthwise, bias_of(name, bias, filters), strides, padding))
        else:
            whole = ungrouped(kernel, groups) if groups > 1 else kernel
            self._add(name, ConvLayer(whole, bias_of(name, bias, filters), strides, padding))
        self._follow()

    def depthwise(
        self,
        name: str,
        kernel: Numbers,
        bias: Numbers | None,
        *,
        strides: Pair = (1, 1),
        padding: Padding | None = (0, 0, 0, 0),
        dilation: Pair = (1, 1),
    ) -> None:
        """Each channel by itself, kernel (height, width, channels, multiplier); `padding` None is "same"."""
        if kernel.ndim != 4 or kernel.shape[2] != self._map(name)[2]:
            self._misfit(name, kernel.shape)
        groups = kernel.shape[2]
        flat = kernel.reshape(*kernel.shape[:2], 1, -1)
        if groups == 1:
            self.convolution(name, kernel, bias, strides=strides, padding=padding, dilation=dilation)
        else:
            self.convolution(
                name, flat, bias, strides=strides, padding=padding, dilation=dilation, groups=groups
            )

    def affine(self, name: str, scale: Numbers, offset: Numbers) -> None:
        """scale * x + offset: one number each, or one for every channel (every feature of a vector)."""
        scale, offset = np.atleast_1d(one_if_alike(scale)), np.atleast_1d(one_if_alike(offset))
        if self._picture and scale.size == offset.size == 1:
            self._add(name, AffineLayer(scale.reshape(1), offset.reshape(1)))
            return
        self._leave_picture()
        if len(self.dims) == 2:
            refuse_layer(
                name,
                f"has a number of its own for every column of {shape_text(self.dims)}.",
                "Give the model an input of 28x28x1.",
            )
        channels = self._shape[-1]
        try:
            scale, offset = np.broadcast_to(scale, (channels,)), np.broadcast_to(offset, (channels,))
        except ValueError:
            self._misfit(name, np.broadcast(scale, offset).shape)
        if self._order is not None:
            inner = np.empty((2, channels))
            inner[:, self._order] = scale, offset
            scale, offset = inner
        self._add(name, AffineLayer(scale.copy(), offset.copy()))

    def pad(self, name: str, padding: Padding) -> None:
        """Zeros around the map."""
        self._map(name)
        if any(padding):
            self._add(name, ZeroPadLayer(padding))
            self._follow()

    def pool(
        self, name: str, *, largest: bool, size: Pair, strides: Pair, padding: Padding | None = (0, 0, 0, 0)
    ) -> None:
        """The largest value or the mean of each window; `padding` None is "same"."""
        height, width, _ = self._map(name)
        same = same_padding((height, width), size, strides)
        padding = same if padding is None else padding
        if not largest and any(padding) and padding != same:
            refuse_layer(
                name,
                "averages windows that reach over the edge.",
                "Pad with zeros that count, or not at all.",
            )
        kind = MaxPoolLayer if largest else AveragePoolLayer
        self._add(name, kind(size, strides, padding))
        self._follow()

    def global_pool(self, name: str, *, largest: bool, keep: bool = False) -> None:
        """The largest value or the mean of each channel; `keep` leaves a map of one pixel."""
        height, width, _ = self._map(name)
        if keep:
            self.pool(name, largest=largest, size=(height, width), strides=(1, 1))
            return
        self._add(name, GlobalMaxLayer() if largest else GlobalAverageLayer())
        self.dims = self._shape

    def activation(self, name: str, kind: str, *, slope: float = 0.0, ceiling: float | None = None) -> None:
        """`kind` "relu" with the slope below zero and the largest value; other names as Keras has them."""
        if kind == "linear":
            return
        if kind != "relu":
            if kind not in _ONLY_AT_THE_END:
                refuse_layer(
                    name, f"computes {kind}, for which there is no integer arithmetic here.", _USE_RELU
                )
            self._check_open()
            self._ended = (name, kind)
            return
        if not (0 <= slope < 1) or (ceiling is not None and not (0 < ceiling < math.inf)):
            refuse_layer(
                name,
                f"is a ReLU with slope {slope} and largest value {ceiling}.",
                "Use a slope from 0 to below 1.",
            )
        if slope and ceiling is not None:
            refuse_layer(name, "has both a slope below zero and a largest value.", _USE_RELU)
        self._leave_picture()
        if slope:
            self._add(name, ActivationLayer("leaky", slope))
        elif ceiling is None:
            self._add(name, ActivationLayer("relu"))
        else:
            self._clipped(name, ceiling)

    def _clipped(self, name: str, ceiling: float) -> None:
        """min(max(x, 0), ceiling) by way of relu6."""
        count = self._shape[-1]
        if ceiling != 6.0:
            self._add(name, AffineLayer(np.full(count, 6.0 / ceiling), np.zeros(count)))
        self._add(name, ActivationLayer("relu6"))
        if ceiling != 6.0:
            self._add(name, AffineLayer(np.full(count, ceiling / 6.0), np.zeros(count)))

    # What only arranges

    def flatten(self, name: str, *, first: bool | None = None) -> None:
        """A map becomes a vector, in the order of the file's map (`first`: by channels, then pixels)."""
        if self._picture:
            self.dims, self.first = (PIXELS,), False
            return
        if len(self.dims) == 1:
            return
        height, width, channels = self._map(name)
        if self.first if first is None else first:
            inner = np.arange(height * width * channels).reshape(height, width, channels)
            self._order = inner.transpose(2, 0, 1).ravel()
        self._add(name, FlattenLayer())
        self.dims = self._shape

    def reshape(self, name: str, dims: Sequence[int]) -> None:
        """Another shape for the same numbers in the same order; one size may be -1."""
        target, total = [int(size) for size in dims], math.prod(self.dims)
        if target.count(-1) == 1:
            known = math.prod(size for size in target if size != -1)
            if known > 0 and total % known == 0:
                target[target.index(-1)] = total // known
        if tuple(target) == self.dims:
            return
        if math.prod(target) == total and self._picture and tuple(target) in INPUTS:
            self.dims = tuple(target)
            self.first = self.dims == (1, SIDE, SIDE)
            return
        if len(target) == 1 and target[0] == total:
            self.flatten(name)
            return
        # The same numbers in the same order: a map of one channel, seen the other way.
        if len(self.dims) == 3 and self._shape[2] == 1 and turned(self.dims, self.first) == tuple(target):
            self.dims, self.first = tuple(target), not self.first
            return
        refuse_layer(
            name,
            f"turns {shape_text(self.dims)} into {shape_text(target)}.",
            "Only a picture may be reshaped, and a map flattened.",
        )

    def transpose(self, name: str, order: Sequence[int]) -> None:
        """Channels to the other end: `order` are the axes without the batch, from 0."""
        wanted = (2, 0, 1) if not self.first else (1, 2, 0)
        if tuple(order) == tuple(range(len(self.dims))):
            return
        if len(self.dims) != 3 or tuple(order) != wanted:
            refuse_layer(
                name,
                f"turns the axes of {shape_text(self.dims)} about.",
                "Leave the picture upright in the model.",
            )
        self.dims, self.first = tuple(self.dims[axis] for axis in order), not self.first

    # The end

    def finish(self) -> None:
        """Check that ten numbers come out."""
        if self._picture or self.dims != (CLASSES,):
            refuse(
                f"It answers {shape_text(self.dims)}, not ten numbers, one for each digit.",
                "Its last layer must have 10 outputs.",
            )
        if self._order is not None and (self._order != np.arange(len(self._order))).any():
            self.dense("output", np.eye(CLASSES), None)
        if self._ended and self._ended[1] not in ("softmax", "log_softmax", "logsoftmax"):
            self.notes.append(
                f"Its last function, {self._ended[1]}, is left out: "
                "it does not change which of the ten is largest."
            )

    def _add(self, name: str, layer: FoldedLayer) -> None:
        self._check_open()
        if len(self.layers) >= MOST_LAYERS:
            refuse(f"It has more than {MOST_LAYERS} layers.", "No contract could hold it.")
        try:
            self._shape = output_shape(layer, self._shape)
        except InkproofError as error:
            refuse_layer(name, f"does not fit. {error.what} {error.why}".rstrip(), error.hint)
        self.layers.append(layer)
        self.names.append(name)

    def _check_open(self) -> None:
        if self._ended:
            name, kind = self._ended
            refuse_layer(
                name,
                f"computes {kind} in the middle of the model; only at its end can it be left out.",
                _USE_RELU,
            )

    def _leave_picture(self) -> None:
        if self._picture:
            self._picture = False
            if len(self.dims) == 1:
                self._add("pixels", FlattenLayer())

    def _map(self, name: str) -> tuple[int, int, int]:
        """Height, width and channels of the map that a layer reads."""
        self._leave_picture()
        if len(self._shape) != 3 or len(self.dims) != 3:
            refuse_layer(
                name,
                f"reads a map of height, width and channels, but {shape_text(self.dims)} comes before it.",
                "Give the model an input of 28x28x1, or put Reshape((28, 28, 1)) before the layer.",
            )
        return (self._shape[0], self._shape[1], self._shape[2])

    def _follow(self) -> None:
        height, width, channels = self._shape
        self.dims = (channels, height, width) if self.first else (height, width, channels)

    def _misfit(self, name: str, shape: Sequence[int]) -> None:
        refuse_layer(
            name,
            f"has numbers of shape {shape_text(shape)}, which do not fit {shape_text(self.dims)} before it.",
            "The file is damaged, or of a kind that is not known here.",
        )
