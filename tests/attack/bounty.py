"""Forged steps of the bounty: each is right in everything but what its name says, the preimage included."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import bitcoinx
from bitcoinx import PrivateKey, Script, SigHash, Tx, TxInput, TxOutput, push_int, push_item

from app.contract.bounty import FIRST_SECONDS, OPEN, Bounty, State, Terms
from app.contract.bounty_spends import Place, preimage_of
from app.contract.spend import SIGHASH
from tests import bounties
from tests.bounties import CLAIMANT, DEPOSIT, LAST, POSTER, REWARD, SALT, THIEF, WINDOW, pays

REVEAL, COMMIT, REOPEN, RECLAIM = range(4)
VERSION = 1
"""Of the transactions: tests of the rules since Chronicle put 2 here."""
NOT_FINAL, FINAL = 0xFFFFFFFE, 0xFFFFFFFF
HEIGHT = 100


@dataclass(frozen=True)
class Step:
    """One spend of one place, to be judged."""

    name: str
    tx: Tx
    place: Place
    index: int = 0


@dataclass(frozen=True)
class Draft:
    """A step before its unlocking script: everything that the attacker may choose."""

    place: Place
    outputs: Sequence[TxOutput]
    locktime: int = HEIGHT
    sequence: int = NOT_FINAL
    separator: int | None = None
    """Which part of the script is signed: None is all of it."""
    before: TxInput | None = None
    """An input in front of the bounty's."""

    def transaction(self) -> Tx:
        """The transaction with an empty unlocking script."""
        coin = bounties.COIN
        inputs = [
            TxInput(bitcoinx.hex_str_to_hash(self.place.txid), self.place.index, Script(), self.sequence),
            TxInput(bitcoinx.hex_str_to_hash(coin.txid), coin.index, Script(), FINAL),
        ]
        return Tx(
            VERSION, [*([self.before] if self.before else []), *inputs], list(self.outputs), self.locktime
        )

    @property
    def index(self) -> int:
        """Of the bounty's input."""
        return 0 if self.before is None else 1

    @property
    def code(self) -> bytes:
        """What a signature covers."""
        bounty = self.place.bounty
        return bounty.locking_script if self.separator is None else bounty.script_code(self.separator)

    def preimage(self) -> bytes:
        """The true one."""
        return preimage_of(self.transaction(), self.place.value, self.code, self.index)

    def signature(self, key: PrivateKey, kind: SigHash = SIGHASH) -> bytes:
        """A true signature of a key."""
        digest = self.transaction().signature_hash(self.index, self.place.value, Script(self.code), kind)
        return key.sign(digest, None) + bytes([int(kind)])

    def unlocked(self, name: str, items: Sequence[bytes], function: int) -> Step:
        """With these arguments for a public function."""
        tx = self.transaction()
        tx.inputs[self.index].script_sig = Script(b"".join(map(push_item, items)) + push_int(function))
        return Step(name, tx, self.place, self.index)

    @property
    def outpoints(self) -> bytes:
        """Those of all inputs, serialised."""
        inputs = self.transaction().inputs
        return b"".join(one.prev_hash + one.prev_idx.to_bytes(4, "little") for one in inputs)


def rest_of(outputs: Sequence[TxOutput]) -> bytes:
    return b"".join(output.to_bytes() for output in outputs[1:])


def locked(bounty: Bounty, value: int) -> TxOutput:
    return TxOutput(value, Script(bounty.locking_script))


def moved(name: str, function: int, draft: Draft, arguments: Sequence[bytes] = ()) -> Step:
    """A commit or a reopening with a true preimage and the other outputs as they are."""
    items = [draft.preimage(), draft.outpoints, *arguments, rest_of(draft.outputs)]
    return draft.unlocked(name, items, function)


def other_terms(terms: Terms) -> list[Terms]:
    """The terms with one of them changed, each in turn."""
    changes: list[dict[str, int | bytes]] = [
        {"poster": THIEF.public_key.hash160()},
        {"digit": (terms.digit + 1) % 10},
        {"margin": terms.margin - 1},
        {"margin": terms.margin + 1},
        {"deposit": 0},
        {"deposit": terms.deposit + 1},
        {"window": 1},
        {"window": terms.window + 1},
        {"last_block": 0},
        {"last_block": terms.last_block + 1},
    ]
    return [replace(terms, **change) for change in changes]


def wrong_scripts(bounty: Bounty) -> list[tuple[str, bytes]]:
    """Locking scripts that are not this bounty: other terms, another model, more, less, somebody's own."""
    script = bounty.locking_script
    found = [
        (f"terms {number}", replace(bounty, terms=terms))
        for number, terms in enumerate(other_terms(bounty.terms))
    ]
    scripts = [(name, one.locking_script) for name, one in found]
    answers = replace(bounty, code=b"\x75" + push_item(bytes(160)))
    return [
        *scripts,
        ("another model", answers.locking_script),
        ("model cut", replace(bounty, code=bounty.code[:-1]).locking_script),
        ("one byte more", script + b"\x51"),
        ("one byte less", script[:-1]),
        ("first byte", bytes([script[0] ^ 1]) + script[1:]),
        ("last byte", script[:-1] + bytes([script[-1] ^ 1])),
        ("nothing", b""),
        ("a key's", pays(THIEF)),
        ("true for all", b"\x51"),
    ]


def commits() -> Iterator[Step]:
    """Forged commits to an open bounty."""
    place = bounties.at()
    state = State(bounties.commitment(), HEIGHT + WINDOW)
    value = REWARD + DEPOSIT
    held = place.bounty.holding(state)
    change = bounties.change()
    arguments = [state.commitment]

    def draft(output: TxOutput, *others: TxOutput, **choices: int) -> Draft:
        return Draft(place, [output, *(others or (change,))], **choices)  # type: ignore[arg-type]

    good = draft(locked(held, value))
    for other in (0, 1, DEPOSIT, REWARD, value - 1, value + 1, 2 * value, 2**40):
        yield moved("commit: amount", COMMIT, draft(locked(held, other)), arguments)
    states = [
        OPEN,
        State(bytes(32), state.expires),
        State(bounties.commitment(key=THIEF), state.expires),
        *(State(state.commitment, HEIGHT + by) for by in (0, 1, WINDOW - 1, WINDOW + 1, 10**6)),
        State(state.commitment[::-1], state.expires),
    ]
    for other_state in states:
        output = locked(place.bounty.holding(other_state), value)
        yield moved("commit: state", COMMIT, draft(output), arguments)
    for name, script in wrong_scripts(held):
        yield moved(f"commit: {name}", COMMIT, draft(TxOutput(value, Script(script))), arguments)
    yield moved("commit: second place", COMMIT, draft(change, locked(held, value)), arguments)
    yield moved("commit: no output", COMMIT, Draft(place, [change]), arguments)
    for rest in (
        b"",
        b"\x00",
        change.to_bytes() + b"\x00",
        change.to_bytes()[:-1],
        locked(held, 1).to_bytes(),
    ):
        yield good.unlocked("commit: rest", [good.preimage(), good.outpoints, *arguments, rest], COMMIT)
    for size in (0, 1, 20, 31, 33, 36, 64, 520):
        other = (state.commitment * 17)[:size]
        yield moved("commit: hash of another length", COMMIT, good, [other])
        if size > 28:
            # With a matching output where that is possible.
            raw = held.locking_script
            at = raw.index(state.commitment)
            script = raw[:at] + other + raw[at + 32 :]
            yield moved(
                "commit: hash of another length", COMMIT, draft(TxOutput(value, Script(script))), [other]
            )
    yield from shifted(place, held, value, state.commitment)
    for height in (LAST + 1, LAST + 1000, FIRST_SECONDS - 1, FIRST_SECONDS, FIRST_SECONDS + 1, 2**32 - 1):
        expires = min(height + WINDOW, 2**32 - 1)
        output = locked(place.bounty.holding(State(state.commitment, expires)), value)
        yield moved("commit: late", COMMIT, draft(output, locktime=height), arguments)
    yield moved("commit: final", COMMIT, draft(locked(held, value), sequence=FINAL), arguments)
    for taken in (state, State(bounties.commitment(key=THIEF), 5)):
        held_place = bounties.at(taken, value)
        output = locked(held, value + DEPOSIT)
        yield moved("commit: on a committed one", COMMIT, Draft(held_place, [output, change]), arguments)
    yield from preimages("commit", COMMIT, good, [good.outpoints, *arguments, rest_of(good.outputs)])


def shifted(place: Place, held: Bounty, value: int, commitment: bytes) -> Iterator[Step]:
    """Hashes of other lengths that push the script's end across the border to what follows it.

    A longer one: the script's last bytes become the value of the next output. A shorter one: the first bytes
    of what follows become the script's end.
    """
    raw = held.locking_script
    at = raw.index(commitment)
    change = bounties.change()
    for more in (1, 2, 4):
        other = commitment + bytes(more)
        body = raw[:at] + other + raw[at + 32 :]
        spilled = int.from_bytes(body[-more:], "little")
        outputs = [TxOutput(value, Script(body[:-more])), TxOutput(spilled, Script()), change]
        draft = Draft(place, outputs)
        rest = bytes(8 - more) + b"\x00" + change.to_bytes()
        items = [draft.preimage(), draft.outpoints, other, rest]
        yield draft.unlocked("commit: hash of another length", items, COMMIT)
    for less in (1, 2, 32):
        other, end = commitment[less:], b"\x51" * less
        body = raw[:at] + other + raw[at + 32 :]
        draft = Draft(place, [TxOutput(value, Script(body + end)), change])
        items = [draft.preimage(), draft.outpoints, other, end + change.to_bytes()]
        yield draft.unlocked("commit: hash of another length", items, COMMIT)


def merged() -> Iterator[Step]:
    """Two bounties that are alike, spent together into one output: the coins of one would be free."""
    twin = TxInput(bitcoinx.hex_str_to_hash("33" * 32), 0, Script(), NOT_FINAL)
    state = State(bounties.commitment(), HEIGHT + WINDOW)
    value = REWARD + DEPOSIT
    output = locked(bounties.opened().holding(state), value)
    rich = bounties.change(THIEF, 50_000 + REWARD)
    commit = Draft(bounties.at(), [output, rich], before=twin)
    reopen = Draft(
        bounties.committed(), [locked(bounties.opened(), value), rich], locktime=HEIGHT + WINDOW, before=twin
    )
    for draft, function, arguments in ((commit, COMMIT, [state.commitment]), (reopen, REOPEN, [])):
        true = draft.outpoints
        turned = true[36:72] + true[:36] + true[72:]
        for outpoints in (true, turned, true[36:], true[36:72], true[:36], b"", true[36:72] + true):
            items = [draft.preimage(), outpoints, *arguments, rest_of(draft.outputs)]
            yield draft.unlocked("merged", items, function)


def preimages(name: str, function: int, good: Draft, behind: Sequence[bytes]) -> Iterator[Step]:
    """Preimages that are not the spend's own."""
    true = good.preimage()
    tx = good.transaction()
    strange = [
        b"",
        true[:-1],
        true + b"\x00",
        true[:104],
        replace(good, locktime=good.locktime + 1).preimage(),
        replace(good, sequence=good.sequence - 1).preimage(),
        preimage_of(tx, good.place.value + 1, good.code),
        preimage_of(tx, good.place.value, good.code[1:]),
        preimage_of(tx, good.place.value, pays(THIEF)),
        replace(good, outputs=[bounties.change(THIEF)]).preimage(),
        *(true[:-4] + kind.to_bytes(4, "little") for kind in (0x40, 0x42, 0x43, 0x01, 0xC1, 0x61, 0x141)),
    ]
    strange += [
        true[:at] + bytes([true[at] ^ 1]) + true[at + 1 :] for at in range(0, len(true), len(true) // 24)
    ]
    for other in strange:
        yield good.unlocked(f"{name}: preimage", [other, *behind], function)
    # All that is pushed fits together; the transaction is another one.
    for spend in (
        replace(good, outputs=[bounties.change(THIEF)]),
        replace(good, outputs=[*good.outputs, bounties.change(THIEF, 1)]),
        replace(good, locktime=0),
        replace(good, sequence=FINAL),
    ):
        yield spend.unlocked(f"{name}: preimage", [true, *behind], function)


def reveals() -> Iterator[Step]:
    """Forged reveals of a commitment."""
    place = bounties.committed()
    image = bounties.picture()
    good = Draft(place, [TxOutput(5_000, Script(pays(CLAIMANT)))], separator=0)
    own, key = good.signature(CLAIMANT), CLAIMANT.public_key.to_bytes()
    for signer in (THIEF, POSTER):
        theirs, their_key = good.signature(signer), signer.public_key.to_bytes()
        for signature, public in ((theirs, their_key), (theirs, key), (own, their_key), (b"", key)):
            yield good.unlocked("reveal: signer", [image, SALT, signature, public], REVEAL)
    yield good.unlocked(
        "reveal: signer", [image, SALT, own, CLAIMANT.public_key.to_bytes(compressed=False)], REVEAL
    )
    stolen = replace(good, outputs=[TxOutput(5_000, Script(pays(THIEF)))])
    for other in (
        stolen,
        replace(good, outputs=[TxOutput(4_999, good.outputs[0].script_pubkey)]),
        replace(good, outputs=[*good.outputs, bounties.change(THIEF)]),
        replace(good, locktime=7),
        replace(good, place=replace(place, value=place.value + 1)),
    ):
        yield other.unlocked("reveal: outputs", [image, SALT, own, key], REVEAL)
    for at in range(0, 784, 28):
        swapped = image[:at] + bytes([image[at] ^ 1]) + image[at + 1 :]
        yield good.unlocked("reveal: image swapped", [swapped, SALT, own, key], REVEAL)
    for seed in range(4, 10):
        yield good.unlocked("reveal: image swapped", [bounties.picture(seed), SALT, own, key], REVEAL)
    for salt in (b"", SALT[1:], SALT + b"\x00", bytes(32), SALT[:-1] + b"\x06", SALT * 2):
        yield good.unlocked("reveal: salt", [image, salt, own, key], REVEAL)
    whole = image + SALT
    for cut in (0, 1, 752, 783, 785, 816):
        yield good.unlocked("reveal: lengths", [whole[:cut], whole[cut:], own, key], REVEAL)
    for other_place in (bounties.at(), bounties.at(State(bounties.commitment(key=THIEF), 110))):
        draft = replace(good, place=other_place)
        yield draft.unlocked("reveal: not committed", [image, SALT, draft.signature(CLAIMANT), key], REVEAL)
    copied = replace(good, outputs=stolen.outputs)
    yield copied.unlocked(
        "reveal: copied commitment",
        [image, SALT, copied.signature(THIEF), THIEF.public_key.to_bytes()],
        REVEAL,
    )


def short_of() -> Iterator[Step]:
    """Reveals in order but for what the model reads: a margin one below, and every other digit."""
    image = bounties.picture()
    exact = bounties.terms()
    others = [replace(exact, margin=exact.margin + by) for by in (1, 2, 1000)]
    others += [replace(exact, digit=digit, margin=1) for digit in range(10) if digit != exact.digit]
    for terms in others:
        place = bounties.at(State(bounties.commitment(), 110), chosen=terms)
        draft = Draft(place, [TxOutput(5_000, Script(pays(CLAIMANT)))], separator=0)
        name = "reveal: margin below" if terms.digit == exact.digit else "reveal: another digit"
        items = [image, SALT, draft.signature(CLAIMANT), CLAIMANT.public_key.to_bytes()]
        yield draft.unlocked(name, items, REVEAL)


def reopens() -> Iterator[Step]:
    """Forged reopenings of a committed bounty."""
    place = bounties.committed()
    value, expires = place.value, place.bounty.state.expires
    opened = bounties.opened()
    change = bounties.change(THIEF)
    good = Draft(place, [locked(opened, value), change], locktime=expires)
    for height in (0, 1, HEIGHT, expires - 1, FIRST_SECONDS, FIRST_SECONDS + expires, 2**32 - 1):
        yield moved("reopen: early", REOPEN, replace(good, locktime=height))
    yield moved("reopen: final", REOPEN, replace(good, sequence=FINAL))
    for other in (0, 1, REWARD, value - DEPOSIT, value - 1, value + 1, 2 * value):
        yield moved("reopen: amount", REOPEN, replace(good, outputs=[locked(opened, other), change]))
    for state in (
        place.bounty.state,
        State(bounties.commitment(key=THIEF), expires + WINDOW),
        State(bytes(32), 1),
        State(b"\x01" + bytes(31), 0),
    ):
        output = locked(opened.holding(state), value)
        yield moved("reopen: state", REOPEN, replace(good, outputs=[output, change]))
    for name, script in wrong_scripts(opened):
        outputs = [TxOutput(value, Script(script)), change]
        yield moved(f"reopen: {name}", REOPEN, replace(good, outputs=outputs))
    yield moved("reopen: second place", REOPEN, replace(good, outputs=[change, locked(opened, value)]))
    for height in (0, expires):
        same = [locked(opened, REWARD), change]
        draft = replace(good, place=bounties.at(), outputs=same, locktime=height)
        yield moved("reopen: an open one", REOPEN, draft)
    yield from preimages("reopen", REOPEN, good, [good.outpoints, rest_of(good.outputs)])


def reclaims() -> Iterator[Step]:
    """Forged reclaims of an open bounty."""
    place = bounties.at()
    good = Draft(place, [TxOutput(4_500, Script(pays(POSTER)))], locktime=LAST + 1, separator=1)
    key = POSTER.public_key.to_bytes()

    def signed(draft: Draft, signer: PrivateKey = POSTER) -> list[bytes]:
        return [draft.preimage(), draft.signature(signer), signer.public_key.to_bytes()]

    for signer in (THIEF, CLAIMANT):
        theirs = signed(good, signer)
        own = signed(good)
        for items in (theirs, [*theirs[:2], key], [*own[:2], theirs[2]], [own[0], b"", key]):
            yield good.unlocked("reclaim: signer", items, RECLAIM)
    for height in (0, 1, LAST - 1, LAST, FIRST_SECONDS, 2**32 - 1):
        early = replace(good, locktime=height)
        yield early.unlocked("reclaim: early", signed(early), RECLAIM)
    final = replace(good, sequence=FINAL)
    yield final.unlocked("reclaim: final", signed(final), RECLAIM)
    for held in (bounties.committed(), bounties.committed(LAST), bounties.at(State(bytes(32), 1))):
        draft = replace(good, place=held, locktime=LAST + 5_000)
        yield draft.unlocked("reclaim: under a claimant", signed(draft), RECLAIM)
    own = signed(good)
    for outputs in ([TxOutput(4_500, Script(pays(THIEF)))], [*good.outputs, bounties.change(THIEF)]):
        other = replace(good, outputs=outputs)
        yield other.unlocked("reclaim: outputs", own, RECLAIM)
        yield other.unlocked("reclaim: outputs", [other.preimage(), *own[1:]], RECLAIM)
    whole = replace(good, separator=None)
    yield good.unlocked("reclaim: preimage", [whole.preimage(), *own[1:]], RECLAIM)
    yield from preimages("reclaim", RECLAIM, good, own[1:])


def calls() -> Iterator[Step]:
    """The arguments of one function for another, numbers that are no function, too few items."""
    for step in honest():
        items = [item for _, item in step.tx.inputs[0].script_sig.ops_and_items()]
        function = bitcoinx.item_to_int(items[-1])
        for other in (-1, 4, 5, 16, 255, 2**31, *range(4)):
            if other != function:
                yield with_items("call: another function", step, [*items[:-1], bitcoinx.int_to_item(other)])
        yield with_items("call: items missing", step, items[1:])
        yield with_items("call: items missing", step, items[-1:])
        yield with_items("call: no function", step, items[:-1])


def honest() -> list[Step]:
    """The four steps as the program builds them."""
    return [
        Step("commit", bounties.commit(), bounties.at()),
        Step("reveal", bounties.reveal(), bounties.committed()),
        Step("reopen", bounties.reopen(), bounties.committed()),
        Step("reclaim", bounties.reclaim(), bounties.at()),
    ]


def redrafted() -> list[Step]:
    """The four honest steps of the same version as the forged ones."""
    place, held = bounties.at(), bounties.committed()
    state = State(bounties.commitment(), HEIGHT + WINDOW)
    output = locked(place.bounty.holding(state), REWARD + DEPOSIT)
    commit = Draft(place, [output, bounties.change()])
    reopen = Draft(held, [locked(bounties.opened(), held.value), bounties.change()], HEIGHT + WINDOW)
    reveal = Draft(held, [TxOutput(5_000, Script(pays(CLAIMANT)))], separator=0)
    reclaim = Draft(place, [TxOutput(4_500, Script(pays(POSTER)))], LAST + 1, separator=1)
    shown = [bounties.picture(), SALT, reveal.signature(CLAIMANT), CLAIMANT.public_key.to_bytes()]
    signed = [reclaim.preimage(), reclaim.signature(POSTER), POSTER.public_key.to_bytes()]
    return [
        moved("commit", COMMIT, commit, [state.commitment]),
        moved("reopen", REOPEN, reopen),
        reveal.unlocked("reveal", shown, REVEAL),
        reclaim.unlocked("reclaim", signed, RECLAIM),
    ]


def mutants(seed: int, number: int) -> Iterator[Step]:
    """Honest steps with random damage to items, outputs, lock time, sequence or value."""
    rng = random.Random(seed)
    steps = honest()
    for _ in range(number):
        step = rng.choice(steps)
        tx = Tx.from_bytes(step.tx.to_bytes())
        items = [item for _, item in tx.inputs[0].script_sig.ops_and_items()]
        which = rng.randrange(4)
        if which == 0:
            # The function's number is left: a padded zero is the same call.
            at = rng.randrange(len(items) - 1)
            items[at] = _damaged(rng, items[at])
            yield with_items("random: item", step, items)
            continue
        if which == 1:
            output = rng.choice(tx.outputs)
            script = output.script_pubkey.to_bytes()
            output.script_pubkey = Script(_damaged(rng, script))
        elif which == 2:
            output = rng.choice(tx.outputs)
            output.value += rng.choice((-1, 1, rng.randrange(1, 2**30)))
        else:
            tx.locktime ^= 1 << rng.randrange(32)
        yield Step("random: transaction", tx, step.place)


def with_items(name: str, step: Step, items: Sequence[bytes]) -> Step:
    """The same transaction with other items pushed."""
    tx = Tx.from_bytes(step.tx.to_bytes())
    tx.inputs[0].script_sig = Script(b"".join(map(push_item, items)))
    return Step(name, tx, step.place)


def _damaged(rng: random.Random, item: bytes) -> bytes:
    """The item with a bit flipped, a byte more or less, or two parts exchanged; never the same."""
    at = rng.randrange(len(item)) if item else 0
    while True:
        match rng.randrange(4) if item else 1:
            case 0:
                made = item[:at] + bytes([item[at] ^ 1 << rng.randrange(8)]) + item[at + 1 :]
            case 1:
                made = item[:at] + rng.randbytes(rng.randrange(1, 4)) + item[at:]
            case 2:
                made = item[:at] + item[at + 1 :]
            case _:
                made = item[at:] + item[:at]
        if made != item:
            return made
        at = rng.randrange(len(item))
