"""The same attacks on a contract that is really deployed, judged by a real node with default policy."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from bitcoinx import Tx, push_item

from app.chain.backends.base import Refusal
from app.chain.backends.node_transactions import send
from app.chain.backends.rpc import Rpc
from app.chain.funding import fund
from tests.attack import verifyscript
from tests.attack.conftest import TALLY
from tests.attack.forge import STRANGER, Attempt, Forger, is_true, items, noise, read, shipped_contract
from tests.attack.mutations import mutants
from tests.attack.verifyscript import CONSENSUS, POLICY
from tests.chain.payments import pay
from tests.conftest import quiet
from tests.sizes import sized

VALUE = 5_000


@dataclass(frozen=True)
class Target:
    """A deployed contract, the forger that spends it, and the node."""

    rpc: Rpc
    forger: Forger


@pytest.fixture
def target(regtest) -> Target:
    """One of each test's own: the last one spends it."""
    key = regtest.wallet.key
    locking = shipped_contract(key.public_key.hash160()).locking_script
    coins = fund(regtest.backend, regtest.wallet, 100_000, quiet)
    tx = pay(regtest.wallet, coins, [(VALUE, locking)])
    assert send(regtest.rpc, tx.to_bytes()).accepted
    return Target(regtest.rpc, Forger(key, txid=tx.hex_hash(), value=VALUE))


def verdicts(target: Target, attempts: list[Attempt], flags: int) -> list[str]:
    """The node's word on each attempt, "ok" or "error". The deployed output is its own."""
    return verifyscript.verdicts(target.rpc, [{"tx": one.tx.hex(), "n": 0} for one in attempts], flags)


def spends(forger: Forger, mutated: int) -> list[Attempt]:
    """A sample of every class of attack; mutants whose outpoint is another are not this output's spends."""
    images = noise(21, 3)
    forged = [
        forger.attempt("another digit", image, (read(image) + by) % 10)
        for image in (*images, bytes(784))
        for by in range(1, 10)
    ]
    forged += [forger.attempt("size", bytes(size), d) for size in (0, 783, 785, 100_000) for d in (0, 5)]
    image, digit, signature, key = forger.pushes(images[0], read(images[0]))
    numbers = [b"\x81", b"\x0a", b"\xff" * 8, bytes(10_001), b"\x07" + bytes(9_000) + b"\x01"]
    forged += [forger.unlocked("digit", [image, number, signature, key]) for number in numbers]
    forged += [forger.unlocked("items", [image, digit, signature, key, b"\x01"])]
    forged += [forger.unlocked("items", [digit, signature, key])]
    theirs = items(forger.claim(images[0], read(images[0]), signer=STRANGER))
    forged += [forger.unlocked("stranger", [image, digit, *theirs[2:]])]
    forged += [forger.unlocked("stranger", [image, digit, theirs[2], key])]
    pushes = b"".join(push_item(item) for item in (image, digit, signature, key))
    forged += [forger.finished("script", forger.scripted(pushes + b"\x61"))]
    own = Tx.from_bytes(forger.honest).inputs[0].prev_idx
    return forged + [a for a in mutants(forger, 31, mutated) if Tx.from_bytes(a.tx).inputs[0].prev_idx == own]


@sized("mutated", 60, 300)
def test_the_node_refuses_forged_spends_of_every_class_under_both_sets_of_rules(target, mutated):
    forged = spends(target.forger, mutated)
    honest = [target.forger.attempt("true", image, read(image)) for image in noise(22, 3)]
    assert len(forged) > 40 + mutated * 3 // 4
    for flags, name in ((POLICY, "node: verifyscript, policy"), (CONSENSUS, "node: verifyscript, block")):
        found = verdicts(target, [*forged, *honest], flags)
        bad, good = found[: len(forged)], found[len(forged) :]
        TALLY.forged(name, len(bad), bad.count("ok"))
        TALLY.honest(name, len(good), good.count("ok"))
        assert set(bad) == {"error"}
        assert set(good) == {"ok"}


def test_node_and_interpreter_agree_on_true_claims_in_another_form(target):
    """A padded digit or an item beneath: not relayed; in a block it is the same true claim of the owner."""
    image = noise(23, 1)[0]
    pushed = target.forger.pushes(image, read(image))
    forms = [
        target.forger.unlocked("padded", [image, read(image).to_bytes(3, "little"), *pushed[2:]]),
        target.forger.unlocked("beneath", [b"\x01", *pushed]),
    ]
    assert all(is_true(Tx.from_bytes(form.tx), target.forger) for form in forms)
    assert verdicts(target, forms, POLICY) == ["error"] * 2
    assert verdicts(target, forms, CONSENSUS) == ["ok"] * 2


@sized("mutated", 60, 300)
def test_nothing_forged_is_taken_and_the_owners_true_claim_is(target, regtest, mutated):
    """Sent for real, one after the other, to the output that is really there; at the end it is spent."""
    forged = spends(target.forger, mutated)[::4]
    answers = [send(target.rpc, attempt.tx) for attempt in forged]
    TALLY.forged("node: sent", len(answers), sum(answer.accepted for answer in answers))
    assert not any(answer.accepted for answer in answers)
    assert {a.refusal for a in answers} <= {Refusal.SCRIPT, Refusal.POLICY, Refusal.FEE, Refusal.OTHER}
    assert sum(answer.refusal is Refusal.SCRIPT for answer in answers) > len(answers) // 2
    image = noise(24, 1)[0]
    honest = target.forger.claim(image, read(image))
    taken = send(target.rpc, honest.to_bytes())
    TALLY.honest("node: sent", 1, int(taken.accepted))
    assert taken.accepted, taken.reason
    (block,) = target.rpc.call("generatetoaddress", 1, regtest.wallet.address)
    assert taken.txid in target.rpc.call("getblock", block)["tx"]
