"""The arithmetic once more, in plain Python integers and loops, written from the formulas alone.

It shares no code with the engine: that is what makes it worth comparing with.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm

S = 10**8

Parameters = Sequence[tuple[Sequence[Sequence[int]], Sequence[int]]]
"""For each dense layer: weights[input][output] and biases[output], Python integers."""


def div(a: int, b: int) -> int:
    """Quotient rounded toward zero."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def per_sum(parameters: Parameters, pixels: Sequence[int]) -> list[int]:
    """h = relu(sum(p*w) + 255*b) div 255; then o = sum(h*w) + S*b, div S if another layer follows."""
    x, unit = list(pixels), 255
    for index, (weights, biases) in enumerate(parameters):
        sums = []
        for j, bias in enumerate(biases):
            total = unit * bias
            for i, value in enumerate(x):
                total += value * weights[i][j]
            sums.append(total)
        if index == len(parameters) - 1:
            return sums
        x = [div(max(total, 0), unit) for total in sums]
        unit = S
    raise AssertionError("a model has layers")


def per_product(parameters: Parameters, pixels: Sequence[int]) -> list[int]:
    """x = (2*S*p + 255) div 510; each layer sum((x*w) div S) + b, ReLU between layers."""
    x = [div(2 * S * p + 255, 510) for p in pixels]
    for index, (weights, biases) in enumerate(parameters):
        x = [
            sum(div(value * weights[i][j], S) for i, value in enumerate(x)) + bias
            for j, bias in enumerate(biases)
        ]
        if index < len(parameters) - 1:
            x = [max(value, 0) for value in x]
    return x


Blocks = Sequence[tuple[int, int, Sequence[Sequence[Sequence[Sequence[int]]]], Sequence[int], int, int]]
"""For each convolution: height and width of what it reads, weights[dy][dx][channel][filter], biases, and the
shift and ceiling of what follows."""


def convolutional(blocks: Blocks, dense: Parameters, pixels: Sequence[int]) -> list[int]:
    """min(largest of 2x2 of relu(s) div 2**shift, ceiling) with s = bias + sum(a*w); then dense layers."""
    a, channels = list(pixels), 1
    for height, width, weights, biases, shift, ceiling in blocks:
        rows, columns = (height - len(weights) + 1) // 2, (width - len(weights[0]) + 1) // 2
        pooled = []
        for y in range(rows):
            for x in range(columns):
                for o, bias in enumerate(biases):
                    corners = [(2 * y + i, 2 * x + j) for i in (0, 1) for j in (0, 1)]
                    sums = [bias + window(a, width, channels, weights, *corner, o) for corner in corners]
                    pooled.append(min(div(max(*sums, 0), 2**shift), ceiling))
        a, channels = pooled, len(biases)
    return few_bit(dense, a)


def window(
    a: Sequence[int],
    width: int,
    channels: int,
    weights: Sequence[Sequence[Sequence[Sequence[int]]]],
    y: int,
    x: int,
    o: int,
) -> int:
    """The sum of a*w over the window at (y, x) for filter o."""
    total = 0
    for dy, row in enumerate(weights):
        for dx, tap in enumerate(row):
            for c in range(channels):
                total += a[((y + dy) * width + x + dx) * channels + c] * tap[c][o]
    return total


def argmax(values: Sequence[int]) -> int:
    """The lowest index of the largest value."""
    return values.index(max(values))


def few_bit(parameters: Parameters, x: Sequence[int]) -> list[int]:
    """o = sum(x*w) + b, ReLU between layers, nothing rescaled."""
    for index, (weights, biases) in enumerate(parameters):
        if index:
            x = [max(value, 0) for value in x]
        x = [sum(value * weights[i][j] for i, value in enumerate(x)) + bias for j, bias in enumerate(biases)]
    return list(x)


Map = list[list[list[int]]]
"""value[y][x][channel]"""


def chain(steps: Sequence[tuple], pixels: Sequence[int]) -> list[int]:
    """What layers of maps, then dense ones, make of an image: each step is its name and its plain numbers.

    ("shape", h, w, c) names the shape of the values so far; the other steps are functions of that name below.
    """
    values, shape = list(pixels), (1, len(pixels), 1)
    for name, *numbers in steps:
        if name == "shape":
            shape = tuple(numbers)
        elif name in _MAPS:
            made = _MAPS[name](as_map(values, *shape), *numbers)
            values = [value for row in made for pixel in row for value in pixel]
        else:
            values = _VALUES[name](values, *numbers)
    return values


def as_map(values: Sequence[int], height: int, width: int, channels: int) -> Map:
    """Flat values as value[y][x][channel]."""
    assert len(values) == height * width * channels
    at = iter(values)
    return [[[next(at) for _ in range(channels)] for _ in range(width)] for _ in range(height)]


def padded(values: Map, padding: Sequence[int], value: int, constant: int) -> Map:
    """`value` all around, and a last channel that is `constant` inside and 0 outside unless it is 0."""
    top, bottom, left, right = padding
    inside = [constant] if constant else []
    outside = [value] * len(values[0][0]) + ([0] if constant else [])
    blank = [outside] * (left + len(values[0]) + right)
    rows = [[outside] * left + [pixel + inside for pixel in row] + [outside] * right for row in values]
    return [blank] * top + rows + [blank] * bottom


def windows(values: Map, size: Sequence[int], stride: Sequence[int]) -> list[list[list[list[int]]]]:
    """For each window, row by row, the pixels in it, row by row."""
    rows = range(0, len(values) - size[0] + 1, stride[0])
    columns = range(0, len(values[0]) - size[1] + 1, stride[1])
    return [
        [[values[y + i][x + j] for i in range(size[0]) for j in range(size[1])] for x in columns]
        for y in rows
    ]


def convolved(values: Map, weights: Sequence, biases: Sequence[int], stride: Sequence[int]) -> Map:
    """bias + sum over dy, dx, c of a*w[dy][dx][c][filter]."""
    taps = [tap for row in weights for tap in row]
    return [
        [
            [
                bias
                + sum(
                    a * tap[c][o]
                    for pixel, tap in zip(pixels, taps, strict=True)
                    for c, a in enumerate(pixel)
                )
                for o, bias in enumerate(biases)
            ]
            for pixels in row
        ]
        for row in windows(values, (len(weights), len(weights[0])), stride)
    ]


def depthwise(values: Map, weights: Sequence, biases: Sequence[int], stride: Sequence[int]) -> Map:
    """bias + sum over dy, dx of a[c]*w[dy][dx][c][m], for output channel c*multiplier + m."""
    taps = [tap for row in weights for tap in row]
    pairs = [(c, m) for c in range(len(taps[0])) for m in range(len(taps[0][0]))]
    return [
        [
            [
                biases[k] + sum(pixel[c] * tap[c][m] for pixel, tap in zip(pixels, taps, strict=True))
                for k, (c, m) in enumerate(pairs)
            ]
            for pixels in row
        ]
        for row in windows(values, (len(weights), len(weights[0])), stride)
    ]


def largest(values: Map, size: Sequence[int], stride: Sequence[int]) -> Map:
    """The largest of each window."""
    return [
        [[max(channel) for channel in zip(*pixels, strict=True)] for pixels in row]
        for row in windows(values, size, stride)
    ]


def means(values: Map, size: Sequence[int], stride: Sequence[int], padding: Sequence[int]) -> Map:
    """Means over what is not padding, all of them times the least number that makes them integers."""
    around = padded(values, padding, 0, 1)
    read = windows(around, size, stride)
    counts = [[sum(pixel[-1] for pixel in pixels) for pixels in row] for row in read]
    parts = lcm(*(count for row in counts for count in row))
    return [
        [
            [sum(channel) * (parts // count) for channel in list(zip(*pixels, strict=True))[:-1]]
            for pixels, count in zip(row, row_counts, strict=True)
        ]
        for row, row_counts in zip(read, counts, strict=True)
    ]


def relu(values: Sequence[int]) -> list[int]:
    """max(v, 0)."""
    return [max(value, 0) for value in values]


def leaky(values: Sequence[int], numerator: int, drop: int, shift: int, offset: int) -> list[int]:
    """v, or -((-v div 2**drop)*numerator div 2**shift) where v < 0; then + offset."""
    return [
        (value if value >= 0 else -div(div(-value, 2**drop) * numerator, 2**shift)) + offset
        for value in values
    ]


def requantised(values: Sequence[int], shift: int, ceiling: int) -> list[int]:
    """min(v div 2**shift, ceiling)."""
    return [min(div(value, 2**shift), ceiling) for value in values]


def weighed(values: Sequence[int], weights: Sequence[Sequence[int]], biases: Sequence[int]) -> list[int]:
    """sum(v*w) + b."""
    return [sum(v * weights[i][j] for i, v in enumerate(values)) + bias for j, bias in enumerate(biases)]


_MAPS = {
    "pad": padded,
    "conv2d": convolved,
    "depthwise": depthwise,
    "maxpool": largest,
    "sumpool": means,
}
_VALUES = {"relu": relu, "leaky-relu": leaky, "requantise": requantised, "few-bit": weighed}
