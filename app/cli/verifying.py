"""`verify`: images or a data set in, the verdicts of all three judges out."""

from __future__ import annotations

import argparse
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from app import paths
from app.chain.many import NewClaim, submit_many
from app.chain.service import ChainVerdict, ClaimStage, Readings, Service, open_service
from app.cli import DISAGREE, FAILED, OK
from app.cli.ending import Background
from app.cli.judging import Picture, read_all, show, show_failure
from app.cli.options import kind_of, model_of, node_choice, spending, warn_of
from app.cli.output import Reporter, out, print_json, reporting
from app.contract.classifier import rule_of
from app.errors import DataError, InkproofError
from app.fixedpoint import FixedReading, IntegerModel, Sureness, load, load_sureness
from app.floats.judge import FloatJudge, FloatReading
from app.progress import Pace, silent
from app.training.data import load_mnist
from app.verdict import Tally, Verdict

Labels = npt.NDArray[np.uint8]
Answer = tuple[Picture, Verdict | InkproofError]


@dataclass(frozen=True)
class _Judges:
    """The judges, and the digit to claim instead of the one that the integers read."""

    floating: FloatJudge
    model: IntegerModel
    service: Service
    certainty: Sureness | None
    claim: int | None

    def read(self, item: Picture) -> tuple[FloatReading, FixedReading]:
        return self.floating.read(item.pixels), self.model.read(item.pixels)

    def put(self, item: Picture, floating: FloatReading, fixed: FixedReading) -> NewClaim:
        """The claim to make about a picture."""
        readings = Readings(floating.digit, floating.probabilities, fixed.digit, fixed.logits)
        digit = fixed.digit if self.claim is None else self.claim
        return NewClaim(item.name, item.pixels.tobytes(), digit, readings)

    def verdict(
        self, item: Picture, floating: FloatReading, fixed: FixedReading, chain: ChainVerdict
    ) -> Verdict:
        return Verdict(item.name, floating, fixed, chain, self.certainty)


def verify(options: argparse.Namespace) -> int:
    """All three judges on every image that can be read; nothing is started if none can."""
    labels: Labels | None = None
    statuses = [OK]
    if options.data is not None or options.count is not None or not options.images:
        pictures, labels = _from_data(options)
    else:
        pictures, statuses = read_all(options)
    if not pictures:
        return max(statuses)
    kind = kind_of(options)
    model = load(model_of(options).integers_path, rule_of(kind))
    certainty = load_sureness(model_of(options).sureness_path, model.sha256)
    # Errors in the options are raised before anything is loaded or started.
    choice, limits = node_choice(options), spending(options)
    paths.home()
    # TensorFlow takes seconds to import and the node about one to start, so both start at the same time.
    loading = Background(partial(FloatJudge.load, model_of(options).float_path))
    with (
        reporting(options) as report,
        open_service(model, kind, choice, report, **limits) as service,
    ):
        warn_of(service.connection.wallet)
        service.prepare(report)
        report("Loading the float model (TensorFlow)")
        judges = _Judges(loading.result(), model, service, certainty, options.claim)
        judge = _one if len(pictures) == 1 else _many
        if labels is None:
            statuses += [_show(answer, options.json) for answer in judge(judges, pictures, report)]
        else:
            statuses.append(_summarise(judge(judges, pictures, report), labels, options.json))
    return max(statuses)


def _from_data(options: argparse.Namespace) -> tuple[list[Picture], Labels]:
    """The first test images of a data set, and their labels."""
    if options.images:
        raise DataError(
            "Both images and a data set are named.", hint="Leave --data and --count, or them, out."
        )
    if options.data is None:
        raise DataError("No image is named.", hint="Name image files, or a data set with --data mnist.npz.")
    data = load_mnist(options.data)
    images, labels = data.x_test[: options.count], data.y_test[: options.count]
    names = (f"{options.data.name} test image {number}" for number in range(len(images)))
    return [Picture(name, image) for name, image in zip(names, images, strict=True)], labels


def _one(judges: _Judges, pictures: Sequence[Picture], report: Reporter) -> Iterator[Answer]:
    """The verdict on one picture, with a report of every step."""

    def on_stage(stage: ClaimStage, text: str) -> None:
        report(f"{item.name}: {f'in block {text}' if stage is ClaimStage.CONFIRMED else stage.value}")

    for item in pictures:
        try:
            read = judges.read(item)
            put = judges.put(item, *read)
            chain = judges.service.submit(
                put.image, put.digit, put.readings, name=put.name, progress=report, on_stage=on_stage
            )
            yield item, judges.verdict(item, *read, chain)
        except InkproofError as error:
            yield item, error


def _many(judges: _Judges, pictures: Sequence[Picture], report: Reporter) -> Iterator[Answer]:
    """The verdicts on many pictures, with the pace at which they come."""
    pace = Pace(len(pictures))
    waiting: deque[tuple[Picture, FloatReading, FixedReading]] = deque()

    def claims() -> Iterator[NewClaim]:
        for item in pictures:
            waiting.append((item, *judges.read(item)))
            yield judges.put(*waiting[-1])

    report(f"Verifying {len(pictures):,} images")
    for _, answer in submit_many(judges.service, claims(), silent):
        item, floating, fixed = waiting.popleft()
        pace.step()
        if report.live:
            report(pace.text, pace.share)
        if isinstance(answer, InkproofError):
            yield item, answer
        else:
            yield item, judges.verdict(item, floating, fixed, answer)


def _show(answer: Answer, as_json: bool) -> int:
    item, verdict = answer
    if isinstance(verdict, InkproofError):
        show_failure(verdict, item.name, as_json)
        return FAILED
    show(verdict, item.pixels, as_json)
    return OK if verdict.agree else DISAGREE


def _summarise(answers: Iterator[Answer], labels: Labels, as_json: bool) -> int:
    """One summary of all verdicts; failures are reported as they happen."""
    tally = Tally()
    for (item, verdict), label in zip(answers, labels, strict=True):
        if isinstance(verdict, InkproofError):
            show_failure(verdict, item.name, False)
            tally.fail()
        else:
            tally.add(verdict, int(label))
    figures = tally.as_json()
    if as_json:
        print_json(figures)
    else:
        for line in tally.lines():
            out.print(line)
    if tally.failed:
        return FAILED
    return OK if tally.agree == tally.images else DISAGREE
