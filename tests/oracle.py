"""The arithmetic once more, in plain Python integers and loops, written from the formulas alone.

It shares no code with the engine: that is what makes it worth comparing with.
"""

from __future__ import annotations

from collections.abc import Sequence

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
shift and ceiling of what follows (not used of the last layer, which covers its whole map)."""


def convolutional(blocks: Blocks, pixels: Sequence[int]) -> list[int]:
    """min(largest of 2x2 of relu(s) div 2**shift, ceiling) with s = bias + sum(a*w); the last layer's s."""
    a, channels = list(pixels), 1
    for height, width, weights, biases, shift, ceiling in blocks[:-1]:
        rows, columns = (height - len(weights) + 1) // 2, (width - len(weights[0]) + 1) // 2
        pooled = []
        for y in range(rows):
            for x in range(columns):
                for o, bias in enumerate(biases):
                    corners = [(2 * y + i, 2 * x + j) for i in (0, 1) for j in (0, 1)]
                    sums = [bias + window(a, width, channels, weights, *corner, o) for corner in corners]
                    pooled.append(min(div(max(*sums, 0), 2**shift), ceiling))
        a, channels = pooled, len(biases)
    _, width, weights, biases, _, _ = blocks[-1]
    return [bias + window(a, width, channels, weights, 0, 0, o) for o, bias in enumerate(biases)]


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


def block_means(pixels: Sequence[int], side: int, margin: int, block: int) -> list[int]:
    """Sums over blocks of block x block pixels, row by row, of what lies inside the margin."""
    inner = range(margin, side - margin, block)
    return [
        sum(pixels[(top + down) * side + left + right] for down in range(block) for right in range(block))
        for top in inner
        for left in inner
    ]


def few_bit(parameters: Parameters, x: Sequence[int]) -> list[int]:
    """o = sum(x*w) + b, ReLU between layers, nothing rescaled."""
    for index, (weights, biases) in enumerate(parameters):
        if index:
            x = [max(value, 0) for value in x]
        x = [sum(value * weights[i][j] for i, value in enumerate(x)) + bias for j, bias in enumerate(biases)]
    return list(x)
