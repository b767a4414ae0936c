"""Where a bounty stands: followed from the output that it began with, spend by spend.

Only bytes that hash to the requested txid are believed. That a transaction is on the chain is the
backend's word; what it does to a bounty follows from the output that it makes, since the contract lets no
other spend pass.
"""

from __future__ import annotations

from dataclasses import dataclass

from bitcoinx import Tx, TxInput, hash_to_hex_str

from app.chain.backends.base import Backend, Found
from app.chain.ledger.bounties import BountyBook, BountyRecord, BountyStep, NewStep, StepKind, StepState
from app.contract.bounty import State, recognise
from app.contract.bounty_spends import Place, read_reveal
from app.errors import ChainError, ContractError, PendingError

__all__ = ["Standing", "follow", "follow_mark", "origin_of", "paid_image"]

_MOST_STEPS = 1_000
"""A bounty is followed so far: each step beyond has cost somebody a deposit or a fee."""


@dataclass(frozen=True)
class Standing:
    """Where a bounty stands.

    `place`: the output that holds it; None once it has ended, or if its post is not on the chain. `states`:
    before each of the `steps` behind the first, which is the post. `on_chain`: whether the post is.
    `secret`: our step whose image and salt the commitment that holds it now is to; None if it is not ours.
    The transaction that made it need not be ours: whoever copies a commitment pays the deposit for us.
    """

    record: BountyRecord
    origin: Place
    steps: tuple[BountyStep, ...]
    states: tuple[State, ...]
    place: Place | None
    on_chain: bool = True
    secret: BountyStep | None = None

    @property
    def state(self) -> State | None:
        """The state now; None once it has ended."""
        return None if self.place is None else self.place.bounty.state

    @property
    def held_by_us(self) -> bool:
        """Whether a commitment of ours holds it, which we can reveal."""
        return self.secret is not None

    @property
    def status(self) -> str:
        """In a word: open, committed, paid, reclaimed, or unknown where its post is not on the chain."""
        if self.place is not None:
            return "open" if self.place.bounty.state.is_open else "committed"
        if self.ended_by is None:
            return "unknown"
        return "paid" if self.ended_by.kind is StepKind.REVEAL else "reclaimed"

    @property
    def ended_by(self) -> BountyStep | None:
        """The reveal or reclaim that ended it."""
        return self.steps[-1] if self.place is None and self.on_chain else None


def origin_of(raw: bytes, txid: str, index: int) -> Place:
    """The bounty in an output of a stranger's transaction. ChainError where there is none."""
    tx = _parsed(raw, txid)
    output = tx.outputs[index] if index < len(tx.outputs) else None
    bounty = None if output is None else recognise(output.script_pubkey.to_bytes())
    if output is None or bounty is None:
        raise ChainError(
            f"The output {txid}:{index} holds no bounty.",
            why="Its script is not the bounty's, or is one on unsound terms.",
            hint="Ask who told you of it for the line that `inkproof bounty list` shows.",
        )
    return Place(txid, index, output.value, bounty)


def follow(backend: Backend, book: BountyBook, record: BountyRecord) -> Standing:
    """Follow a bounty to where it is now. Others' steps are put into the ledger as they are found."""
    post = book.steps(record.id)[0]
    place = origin_of(post.raw_tx, record.txid, record.output_index)
    origin, steps, states = place, [post], list[State]()
    found = _find(backend, post.txid)
    if found is None:
        return Standing(record, origin, (post,), (), None, on_chain=False)
    steps[0] = follow_mark(book, post, found)
    for _ in range(_MOST_STEPS):
        if backend.is_unspent(place.txid, place.index):
            break
        spend = _spend_of(backend, book, record, place, steps[-1])
        if spend is None:
            break
        step, after = spend
        steps.append(step)
        states.append(place.bounty.state)
        if after is None:
            return Standing(record, origin, tuple(steps), tuple(states), None)
        place = after
    secret = _secret(book, record, place.bounty.state)
    return Standing(record, origin, tuple(steps), tuple(states), place, secret=secret)


def follow_mark(book: BountyBook, step: BountyStep, found: Found) -> BountyStep:
    """Record what the chain says of a step that it knows."""
    if found.block_hash is None or found.block_height is None:
        return book.mark(step.id, StepState.SENT)
    return book.mark(
        step.id, StepState.CONFIRMED, block_hash=found.block_hash, block_height=found.block_height
    )


def _find(backend: Backend, txid: str) -> Found | None:
    """What the chain knows of a transaction; of one that it has not decided about, only that it is there."""
    try:
        return backend.find(txid)
    except PendingError:
        return Found(b"", None, None)


def _secret(book: BountyBook, record: BountyRecord, state: State) -> BountyStep | None:
    """Our step whose image and salt a commitment is to."""
    for step in book.steps(record.id):
        if step.salt and not state.is_open:
            made = recognise(Tx.from_bytes(step.raw_tx).outputs[0].script_pubkey.to_bytes())
            if made is not None and made.state.commitment == state.commitment:
                return step
    return None


def _spend_of(
    backend: Backend, book: BountyBook, record: BountyRecord, place: Place, before: BountyStep
) -> tuple[BountyStep, Place | None] | None:
    """The step that spends a place, and the place after it (None: the end); None if none is found."""
    outpoint = f"{place.txid}:{place.index}"
    for step in book.steps(record.id):
        if step.spends == outpoint and step.holds and (found := _find(backend, step.txid)) is not None:
            return follow_mark(book, step, found), _after(Tx.from_bytes(step.raw_tx), step.txid, place)
    txid = backend.spender(place.txid, place.index, before.block_height or 0)
    found = None if txid is None else _find(backend, txid)
    if txid is None or found is None or not found.raw:
        return None
    tx = _parsed(found.raw, txid)
    if not any(
        (hash_to_hex_str(one.prev_hash), one.prev_idx) == (place.txid, place.index) for one in tx.inputs
    ):
        raise ChainError(
            f"Transaction {txid} does not spend the bounty at {outpoint}.", hint="Use another node."
        )
    after = _after(tx, txid, place)
    new = NewStep(
        kind=_kind(place, after),
        txid=txid,
        spends=outpoint,
        raw_tx=found.raw,
        value=0 if after is None else after.value,
        ours=False,
    )
    return follow_mark(book, book.add_step(record.id, new), found), after


def _after(tx: Tx, txid: str, place: Place) -> Place | None:
    """The place that a spend leads to: the contract puts the bounty in its first output, or it ends."""
    output = tx.outputs[0]
    script = output.script_pubkey.to_bytes()
    bounty = recognise(script) if len(script) == len(place.bounty.locking_script) else None
    if bounty is None or (bounty.terms, bounty.code) != (place.bounty.terms, place.bounty.code):
        return None
    if bounty.state.is_open == place.bounty.state.is_open:
        return None  # a new bounty on the same terms, paid for with this one
    return Place(txid, 0, output.value, bounty)


def _kind(place: Place, after: Place | None) -> StepKind:
    if place.bounty.state.is_open:
        return StepKind.RECLAIM if after is None else StepKind.COMMIT
    return StepKind.REVEAL if after is None else StepKind.REOPEN


def paid_image(standing: Standing) -> bytes | None:
    """The image that a bounty was paid for; None if it was not, or its reveal cannot be read."""
    last = standing.ended_by
    if last is None or last.kind is not StepKind.REVEAL or last.state is not StepState.CONFIRMED:
        return None
    tx = Tx.from_bytes(last.raw_tx)
    before = last.spends
    for index, one in enumerate(tx.inputs):
        if _outpoint(one) == before:
            try:
                return read_reveal(tx, standing.states[-1], index).image
            except ContractError:
                return None
    return None


def _outpoint(source: TxInput) -> str:
    return f"{hash_to_hex_str(source.prev_hash)}:{source.prev_idx}"


def _parsed(raw: bytes, txid: str) -> Tx:
    try:
        tx = Tx.from_bytes(raw)
    except Exception as error:  # bitcoinX documents no exceptions for malformed bytes
        raise ChainError(f"Transaction {txid} cannot be read.") from error
    if tx.hex_hash() != txid:
        raise ChainError(f"What was sent is another transaction than {txid}.", hint="Use another node.")
    return tx
