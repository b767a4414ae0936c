"""A data set on chain: how many claims a second the embedded node takes, and how many of them are right."""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.bench.measures import Figures, Images, Labels
from app.chain.connection import NodeChoice
from app.chain.many import NewClaim, submit_many
from app.chain.service import ChainVerdict, Readings, open_service
from app.fixedpoint import IntegerModel
from app.progress import Pace, Progress, silent
from app.script import Kind

__all__ = ["chain_figures"]


def chain_figures(model: IntegerModel, images: Images, labels: Labels, progress: Progress) -> Figures:
    """Claim for each image (n, 28, 28) what the model reads; counts, accuracy (0 to 1), claims a second.

    It runs a node in the data folder in use: call it within `measures.temporary_home`.
    """
    pace = Pace(len(images))

    def claims() -> Iterator[NewClaim]:
        for number, image in enumerate(images):
            fixed = model.read(image)
            told = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
            yield NewClaim(f"{number}", image.tobytes(), fixed.digit, told)

    confirmed = right = 0
    with open_service(model, Kind.PACKED, NodeChoice(), progress) as service:
        service.prepare(silent)
        start = time.perf_counter()
        for (claim, verdict), label in zip(submit_many(service, claims(), silent), labels, strict=True):
            pace.step()
            progress("Verifying the test set on chain", pace.share)
            if isinstance(verdict, ChainVerdict) and verdict.block_height is not None:
                confirmed += 1
                right += claim.digit == label
        seconds = time.perf_counter() - start
    return {
        "images": len(images),
        "confirmed": confirmed,
        "accuracy": float(right / len(images)),
        "seconds": seconds,
        "per_second": len(images) / seconds,
    }
