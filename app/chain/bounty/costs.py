"""What the steps of a bounty cost: bytes of each transaction, and its fee."""

from __future__ import annotations

from dataclasses import dataclass

from app import models
from app.chain.bounty.readers import Reader, reader_named
from app.chain.wallet.coins import fee_for
from app.chain.wallet.transactions import deployment_size
from app.contract.bounty import Bounty, Terms
from app.contract.bounty_spends import commit_size, reclaim_size, reopen_size, reveal_size
from app.errors import ContractError, InkproofError

__all__ = ["StepCosts", "costs_of", "costs_of_all"]

_PAYOUT = bytes(25)
"""As long as a P2PKH locking script."""
_TERMS = Terms(bytes(20), 0, 2**40, 10**6, 1_000, 10**6)
"""Numbers of usual lengths: the others of a model's bounties differ from it by some bytes."""


@dataclass(frozen=True)
class StepCosts:
    """Of one model's bounty: bytes of its locking script, and of each step with one coin that pays for it.

    `refusal` is empty if a default node relays all of them; else it says why not, and sizes are empty.
    """

    model: str
    script_bytes: int
    sizes: dict[str, int]
    refusal: str = ""

    def fees(self, rate: int) -> dict[str, int]:
        """Satoshis of each step at a rate per 1000 bytes."""
        return {name: fee_for(size, rate) for name, size in self.sizes.items()}


def costs_of(reader: Reader) -> StepCosts:
    """What a bounty of this model costs."""
    try:
        bounty = reader.bounty(_TERMS)
    except ContractError as error:
        return StepCosts(reader.name, len(reader.program.code), {}, error.why or error.what)
    return StepCosts(reader.name, len(bounty.locking_script), _sizes(bounty))


def costs_of_all() -> list[StepCosts]:
    """The same of every model that can be read here, the smallest script first."""
    found = []
    for name in models.available():
        try:
            found.append(costs_of(reader_named(name)))
        except InkproofError:
            continue  # a damaged model of the person's own does not hide the others
    return sorted(found, key=lambda one: one.script_bytes)


def _sizes(bounty: Bounty) -> dict[str, int]:
    return {
        "post": deployment_size(bounty.locking_script, 1),
        "commit": commit_size(bounty, 1),
        "reveal": reveal_size(_PAYOUT),
        "reopen": reopen_size(bounty, 1),
        "reclaim": reclaim_size(bounty, _PAYOUT),
    }
