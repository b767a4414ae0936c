"""`evaluate` and `train`."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app import paths
from app.bench.measures import accuracy_figures, temporary_home
from app.cli import OK
from app.cli.files import made_folder, write_whole
from app.cli.options import data_set, model_of
from app.cli.output import out, print_json, reporting
from app.drawing import load_drawings, pictures_of
from app.errors import DataError
from app.fixedpoint import load
from app.floats.judge import FloatJudge
from app.training.cache import Cache
from app.training.data import load_mnist
from app.training.fitting import TrainingProgress
from app.training.pens import chosen, load_pens
from app.training.penwork import as_written


def evaluate(options: argparse.Namespace) -> int:
    """Both engines over MNIST's test images, pen digits or drawn digits; with --all, every model."""
    _refuse_what_excludes(options)
    if options.all:
        return _evaluate_all(options)
    with reporting(options) as report:
        report("Reading the images")
        images, labels = _examples(options)
        model = load(model_of(options).integers_path)
        report("Loading the float model (TensorFlow)")
        judge = FloatJudge.load(model_of(options).float_path)
        reading = partial(report, "Reading with both engines")
        figures = accuracy_figures(model, judge, images, labels, reading)
    if options.json:
        print_json(figures)
    else:
        out.print(f"images           {figures['images']:,}")
        out.print(f"float model      {figures['float_accuracy']:.2%} right")
        out.print(f"integer engine   {figures['integer_accuracy']:.2%} right")
        out.print(f"same class       {figures['agreement']:.2%}  ({figures['different']:,} differ)")
    return OK


def _evaluate_all(options: argparse.Namespace) -> int:
    """Measure every model; print the table, and write it as a page if `--output` names a file."""
    from app.bench.comparing import compare

    if options.output is not None:
        made_folder(options.output.parent)
    with reporting(options) as report, temporary_home():
        found = compare(data_set(options), options.pens, options.drawings, options.limit, report)
    if options.output is not None:
        write_whole(options.output, found.page())
    if options.json:
        print_json(found.as_json())
    else:
        for line in found.lines():
            out.print(line)
    return OK


def _refuse_what_excludes(options: argparse.Namespace) -> None:
    """DataError for options that exclude each other: one would be ignored."""
    if options.all and options.model is not None:
        raise DataError("--all measures every model.", hint="Leave --all or --model out.")
    if not options.all and options.output is not None:
        raise DataError("--output writes the table of all models.", hint="Add --all.")
    named = [name for name in ("drawings", "pens", "data") if getattr(options, name) is not None]
    if not options.all and len(named) > 1:
        raise DataError(
            f"Both --{named[0]} and --{named[1]} name what is to be read.",
            hint="Leave one of them out; --all takes both.",
        )


def _examples(options: argparse.Namespace) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    if options.drawings is not None:
        return pictures_of(load_drawings(options.drawings)[: options.limit])
    if options.pens is not None:
        pens = load_pens(options.pens, digits=True)
        pens = chosen(pens, np.arange(len(pens)) < (options.limit or len(pens)))
        return as_written(pens), pens.labels.astype(np.int64)
    data = load_mnist(data_set(options))
    return data.x_test[: options.limit], data.y_test[: options.limit].astype(np.int64)


def train(options: argparse.Namespace) -> int:
    """Train by a recipe and write everything that follows from the trained weights."""
    from app.training.corpus import load_corpus
    from app.training.outcome import leave
    from app.training.recipes import RECIPES
    from app.training.train import train as train_model

    if options.layers or options.conv:
        from app.cli.importing import train_own

        return train_own(options)
    if options.name is not None:
        raise DataError(
            "--name is for models of your own layers.", hint="Add --layers or --conv, or leave it out."
        )
    folder = _place_for_weights(options)
    with reporting(options) as report:
        report("Reading the images")
        corpus = load_corpus(load_mnist(data_set(options)), options.pens, options.others)
        if corpus.lacking and RECIPES[options.recipe].pens is not None:
            report(corpus.lacking)

        def progress(step: TrainingProgress) -> None:
            if step.fraction < 1 and not report.live:
                return
            figures = "  ".join(f"{name} {value:.4f}" for name, value in step.metrics.items())
            text = f"{step.stage}: epoch {step.epoch} of {step.epochs}  {figures}".rstrip()
            report(text, step.share)

        cache = Cache(options.cache)
        training = train_model(
            RECIPES[options.recipe],
            corpus,
            seed=options.seed,
            epochs=options.epochs,
            cache=cache,
            progress=progress,
        )
        report("Writing model, integers and report")
        left = leave(training, corpus, folder, cache, progress)
    model = left.integers
    if options.json:
        print_json({"folder": str(folder), "model_sha256": model.sha256, **left.figures})
    else:
        out.print(f"test accuracy    {training.test_accuracy:.2%}  as integers {left.accuracy:.2%}")
        out.print(f"model          {model.architecture}  sha256 {model.sha256}")
        out.print(f"written to       {folder}")
    return OK


def _place_for_weights(options: argparse.Namespace) -> Path:
    """The folder that `train` writes to. DataError unless one is named: weights that ship are not overwritten
    by accident.
    """
    if options.replace_shipped:
        if options.output is not None:
            raise DataError(
                "Both --output and --replace-shipped say where to write.", hint="Leave one of them out."
            )
        return made_folder(paths.assets() / options.recipe)
    if options.output is None:
        raise DataError(
            "No output folder is given.",
            why=f"The trained model would replace the weights of {options.recipe!r}, which ship.",
            hint="Name one with --output DIR, or replace them with --replace-shipped.",
        )
    return made_folder(options.output)
