"""A data set on chain: how many claims a second the embedded node takes, how many of them are right, what a
claim costs after many others, and where every coin is afterwards.
"""

from __future__ import annotations

import collections
import contextlib
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psutil

from app.bench.measures import Figures, Images, Labels, readings_of, temporary_home
from app.chain.connection import NodeChoice
from app.chain.many import NewClaim, submit_many
from app.chain.node.process import EmbeddedNode
from app.chain.service import ChainVerdict, Service, open_service
from app.errors import ChainError
from app.fixedpoint import IntegerModel
from app.progress import Pace, Progress, silent
from app.script import Kind

__all__ = ["MARKS", "chain_figures"]

MARKS = (100, 1_000, 10_000)
"""Past verifications after which the cost of one more is measured."""
ROUNDS, CLAIMS = 15, 25
"""How often that is measured, and over how many claims each time."""
_STEPS = 200
"""How often progress is reported over the whole run."""


def chain_figures(
    model: IntegerModel,
    images: Images,
    labels: Labels,
    progress: Progress,
    *,
    marks: Sequence[int] = MARKS,
    rounds: int = ROUNDS,
    claims: int = CLAIMS,
) -> Figures:
    """Claim for each image (n, 28, 28) what the model reads, all on one chain.

    Counts, accuracies (0 to 1), claims a second, fees in satoshis, blocks, whether every coin is accounted
    for; and the cost of a claim after each of `marks` that the images reach, on a chain and in a data folder
    of its own, measured in `rounds` of `claims`. The first chain is in the data folder in use: call it within
    `measures.temporary_home`.
    """
    pace = Pace(len(images))
    read: list[int] = []
    taken: list[ChainVerdict | None] = []
    with contextlib.ExitStack() as chains:
        whole = chains.enter_context(_chain(model, progress))
        start = time.perf_counter()
        for claim, verdict in submit_many(whole.service, _claims(model, images), silent):
            read.append(claim.digit)
            taken.append(verdict if isinstance(verdict, ChainVerdict) else None)
            pace.step()
            if len(taken) % max(1, len(images) // _STEPS) == 0:
                progress(f"Verifying the test set on chain: {pace.text}", pace.share)
        seconds = time.perf_counter() - start
        unaccounted = _unaccounted(whole.service)
        measured = {len(images): whole} if len(images) in marks else {}
        for mark in (mark for mark in marks if mark < len(images)):
            progress(f"Making {mark:,} claims on a chain of their own", None)
            chains.enter_context(temporary_home())
            measured[mark] = chains.enter_context(_chain(model, silent))
            collections.deque(submit_many(measured[mark].service, _claims(model, images[:mark]), silent), 0)
        some = list(_claims(model, images[:claims]))
        costs = _costs(dict(sorted(measured.items())), some, rounds, progress)
    confirmed = [verdict for verdict in taken if verdict is not None and verdict.block_height is not None]
    right = sum(
        verdict is not None and verdict.accepted and verdict.claimed == label
        for verdict, label in zip(taken, labels, strict=True)
    )
    return {
        "images": len(images),
        "confirmed": len(confirmed),
        "accuracy": float(right / len(images)),
        "integer_accuracy": float((np.array(read) == labels).mean()),
        "seconds": seconds,
        "per_second": len(images) / seconds,
        "blocks": len({verdict.block_height for verdict in confirmed}),
        "claim_fees": sum(verdict.fee for verdict in confirmed),
        "satoshis_unaccounted": unaccounted,
        "cost_after": costs,
        **_spread([cost["processor_ms"] for cost in costs.values()]),
    }


@dataclass(frozen=True)
class _Chain:
    """A chain of its own, and the process of its node."""

    service: Service
    node: psutil.Process


@contextlib.contextmanager
def _chain(model: IntegerModel, progress: Progress) -> Iterator[_Chain]:
    """A fresh chain with an instance of the model's contract on it. ChainError if its node ends at once."""
    with open_service(model, Kind.PACKED, NodeChoice(), progress) as service:
        service.prepare(silent)
        pid = EmbeddedNode(service.connection.network.name).status().pid
        if pid is None:
            raise ChainError("The embedded node ended while it was measured.", hint="Try again.")
        yield _Chain(service, psutil.Process(pid))


def _claims(model: IntegerModel, images: Images) -> Iterator[NewClaim]:
    """For each image the claim that the model makes, named by its number."""
    for number, image in enumerate(images):
        fixed = model.read(image)
        yield NewClaim(f"{number}", image.tobytes(), fixed.digit, readings_of(fixed))


def _costs(
    chains: Mapping[int, _Chain], claims: Sequence[NewClaim], rounds: int, progress: Progress
) -> Figures:
    """Milliseconds of one claim made by itself, in a block of its own, on each chain: by the clock, and of
    the processor (this program and the node together).

    The chains take turns, and the median of the rounds is taken, so that other load on the machine affects
    all of them alike.
    """
    measured: dict[int, list[tuple[float, float]]] = {mark: [] for mark in chains}
    for number in range(rounds):
        progress("Measuring a claim after many others", number / rounds)
        for mark, chain in chains.items():
            measured[mark].append(_round(chain, claims))
    costs: Figures = {}
    for mark, found in measured.items():
        wall, processor = (statistics.median(one) * 1000 / len(claims) for one in zip(*found, strict=True))
        costs[f"{mark}"] = {"wall_ms": wall, "processor_ms": processor}
    return costs


def _round(chain: _Chain, claims: Sequence[NewClaim]) -> tuple[float, float]:
    """Seconds that all these claims take, one after the other: by the clock, and of the processor."""
    clock, ours, its = time.perf_counter(), time.process_time(), _processor_seconds(chain.node)
    for claim in claims:
        chain.service.submit(claim.image, claim.digit, claim.readings, name=claim.name, progress=silent)
    used = time.process_time() - ours + _processor_seconds(chain.node) - its
    return time.perf_counter() - clock, used


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _spread(costs: Sequence[float]) -> Figures:
    """By what share of the cheapest the dearest costs more; empty for fewer than two."""
    return {"cost_spread": max(costs) / min(costs) - 1.0} if len(costs) > 1 else {}


def _unaccounted(service: Service) -> int:
    """Satoshis on the chain that neither the wallet nor an open instance of the ledger holds.

    All blocks of the private chain pay the wallet, fees included, so with all in a block there are none.
    """
    service.confirm()
    held = sum(one.value for one in service.ledger.open_deployments(service.connection.chain_id))
    own, everything = service.connection.node.totals()
    return everything - own - held
