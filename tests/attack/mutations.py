"""Random damage to an honest spend, and plain noise. What comes out is never a true claim."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from bitcoinx import Tx, push_item

from tests.attack.forge import FEE, STRANGER, VALUE, Attempt, Forger, is_true, items, noise, read

_IMAGES = 8
_DEEP_SHARE = 0.04
"""Of the spends that run the whole model, which takes 20 ms; the others take a fraction of one."""


def mutants(forger: Forger, seed: int, number: int) -> Iterator[Attempt]:
    """`number` spends, each not what the owner may honestly say; the same ones for the same seed."""
    rng = random.Random(seed)
    images = noise(seed, _IMAGES)
    honest = [(image, read(image)) for image in images]
    made = 0
    while made < number:
        mutation = rng.choice(_DEEP if rng.random() < _DEEP_SHARE else _SHALLOW)
        image, digit = rng.choice(honest)
        tx = mutation(forger, rng, image, digit)
        if is_true(tx, forger):
            continue
        made += 1
        yield forger.finished(mutation.__name__.lstrip("_").replace("_", " "), tx)


def _false_claim(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    """Signed by the owner, an image of its own, and a digit that the model does not read in it."""
    changed = bytearray(image)
    for _ in range(rng.randrange(200)):
        changed[rng.randrange(784)] = rng.choice((0, 255, rng.randrange(256)))
    truth = read(bytes(changed))
    return forger.claim(bytes(changed), rng.choice([d for d in range(10) if d != truth]))


def _strange_digit(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    pushed = forger.pushes(image, digit)
    pushed[1] = rng.randbytes(rng.choice((1, 1, 2, 3, 4, 5, 8, 9, 33, 500, 10_001)))
    return _pushing(forger, pushed)


def _flipped_bit(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    """Bits of the signature or the key."""
    pushed = forger.pushes(image, digit)
    which = rng.choice((2, 2, 3))
    pushed[which] = _with_flips(pushed[which], rng, rng.choice((1, 1, 1, 4)))
    return _pushing(forger, pushed)


def _resized_item(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    pushed = forger.pushes(image, digit)
    which = rng.choice((0, 0, 2, 3))
    size = rng.choice((0, 1, len(pushed[which]) - 1, len(pushed[which]) + 1, rng.randrange(2_000)))
    pushed[which] = (pushed[which] * (1 + size // max(1, len(pushed[which]))) + b"\0" * size)[:size]
    return _pushing(forger, pushed)


def _moved_items(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    """Items left out, doubled, swapped or put on top."""
    pushed = forger.pushes(image, digit)
    match rng.randrange(4):
        case 0:
            pushed.pop(rng.randrange(4))
        case 1:
            pushed.append(rng.choice(pushed))
        case 2:
            rng.shuffle(pushed)
        case _:
            pushed.append(rng.randbytes(rng.randrange(100)))
    return _pushing(forger, pushed)


def _random_pushes(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    sizes = (0, 1, 20, 33, 72, 784, 1_000)
    return _pushing(forger, [rng.randbytes(rng.choice(sizes)) for _ in range(rng.randrange(8))])


def _random_script(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    """Bytes that may be any opcodes, alone, before or after the honest pushes."""
    stray = rng.randbytes(rng.randrange(1, 40))
    pushed = b"".join(push_item(item) for item in forger.pushes(image, digit))
    return forger.scripted(rng.choice((stray, stray + pushed, pushed + stray)))


def _damaged_script(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    """Bytes of the unlocking script overwritten, put in or cut off, and the digit made a false one."""
    script = bytearray(
        b"".join(push_item(item) for item in forger.pushes(image, (digit + rng.randrange(1, 10)) % 10))
    )
    for _ in range(rng.randrange(1, 4)):
        at = rng.choice((rng.randrange(8), rng.randrange(780, len(script)), rng.randrange(len(script))))
        match rng.randrange(3):
            case 0:
                script[at] = rng.randrange(256)
            case 1:
                script[at:at] = rng.randbytes(rng.randrange(1, 4))
            case _:
                del script[at : at + rng.randrange(1, 4)]
    return forger.scripted(bytes(script))


def _another_transaction(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    """The owner's signature on what the owner did not sign: another amount, output, input or lock time."""
    tx = forger.claim(image, digit)
    match rng.randrange(6):
        case 0:
            tx.outputs[0].value = rng.randrange(VALUE - FEE)
        case 1:
            tx.outputs[0].script_pubkey = STRANGER.public_key.P2PKH_script()
        case 2:
            tx.outputs.append(tx.outputs[0])
        case 3:
            tx.inputs[0].sequence = rng.randrange(0xFFFFFFFF)
        case 4:
            tx.locktime = rng.randrange(1, 2**32)
        case _:
            tx.inputs[0].prev_idx += rng.randrange(1, 100)
    return tx


def _strangers_signature(forger: Forger, rng: random.Random, image: bytes, digit: int) -> Tx:
    pushed = forger.pushes(image, digit)
    theirs = items(forger.claim(image, digit, signer=STRANGER))
    match rng.randrange(3):
        case 0:
            pushed[2] = theirs[2]
        case 1:
            pushed[3] = theirs[3]
        case _:
            pushed[2:] = theirs[2:]
    return _pushing(forger, pushed)


_Mutation = Callable[[Forger, random.Random, bytes, int], Tx]

_DEEP: tuple[_Mutation, ...] = (_false_claim, _strange_digit)
_SHALLOW: tuple[_Mutation, ...] = (
    _flipped_bit,
    _resized_item,
    _moved_items,
    _random_pushes,
    _random_script,
    _damaged_script,
    _another_transaction,
    _strangers_signature,
)


def _with_flips(item: bytes, rng: random.Random, count: int) -> bytes:
    changed = bytearray(item)
    for _ in range(count):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _pushing(forger: Forger, pushed: list[bytes]) -> Tx:
    return forger.scripted(b"".join(push_item(item) for item in pushed))
