"""Every other digit, for many images: the contract accepts the one that its model reads, and no other."""

from __future__ import annotations

import numpy as np
import pytest
from bitcoinx import Tx, int_to_item

from app.script.program import LOGIT_BYTES
from tests.attack.conftest import TALLY
from tests.attack.forge import Attempt, Forger, answering, noise, read, shipped_model
from tests.attack.judging import judge
from tests.sizes import sized

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def images(mnist) -> list[bytes]:
    """200 test images, spread over the whole set."""
    return [image.tobytes() for image in mnist.x_test[::50]]


def false_claims(forger: Forger, images: list[bytes], digits=range(1, 10)) -> list[Attempt]:
    return [
        forger.attempt(f"image {number} as {(read(image) + by) % 10}", image, (read(image) + by) % 10)
        for number, image in enumerate(images)
        for by in digits
    ]


def all_ten(logits) -> list[bool]:
    """Claim each digit where the model has answered these logits; whether policy and consensus agree."""
    contract = answering(logits)
    forger = Forger(contract=contract)
    outcomes = [
        judge(forger.attempt(str(digit), bytes(784), digit), contract.locking_script) for digit in range(10)
    ]
    assert [o.policy for o in outcomes] == [o.consensus for o in outcomes]
    return [o.policy for o in outcomes]


def count(name: str, accepted: list[bool], digit: int) -> None:
    TALLY.forged(name, 2 * 9, 2 * (sum(accepted) - accepted[digit]))
    TALLY.honest(name, 2, 2 * accepted[digit])


@pytest.mark.parametrize("every", [25, pytest.param(1, marks=pytest.mark.attack)])
def test_the_claim_check_refuses_nine_digits_of_ten_for_the_logits_of_an_image(images, every, judges):
    """The model runs once per image; the contract around it judges all ten claims on what it answered."""
    images = images[::every]
    for image, logits in zip(images, judges.logits(images), strict=True):
        assert logits == shipped_model().read(np.frombuffer(image, np.uint8)).logits
        accepted = all_ten(logits)
        count("every other digit, model run once", accepted, read(image))
        assert accepted == [digit == read(image) for digit in range(10)]


@pytest.mark.parametrize("every", [25, pytest.param(1, marks=pytest.mark.attack)])
def test_one_other_digit_for_each_image_through_the_whole_contract(images, every, refused, forger):
    images = images[::every]
    forged = [claim for n, image in enumerate(images) for claim in false_claims(forger, [image], [1 + n % 9])]
    honest = [forger.attempt("true", image, read(image)) for image in images[::8]]
    refused("another digit, whole contract", forged, honest)


@pytest.mark.attack
@pytest.mark.timeout(3600)
def test_every_other_digit_for_200_images_through_the_whole_contract(images, refused, forger):
    honest = [forger.attempt("true", image, read(image)) for image in images]
    refused("every other digit, whole contract", false_claims(forger, images), honest)


@sized("values", [-(10**20)], [-(10**20), -1, 0, 1, 10**20])
def test_among_equal_logits_the_lowest_class_is_the_only_one_accepted(values):
    for lowest in range(10):
        for value in values:
            accepted = all_ten([value - 1] * lowest + [value] * (10 - lowest))
            count("equal logits", accepted, lowest)
            assert accepted == [digit == lowest for digit in range(10)]


def test_logits_at_the_ends_of_their_range_are_compared_as_signed_numbers():
    end = 2 ** (8 * LOGIT_BYTES - 1) - 1
    for logits in (
        [-end] * 9 + [end],
        [end] + [-end] * 9,
        [-1] * 5 + [0] + [-end] * 4,
        [255, 256, 127, 128, -128, -256, 0, 1, 65_535, 65_536],
    ):
        accepted = all_ten(logits)
        count("logits at the ends of their range", accepted, logits.index(max(logits)))
        assert accepted == [digit == logits.index(max(logits)) for digit in range(10)]


@sized("pairs", 3, 10)
def test_images_between_two_digits_where_two_logits_nearly_meet(pairs, mnist, refused, forger):
    """Between an image of one digit and one of another stands one where two logits nearly meet."""
    forged, honest = [], []
    for first in range(pairs):
        one, two = (mnist.x_test[mnist.y_test == digit][3].astype(int) for digit in (first, (first + 3) % 10))
        blends = [
            ((one * (255 - share) + two * share) // 255).astype(np.uint8).tobytes() for share in range(256)
        ]
        change = next(n for n in range(255) if read(blends[n]) != read(blends[n + 1]))
        before, after = blends[change], blends[change + 1]
        forged += [forger.attempt("the other side", before, read(after))]
        forged += [forger.attempt("the other side", after, read(before))]
        honest += [forger.attempt("true", image, read(image)) for image in (before, after)]
    refused("on the border of two digits", forged, honest)


def test_a_claim_on_one_image_is_not_one_on_another(images, refused, forger):
    """The pushes of one honest spend put together with those of the next."""
    forged = []
    for one, two in zip(images[:40:2], images[1:40:2], strict=True):
        if read(one) != read(two):
            pushed, other = forger.pushes(one, read(one)), forger.pushes(two, read(two))
            forged.append(forger.unlocked("image of another", [other[0], *pushed[1:]]))
    tx = Tx.from_bytes(forger.honest)
    refused("pushes of two spends mixed", forged, [forger.finished("true", tx)])


def test_a_signature_does_not_cover_the_claim_so_another_true_one_can_take_its_place(forger, judges):
    """What a signature covers leaves the unlocking script out: a known limit, and a harmless one.

    Whoever sees the owner's spend under way can put another image in it with what the model reads
    there, under another txid, and never with anything else.
    """
    ours, other = noise(12, 2)
    signed = forger.pushes(ours, read(ours))[2:]
    swapped = [forger.unlocked(str(digit), [other, int_to_item(digit), *signed]) for digit in range(10)]
    outcomes = judges.judge(swapped)
    TALLY.forged("signed image replaced, false digit", 18, sum(o.policy + o.consensus for o in outcomes) - 2)
    TALLY.honest("signed image replaced, true digit", 2, 2 * outcomes[read(other)].policy)
    assert [int(o.attempt.name) for o in outcomes if o.policy] == [read(other)]
    assert [int(o.attempt.name) for o in outcomes if o.consensus] == [read(other)]
