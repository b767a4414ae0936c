"""Write the digits that ship: `python -m tools.digits` makes `assets/digits.npz` of
`tests/data/drawn.json`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from app.drawing import load_drawings, pictures_of
from app.importing.digits import digits_file

DRAWINGS = Path(__file__).resolve().parents[1] / "tests" / "data" / "drawn.json"


def main() -> int:
    """Draw every digit as the judges see it, and write all of them."""
    images, labels = pictures_of(load_drawings(DRAWINGS))
    np.savez_compressed(digits_file(), allow_pickle=False, images=images, labels=labels.astype(np.uint8))
    print(f"{len(labels)} digits in {digits_file()}, {digits_file().stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
