"""What can be pushed instead of an image, a digit, a signature and a key; and how it can be pushed."""

from __future__ import annotations

import pytest
from bitcoinx import Ops, Tx, int_to_item, pack_varint, push_item

from tests.attack.conftest import TALLY
from tests.attack.forge import Attempt, Forger, noise, read
from tests.attack.judging import Judges

WHITE = bytes(784)
IMAGE = noise(4, 1)[0]


def honest(forger: Forger) -> list[Attempt]:
    return [forger.attempt("true", image, read(image)) for image in (WHITE, IMAGE)]


@pytest.mark.parametrize("size", [0, 1, 783, 785, 100_000])
def test_an_image_of_any_other_size(forger, refused, size):
    fillings = [bytes(size), b"\xff" * size, (IMAGE * (1 + size // 784))[:size]]
    forged = [
        forger.attempt(f"{size} bytes as {digit}", filling, digit)
        for filling in fillings
        for digit in range(10)
    ]
    refused(f"image of {size:,} bytes", forged, honest(forger))


def test_an_image_that_claims_the_right_size_and_is_longer(forger, refused):
    """Whatever extends the true image: before it, after it, and as a length that lies."""
    _, digit, signature, key = forger.pushes(IMAGE, read(IMAGE))
    rest = b"".join(push_item(item) for item in (digit, signature, key))
    forged = [
        forger.unlocked("longer", [image, digit, signature, key])
        for image in (IMAGE + b"\0", b"\0" + IMAGE, IMAGE * 2, IMAGE + IMAGE[:1])
    ]
    forged += [
        forger.finished(
            "a length that lies", forger.scripted(b"\x4d" + size.to_bytes(2, "little") + IMAGE + rest)
        )
        for size in (0, 783, 785, 0xFFFF)
    ]
    refused("image longer than it says", forged, honest(forger))


STRANGE_NUMBERS = {
    "negative": [int_to_item(-n) for n in (1, 2, 9, 127, 128, 2**31, 2**63, 2**64)],
    "past nine": [int_to_item(n) for n in (10, 16, 17, 127, 128, 255, 256, 784)],
    "huge": [int_to_item(2**bits) for bits in (31, 32, 63, 64, 127, 128, 1_000, 79_991)],
    "a digit behind a huge one": [
        int_to_item(digit + 2**bits) for digit in (0, 7) for bits in (8, 32, 64, 256)
    ],
    "over the length of a number": [b"\x07" + bytes(length) for length in (10_000, 20_000)],
}


@pytest.mark.parametrize("kind", STRANGE_NUMBERS)
def test_numbers_that_are_no_digit(forger, refused, kind):
    forged = []
    for image in (WHITE, IMAGE):
        true, _, signature, key = forger.pushes(image, 0)
        numbers = [number for number in STRANGE_NUMBERS[kind] if is_not(number, read(image))]
        forged += [forger.unlocked(kind, [true, number, signature, key]) for number in numbers]
    refused(f"digit: {kind}", forged, honest(forger))


def is_not(number: bytes, digit: int) -> bool:
    """Whether a pushed number, however padded, is another one than `digit`."""
    magnitude = int.from_bytes(number[:-1] + bytes([number[-1] & 0x7F]), "little") if number else 0
    negative = bool(number) and bool(number[-1] & 0x80) and magnitude > 0
    return negative or magnitude != digit


def paddings(digit: int) -> list[bytes]:
    """A digit written longer than need be; zero with a sign as well."""
    padded = [digit.to_bytes(length, "little") for length in (2, 3, 4, 5, 8, 100, 9_999)]
    padded += [bytes([0]), bytes([0x80]), bytes([0, 0x80])] if digit == 0 else []
    return padded


def test_false_digits_however_they_are_written(forger, refused):
    forged = []
    for image in (WHITE, IMAGE):
        true, _, signature, key = forger.pushes(image, 0)
        for digit in set(range(10)) - {read(image)}:
            forged += [
                forger.unlocked(f"{digit} padded", [true, padded, signature, key])
                for padded in [*paddings(digit)[:4], int_to_item(-digit, 4)]
                if is_not(padded, read(image))
            ]
        if read(image) != 0:
            forged.append(forger.unlocked("nothing", [true, b"", signature, key]))
    refused("false digit, not minimal or empty", forged, honest(forger))


def test_a_true_claim_written_otherwise_is_not_relayed_and_in_a_block_is_the_same_true_claim(
    forger: Forger, judges: Judges
):
    """A block may hold numbers and pushes longer than need be, and items beneath those that are read.

    Only the owner's own true claim can be written so: policy refuses the form, consensus the lie.
    """
    image, digit, signature, key = forger.pushes(IMAGE, read(IMAGE))
    zero = next(image for image in noise(9, 400) if read(image) == 0)
    forms = [
        *(
            forger.unlocked("padded digit", [image, padded, signature, key])
            for padded in paddings(read(IMAGE))
        ),
        *(forger.unlocked("padded zero", [zero, padded, signature, key]) for padded in paddings(0)),
        *(
            forger.unlocked("beneath", [extra, image, digit, signature, key])
            for extra in (b"", b"\x01", IMAGE)
        ),
        forger.finished("long push", forger.scripted(long_pushes([image, digit, signature, key]))),
    ]
    outcomes = judges.judge(forms)
    TALLY.forged("true claim in another form: relayed", len(forms), sum(o.policy for o in outcomes))
    TALLY.honest("true claim in another form: in a block", len(forms), sum(o.consensus for o in outcomes))
    assert [o.attempt.name for o in outcomes if o.policy] == []
    assert [o.attempt.name for o in outcomes if not o.consensus] == []


def long_pushes(items: list[bytes]) -> bytes:
    """Each item behind OP_PUSHDATA4."""
    return b"".join(b"\x4e" + len(item).to_bytes(4, "little") + item for item in items)


def test_items_too_few_too_many_or_in_another_order(forger, refused):
    pushed = forger.pushes(IMAGE, read(IMAGE))
    orders = [pushed[:count] for count in range(4)] + [pushed[:n] + pushed[n + 1 :] for n in range(4)]
    orders += [pushed[::-1], pushed[1:] + pushed[:1], [pushed[0], pushed[1], pushed[3], pushed[2]]]
    orders += [[*pushed, extra] for extra in (b"", b"\x01", pushed[3], IMAGE)]
    orders += [[*pushed[:n], b"\x01", *pushed[n:]] for n in range(1, 4)]
    forged = [forger.unlocked("items", order) for order in orders]
    refused("items missing, extra, in another order", forged, honest(forger))


def test_unlocking_scripts_that_do_more_than_push(forger, refused):
    """Opcodes that would leave the right stack, end the script early, or comment the contract out."""
    pushes = b"".join(push_item(item) for item in forger.pushes(IMAGE, read(IMAGE)))
    early = [b"\x51\x6a", b"\x51\x51\x6a", b"\x6a", b"\x00\x63", b"\x51\x63", b"\x51\x69\x51\x6a"]
    computed = [
        b"\x61" + pushes,
        pushes + b"\x61",
        pushes + b"\x7c\x7c",
        pushes + b"\x76\x75",
        b"\xab" + pushes,
    ]
    cut = [pushes[:-1], pushes[:100], b"\x4c", b"\x4d\xff\xff", b"\x4e" + pack_varint(2**32), b"\xff" * 50]
    forged = [forger.finished("script", forger.scripted(script)) for script in (*early, *computed, *cut)]
    forged += [forger.finished("script", forger.scripted(script + pushes)) for script in early]
    forged += [
        forger.finished(op.name, forger.scripted(pushes + bytes([op]))) for op in Ops if 0x60 < op < 0x100
    ]
    assert all(not Tx.from_bytes(attempt.tx).inputs[0].script_sig.is_push_only() for attempt in forged[:6])
    refused("unlocking script that does more than push", forged, honest(forger))


def test_a_result_cannot_be_pushed_in_the_models_place(forger, refused):
    """Logits, hashes and truths in the places of the items that the contract computes."""
    logits = b"".join((10**15 * (digit == 3)).to_bytes(16, "little") for digit in range(10))
    _, _, signature, key = forger.pushes(IMAGE, read(IMAGE))
    owner = forger.key.public_key.hash160()
    tries = [[logits, b"\x03", signature, key], [IMAGE, logits, signature, key], [b"\x01"] * 4]
    tries += [[IMAGE, b"\x03", b"", owner], [IMAGE, b"\x03", signature, owner], [b"", b"", b"", b""]]
    tries += [[logits + bytes(624), b"\x03", signature, key]]
    refused("results pushed instead of arguments", [forger.unlocked("", t) for t in tries], honest(forger))
