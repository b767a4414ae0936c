"""How near a contract is to each limit of a node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from app.contract.classifier import DigitContract
from app.picture import PIXELS
from app.script import needs_of
from app.script.limits import MILLISECONDS_LIMIT, NUMBER_LIMIT, OPCODE_LIMIT, SCRIPT_LIMIT, STACK_LIMIT

__all__ = ["COLUMNS", "Margin", "margin_lines", "margin_rows", "margins", "margins_of"]

COLUMNS = ("limits of a node", "takes", "limit", "left")
"""What the texts of `margin_rows` are."""


@dataclass(frozen=True)
class Margin:
    """What a contract takes of one thing that a node limits; `taken` is None where it was not measured."""

    what: str
    taken: float | None
    limit: float

    @property
    def left(self) -> float | None:
        """The share of the limit that is left, 0 to 1; below 0 where the limit is passed."""
        return None if self.taken is None else 1.0 - self.taken / self.limit

    def as_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {**asdict(self), "left": self.left}


def margins(contract: DigitContract, milliseconds: float | None = None) -> list[Margin]:
    """Every margin of a contract. `milliseconds`: of one spend in a node, if it was measured."""
    needs = needs_of(contract.program, PIXELS)
    size, opcodes = len(contract.locking_script), contract.opcodes
    return margins_of(size, needs.longest_number, needs.memory, opcodes, milliseconds)


def margins_of(
    script_bytes: int, longest_number: int, memory: int, opcodes: int, milliseconds: float | None
) -> list[Margin]:
    """The same from figures: the first four limits are a default node's policy, the last is Teranode's."""
    return [
        Margin("script, bytes", script_bytes, SCRIPT_LIMIT),
        Margin("longest number, bytes", longest_number, NUMBER_LIMIT),
        Margin("memory, bytes", memory, STACK_LIMIT),
        Margin("time in a node, ms", milliseconds, MILLISECONDS_LIMIT),
        Margin("opcodes (Teranode)", opcodes, OPCODE_LIMIT),
    ]


def margin_rows(margins: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str, str]]:
    """Texts of a table of margins (`Margin.as_json`), in the order of COLUMNS."""
    rows = []
    for margin in margins:
        taken, left = margin["taken"], margin["left"]
        shown = "not measured" if taken is None else f"{round(taken, 2):,}"
        share = "" if left is None else "exceeded" if left < 0 else f"{left:.2%}"
        rows.append((margin["what"], shown, f"{margin['limit']:,}", share))
    return rows


def margin_lines(margins: Iterable[Mapping[str, Any]]) -> list[str]:
    """The table for a terminal, a line each, its heading first."""
    return [
        f"{what:<24}{taken:>14}{limit:>14}{left:>10}"
        for what, taken, limit, left in [COLUMNS, *margin_rows(margins)]
    ]
