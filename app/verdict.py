"""The three judges side by side, and whether they agree."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.text import with_article

if TYPE_CHECKING:
    from app.chain.service import ChainVerdict
    from app.fixedpoint import FixedReading, Sureness
    from app.floats.judge import FloatReading


class Outcome(enum.Enum):
    """How the contract's verdict on a claim relates to what was read on this machine."""

    AGREE = "agree"
    """Everybody reads the claimed digit, and the contract accepted it."""
    CAUGHT = "caught"
    """Nobody reads the claimed digit, and the contract refused it."""
    DISAGREE = "disagree"


def outcome(local: Iterable[int], claimed: int, accepted: bool) -> Outcome:
    """The outcome of a claim, from the digits that the judges on this machine read."""
    digits = set(local)
    if accepted:
        return Outcome.AGREE if digits <= {claimed} else Outcome.DISAGREE
    return Outcome.CAUGHT if claimed not in digits and len(digits) == 1 else Outcome.DISAGREE


@dataclass(frozen=True)
class Verdict:
    """What each judge says of one image; `chain` is None where only the local judges were asked.

    `certainty`: from where the model's readings are sure, None where that has not been found.
    """

    image: str
    floating: FloatReading
    fixed: FixedReading
    chain: ChainVerdict | None
    certainty: Sureness | None = None

    @property
    def sure(self) -> bool | None:
        """Whether the integers are sure of their reading; None where no threshold is known."""
        return None if self.certainty is None else self.certainty.is_sure(self.fixed.logits)

    @property
    def sureness(self) -> float | None:
        """From 0 to 1; None where it is not known."""
        return None if self.certainty is None else self.certainty.sureness(self.fixed.logits)

    @property
    def proved(self) -> str:
        """What an accepted claim proves, and what it does not; empty without one."""
        if self.chain is None or not self.chain.accepted:
            return ""
        return f"Proved: this model reads {self.chain.claimed}. Not proved: that it is one."

    @property
    def agree(self) -> bool:
        """All judges that were asked read the same digit, and the contract accepted a claim of just that."""
        local = self.floating.digit, self.fixed.digit
        if self.chain is None:
            return len(set(local)) == 1
        return outcome(local, self.chain.claimed, self.chain.accepted) is Outcome.AGREE

    @property
    def sentence(self) -> str:
        """Who says what, in one line."""
        if self.agree:
            local = self.chain is None
            if self.sure is False:
                who, none = ("Both local judges", "neither") if local else ("All three", "none")
                return f"{who} read {self.fixed.digit}, and {none} is sure."
            who = "Both local judges" if local else "All three judges"
            return f"{who} agree: this is {with_article(self.fixed.digit)}."
        said = [f"the float model reads {self.floating.digit}", f"the integer engine {self.fixed.digit}"]
        if self.chain is not None:
            said.append(
                f"the contract {'accepts' if self.chain.accepted else 'refuses'} {self.chain.claimed}"
            )
        line = ", ".join(said[:-1]) + f" and {said[-1]}."
        return line[0].upper() + line[1:]

    def as_json(self) -> dict[str, Any]:
        """The verdict as JSON values; logits are integers of any size, the block is its height."""
        values: dict[str, Any] = {
            "image": self.image,
            "float": {"digit": self.floating.digit, "probabilities": list(self.floating.probabilities)},
            "integer": {"digit": self.fixed.digit, "logits": list(self.fixed.logits)},
        }
        if self.chain is not None:
            values["chain"] = {
                "network": self.chain.network,
                "txid": self.chain.txid,
                "claimed": self.chain.claimed,
                "accepted": self.chain.accepted,
                "reason": self.chain.reason,
                "block": self.chain.block_height,
                "fee": self.chain.fee,
                "script_bytes": self.chain.script_bytes,
            }
        return values | {"agree": self.agree, "sure": self.sure, "sureness": self.sureness}


class Tally:
    """Verdicts on labelled images, counted: what the chain took, and who was right."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: seconds that never go back; the count begins now."""
        self._clock = clock
        self._begun = clock()
        self.images = self.accepted = self.confirmed = self.failed = self.agree = 0
        self._right = {"float": 0, "integer": 0, "contract": 0}

    def add(self, verdict: Verdict, label: int) -> None:
        """Count the verdict on an image that shows the digit `label`."""
        chain = verdict.chain
        accepted = chain is not None and chain.accepted
        self.images += 1
        self.accepted += accepted
        self.confirmed += chain is not None and chain.block_height is not None
        self.agree += verdict.agree
        self._right["float"] += verdict.floating.digit == label
        self._right["integer"] += verdict.fixed.digit == label
        self._right["contract"] += accepted and chain is not None and chain.claimed == label

    def fail(self) -> None:
        """Count an image on which there is no verdict."""
        self.images += 1
        self.failed += 1

    def as_json(self) -> dict[str, Any]:
        """The counts; the shares (0 to 1) of all images that each judge read right; seconds, and the rate."""
        seconds = self._clock() - self._begun
        return {
            "images": self.images,
            "accepted": self.accepted,
            "refused": self.images - self.accepted - self.failed,
            "failed": self.failed,
            "confirmed": self.confirmed,
            "agree": self.agree,
            **{f"{judge}_accuracy": right / self.images for judge, right in self._right.items()},
            "seconds": seconds,
            "per_second": self.images / seconds,
        }

    def lines(self) -> list[str]:
        """The same in words."""
        told = self.as_json()
        counts = ("images", "accepted", "refused", "failed", "confirmed", "agree")
        return [
            *(f"{name:<16} {told[name]:>8,}" for name in counts),
            *(f"{judge:<16} {told[f'{judge}_accuracy']:>8.2%} right" for judge in self._right),
            f"{'time':<16} {told['seconds']:>8.1f} s, {told['per_second']:.1f} a second",
        ]
