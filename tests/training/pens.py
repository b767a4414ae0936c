"""Small sets of pen characters, made for the tests."""

from __future__ import annotations

import numpy as np

from app.training.pens import PenSet, assembled


def straight(count: int, *, writers: int = 20, digits: bool = True) -> PenSet:
    """`count` characters of one or two strokes: a line whose slant tells its label."""
    characters, labels = [], []
    for number in range(count):
        label = number % 10
        line = np.array([[0, 0], [label * 100, 500], [label * 100, 1000]])
        characters.append([line, np.array([[100, 500], [900, 500]])] if label % 2 else [line])
        labels.append(label)
    names = np.array(labels, np.uint8) if digits else np.array(["AEFHKMNPRX"[label] for label in labels])
    people = [number // 10 % writers for number in range(count)]
    return assembled(names, people, ["one" if person % 2 else "two" for person in people], characters)
