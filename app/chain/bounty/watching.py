"""The bounties that are known on one chain: recorded, found by what their posters pass on, followed."""

from __future__ import annotations

from dataclasses import dataclass

from app.chain.bounty.following import Standing, follow, origin_of, paid_image
from app.chain.bounty.readers import Earning, Reader, earning, reader_of
from app.chain.bounty.sharing import outpoint_in, share_text
from app.chain.connection import Connection
from app.chain.inspect import demand
from app.chain.ledger.bounties import BountyBook, NewBounty, NewStep, StepKind, StepState
from app.chain.ledger.store import Ledger
from app.contract.bounty import sureness_of
from app.contract.bounty_spends import Place
from app.errors import ChainError, ContractError

__all__ = ["Collected", "Watcher"]


@dataclass(frozen=True)
class Collected:
    """An image that one of the recorded bounties was paid for, and the digit it was paid as."""

    image: bytes
    digit: int
    txid: str
    posted_here: bool


class Watcher:
    """The bounties that the ledger knows on one chain; it sends nothing."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self.connection = connection
        self.ledger = ledger
        self.book = BountyBook(ledger)

    def all(self) -> list[Standing]:
        """Every bounty that is recorded, oldest first, as it stands now; without posts that were refused."""
        records = self.book.all(self.connection.chain_id)
        standings = [follow(self.connection.backend, self.book, record) for record in records]
        return [one for one in standings if one.on_chain or one.steps[0].state is not StepState.REFUSED]

    def named(self, text: str) -> Standing:
        """The bounty of a number in our list, of TXID:VOUT or of the line that its poster passes on.

        One that is not recorded yet is looked up and recorded. ChainError where there is none.
        """
        if text.isascii() and text.isdigit() and len(text) < 10:
            records = [one for one in self.book.all(self.connection.chain_id) if one.id == int(text)]
            if not records:
                raise ChainError(
                    f"There is no bounty {text} in the list.", hint="See `inkproof bounty list`."
                )
            return follow(self.connection.backend, self.book, records[0])
        return self.watch(*outpoint_in(text, self.connection.network))

    def watch(self, txid: str, index: int) -> Standing:
        """Record the bounty that began at an outpoint, and follow it. ChainError where it is not a bounty of
        a model that is known here, byte for byte."""
        record = self.book.find(self.connection.chain_id, txid, index)
        if record is None:
            found = demand(self.connection.backend, txid)
            origin = origin_of(found.raw, txid, index)
            if not origin.bounty.state.is_open:
                raise ChainError(
                    f"The output {txid}:{index} is a bounty on its way, not its beginning.",
                    hint="Ask for the line that `inkproof bounty list` shows: it names the first output.",
                )
            reader = self._reader(origin)
            new = NewBounty(
                chain_id=self.connection.chain_id,
                txid=txid,
                output_index=index,
                model_sha256=reader.model.sha256,
                posted_here=False,
            )
            post = NewStep(
                kind=StepKind.POST, txid=txid, spends="", raw_tx=found.raw, value=origin.value, ours=False
            )
            record, _ = self.book.add(new, post)
        return follow(self.connection.backend, self.book, record)

    def share(self, standing: Standing) -> str:
        """The line to pass on: whoever has it finds the bounty."""
        return share_text(self.connection.network, standing.record.txid, standing.record.output_index)

    def reader(self, standing: Standing) -> Reader:
        """The model of a bounty. ContractError if it is not known here."""
        return self._reader(standing.origin)

    def sureness(self, standing: Standing) -> float | None:
        """The margin that a bounty asks as a share, 0.5 to 1; None if its model is not known here."""
        reader = reader_of(standing.origin.bounty.code)
        return (
            None if reader is None else sureness_of(standing.origin.bounty.terms.margin, reader.denominator)
        )

    def would_earn(self, standing: Standing, image: bytes) -> Earning:
        """Whether an image of 784 bytes earns a bounty, by the integers of its model."""
        return earning(standing.origin.bounty.terms, self.reader(standing).logits(image))

    def collected(self) -> list[Collected]:
        """The images that recorded bounties were paid for, each once, oldest bounty first."""
        found: dict[bytes, Collected] = {}
        for standing in self.all():
            image, last = paid_image(standing), standing.ended_by
            if image is not None and last is not None:
                digit = standing.origin.bounty.terms.digit
                paid = Collected(image, digit, last.txid, standing.record.posted_here)
                found.setdefault(image, paid)
        return list(found.values())

    def _reader(self, place: Place) -> Reader:
        reader = reader_of(place.bounty.code)
        if reader is None:
            raise ContractError(
                f"The model in the bounty {place.txid}:{place.index} is not known here.",
                why="What it reads in an image cannot be told without it.",
                hint="Import the model first, in the same version of Inkproof as the poster's.",
            )
        return reader
