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
    raise AssertionError("a network has layers")


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
