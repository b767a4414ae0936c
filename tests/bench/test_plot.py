"""The picture of the benchmark says what was measured: both forms, every model, and what a node takes."""

import itertools
import json

import pytest
from PIL import Image

from app import models
from app.bench.plot import build, draw
from app.script.run import SCRIPT_LIMIT
from tests.figures import ROOT


@pytest.fixture
def figures():
    """What `bench` measured."""
    return json.loads((ROOT / "docs" / "bench" / "bench.json").read_text(encoding="utf-8"))


def texts_of(figure):
    (axes,) = figure.axes
    return axes.texts


def rows_of(figure):
    """The texts on a level with each model's name, from the left."""
    written = {(text.get_position(), text.get_text()) for text in texts_of(figure)}
    return {
        name: [text for (_, level), text in sorted(written) if level == height]
        for (_, height), name in written
    }


def dots_of(figure):
    """(place from the left, height) of every dot."""
    (axes,) = figure.axes
    marked = [line for line in axes.lines if line.get_marker() == "o"]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marked]


def test_every_model_that_ships_has_a_row_with_what_was_measured(figures):
    rows = rows_of(build(figures))
    for name in models.MODELS:
        measured = figures["models"][name]
        size, time = f"{measured['script_bytes']:,}", f"{measured['node_milliseconds']:,.1f}"
        assert rows[name] == [name, size, time]


def test_a_model_more_is_a_row_and_two_dots_more(figures):
    before = build(figures)
    figures["models"]["newcomer"] = {"script_bytes": 912_345, "node_milliseconds": 0.4}
    after = build(figures)
    assert rows_of(after)["newcomer"] == ["newcomer", "912,345", "0.4"]
    assert len(dots_of(before)) == 2 * len(models.MODELS)
    assert len(dots_of(after)) == len(dots_of(before)) + 2


def test_the_dots_stand_in_the_order_of_their_values_and_at_their_models(figures):
    figure = build(figures)
    heights = {text.get_text(): text.get_position()[1] for text in texts_of(figure)}
    dots = dots_of(figure)
    for key, column in (
        ("script_bytes", dots[: len(dots) // 2]),
        ("node_milliseconds", dots[len(dots) // 2 :]),
    ):
        ordered = sorted(figures["models"], key=lambda name: figures["models"][name][key])
        assert [height for _, height in sorted(column)] == [heights[name] for name in ordered]


def test_only_a_contract_that_a_default_node_refuses_stands_beyond_its_limit(figures):
    figure = build(figures)
    (axes,) = figure.axes
    assert any(f"{SCRIPT_LIMIT:,}" in text.get_text() for text in axes.texts)
    (limit,) = [line.get_xdata()[0] for line in axes.lines if line.get_gid() == "limit"]
    heights = {text.get_text(): text.get_position()[1] for text in axes.texts}
    sizes = dots_of(figure)[: len(models.MODELS)]
    refused = [model.name for model in models.MODELS.values() if model.raised]
    assert [y for x, y in sizes if x > limit] == [heights[name] for name in refused]


def test_both_forms_are_shown_with_the_times_they_differ(figures):
    written = [text.get_text() for text in texts_of(build(figures))]
    packed, unrolled = figures["contracts"]["packed"], figures["contracts"]["unrolled"]
    assert f"{packed['script_bytes']:,} bytes, packed" in written
    assert f"{unrolled['script_bytes']:,} bytes, unrolled" in written
    for key in ("script_bytes", "opcodes", "node_milliseconds", "bitcoinx_milliseconds"):
        times = f"{1 / figures['packed_over_unrolled'][key]:,.1f} × "
        assert any(text.startswith(times) for text in written)


@pytest.mark.parametrize("more", [0, 9])
def test_nothing_is_cut_off_and_no_text_lies_on_another(figures, more):
    for number in range(more):
        measured = {"script_bytes": 1_001 * 2**number, "node_milliseconds": 0.4 * 2**number}
        figures["models"][f"model-{number}"] = measured
    figure = build(figures)
    boxes = {text: text.get_window_extent() for text in texts_of(figure)}
    for text, box in boxes.items():
        assert figure.bbox.contains(box.x0, box.y0) and figure.bbox.contains(box.x1, box.y1), text
    for (one, box), (other, another) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(another), (one, other)


def test_the_picture_is_a_file_as_large_as_the_one_that_is_shown(figures, tmp_path):
    draw(figures, tmp_path / "bench.png")
    with Image.open(tmp_path / "bench.png") as drawn, Image.open(ROOT / "docs/bench/bench.png") as shown:
        assert drawn.format == "PNG"
        assert drawn.size == shown.size
        assert len(drawn.convert("RGB").getcolors(1 << 24)) > 5
