"""Judge spends, many of them on all processors: by a default node's policy, and by consensus alone."""

from __future__ import annotations

import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from bitcoinx import Tx

from app.contract import judge_spend
from app.contract.rules import limits_in_block
from app.script import run_program
from app.script.run import policy_limits
from tests.attack.chronicle import is_true_in_any_form
from tests.attack.forge import OWNER, Attempt, Forger, shipped_contract
from tests.attack.mutations import mutants
from tests.consensus import consensus_limits

Given, Made = TypeVar("Given"), TypeVar("Made")


@dataclass(frozen=True)
class Outcome:
    """What the interpreter says of one attempt."""

    attempt: Attempt
    policy: bool
    consensus: bool
    reason: str


MANY = 400
"""Spends from which on a pool of processes is worth its start."""


class Judges:
    """Judge spends: a few in this process, many in a pool of processes that is started at first need."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Judges:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def map(
        self, function: Callable[[Given], Made], values: Sequence[Given], *, each: int = 1
    ) -> Iterator[Made]:
        """`function` of every value, in their order; one value stands for `each` spends."""
        if self._pool is None:
            if len(values) * each < MANY:
                return map(function, values)
            # Spawned, since the parent may hold TensorFlow's threads, which no fork survives.
            self._pool = ProcessPoolExecutor(
                os.cpu_count(), mp_context=multiprocessing.get_context("spawn"), initializer=_warm
            )
        return self._pool.map(function, values, chunksize=max(1, 8 // each))

    def judge(self, attempts: Sequence[Attempt]) -> list[Outcome]:
        """Every attempt under both sets of rules."""
        return list(self.map(judge, attempts))

    def logits(self, images: Sequence[bytes]) -> list[tuple[int, ...]]:
        """What the contract's own model Script computes for each image."""
        return list(self.map(logits, images))


def judge(attempt: Attempt, locking_script: bytes | None = None) -> Outcome:
    """One attempt on the shipped contract, or on another locking script, under both sets of rules."""
    locking = locking_script or shipped_contract(OWNER.public_key.hash160()).locking_script
    relayed = judge_spend(Tx.from_bytes(attempt.tx), attempt.value, locking, policy_limits())
    mined = judge_spend(Tx.from_bytes(attempt.tx), attempt.value, locking, consensus_limits())
    return Outcome(attempt, relayed.accepted, mined.accepted, relayed.reason)


def logits(image: bytes) -> tuple[int, ...]:
    """The shipped model Script on one image."""
    return run_program(shipped_contract(OWNER.public_key.hash160()).program, image).logits


SHARE = 100
"""Spends of one seed: the same seed makes the same spends on any machine."""


@dataclass(frozen=True)
class Fuzzed:
    """What a share of the fuzz came to: spends by mutation, by the rule that stopped them, and intruders."""

    tried: Counter[str]
    stopped: Counter[str]
    accepted: list[Attempt]


def fuzz(share: tuple[int, int, int]) -> Fuzzed:
    """Judge a share (seed, number, version of the transactions) of mutated spends that are not true claims.

    By the rules of a block only: what they refuse, policy refuses too, for it only adds rules.
    In version 2 a mutation may leave a true claim in another form, which is no intruder.
    """
    seed, number, version = share
    forger = Forger(version=version)
    tried: Counter[str] = Counter()
    stopped: Counter[str] = Counter()
    accepted: list[Attempt] = []
    for attempt in mutants(forger, seed, number):
        tx = Tx.from_bytes(attempt.tx)
        limits = consensus_limits() if version == 1 else limits_in_block(tx, forger.contract.program)
        judged = judge_spend(tx, attempt.value, forger.contract.locking_script, limits)
        tried[attempt.name] += 1
        stopped[judged.reason.split(":")[0].split(",")[0][:60]] += 1
        if judged.accepted and not (version > 1 and is_true_in_any_form(attempt)):
            accepted.append(attempt)
    return Fuzzed(tried, stopped, accepted)


def fuzz_many(judges: Judges, first: int, spends: int, version: int = 1) -> Fuzzed:
    """`fuzz`, over at least `spends` mutants of the seeds from `first` on."""
    shares = [(first + number, SHARE, version) for number in range(-(-spends // SHARE))]
    found = Fuzzed(Counter(), Counter(), [])
    for done in judges.map(fuzz, shares, each=SHARE):
        found.tried.update(done.tried)
        found.stopped.update(done.stopped)
        found.accepted.extend(done.accepted)
    return found


def _warm() -> None:
    shipped_contract(OWNER.public_key.hash160())
