"""The picture that every judge reads: 28x28 pixels, uint8, 0 paper to 255 ink."""

from __future__ import annotations

__all__ = ["CLASSES", "PIXELS", "SIDE"]

SIDE = 28
"""Pixels of a picture's side, as in MNIST."""
PIXELS = SIDE * SIDE
"""Pixels of a picture, row by row: the bytes that a claim carries."""
CLASSES = 10
"""The digits 0 to 9."""
