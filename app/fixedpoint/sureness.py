"""How sure a reading is, by the same integer logits that the contract compares.

The **lead** of a reading measures at once how far its digit stands above the next class, and how high. Models
of ours are trained to answer signs that are no digit with ten logits below 0: "no digit" is an eleventh class
whose logit is 0, and may be the next one. Models that know no such class answer the same whatever is added to
all ten logits: their level is the mean of the ten.

    models of ours      lead = 5 * (top - next) + top
    other models        lead = (top - second) + (top - mean)

Both are multiplied by the number of classes to stay whole. The factor 5 was chosen on held-out writers: signs
and wrongly read digits are then seldom sure.

A reading is *sure* where its lead reaches the model's threshold: no float is involved, so that every judge
could decide it. The sureness from 0 to 1 is a logistic curve through the same lead.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.errors import ModelError

FORMAT = "inkproof-sureness-2"
_LONGEST = 100_000  # bytes of a file
_NEXT = 5  # how much more the next class counts than the level


@dataclass(frozen=True)
class Sureness:
    """What leads mean for one model, found on digits of real hands.

    `sha256` of the model's integers; `threshold`: the least lead of a sure reading; `middle` and `width`: the
    lead at which the curve is 1/2, and how much more makes the odds e times better (all in units of `lead`).
    `none_is_zero`: 0 is the logit of "no digit", see above. `found`: how and on what, for people.
    """

    sha256: str
    threshold: int
    middle: int
    width: int
    none_is_zero: bool = False
    found: Mapping[str, Any] = field(default_factory=dict)

    def is_sure(self, logits: Sequence[int]) -> bool:
        """Whether a reading with these logits is sure. Exact."""
        return lead(logits, self.none_is_zero) >= self.threshold

    def sureness(self, logits: Sequence[int]) -> float:
        """From 0 to 1: the share of digits among such readings, if half of all characters are digits."""
        return self.of_lead(lead(logits, self.none_is_zero))

    def of_lead(self, lead: int) -> float:
        """The sureness of a reading with this lead."""
        # The difference is taken in integers, for logits may exceed 64 bits; beyond 700 exp overflows.
        odds = max(-700.0, min(700.0, (lead - self.middle) / self.width))
        return 1.0 / (1.0 + math.exp(-odds))


def lead(logits: Sequence[int], none_is_zero: bool) -> int:
    """How far the largest logit stands above the next class, and how high; see above. At least two logits."""
    second, top = sorted(int(logit) for logit in logits)[-2:]
    if none_is_zero:
        return len(logits) * (_NEXT * (top - max(second, 0)) + top)
    return len(logits) * (2 * top - second) - sum(int(logit) for logit in logits)


def save_sureness(sureness: Sureness, path: Path) -> None:
    """Write it as JSON; the file appears whole or not at all."""
    values = {
        "format": FORMAT,
        "sha256": sureness.sha256,
        "threshold": sureness.threshold,
        "middle": sureness.middle,
        "width": sureness.width,
        "none_is_zero": sureness.none_is_zero,
        "found": dict(sureness.found),
    }
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def load_sureness(path: Path, sha256: str) -> Sureness | None:
    """What is stored for the model with this SHA-256; None if there is no file, or one for other integers.

    ModelError if the file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            values = json.loads(file.read(_LONGEST))
        if values["format"] != FORMAT or values["width"] < 1:
            raise ValueError
        threshold, middle, width = (values[name] for name in ("threshold", "middle", "width"))
        if not all(isinstance(number, int) for number in (threshold, middle, width)):
            raise ValueError
        if not isinstance(values["none_is_zero"], bool):
            raise ValueError
        found = Sureness(
            str(values["sha256"]), threshold, middle, width, values["none_is_zero"], dict(values["found"])
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The thresholds of sureness in {path.name} cannot be read.",
            why="The file is damaged or is something else.",
            hint="Reinstall Inkproof.",
        ) from error
    return found if found.sha256 == sha256 else None
