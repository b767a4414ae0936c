"""A run that is watched: it is the same run, and its counts are those of the Script."""

import bitcoinx
import numpy as np
import pytest
from bitcoinx import Ops, Script, int_to_item

from app import fixedpoint, models
from app.contract.classifier import program_for
from app.errors import ScriptError
from app.script import Kind, Program, run_program
from app.script.trace import trace_program

IMAGE = bytes(range(256)) * 3 + bytes(16)
NAMES = ["handwriting", "compact", "cnn"]


@pytest.fixture(scope="module")
def programs():
    loaded = {name: fixedpoint.load(models.named(name).integers_path) for name in NAMES}
    return {name: program_for(model, Kind.PACKED) for name, model in loaded.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_watched_run_reads_what_an_unwatched_one_does_and_counts_what_stands_in_the_script(programs, name):
    program = programs[name]
    trace = trace_program(program, IMAGE)
    assert trace.digit == run_program(program, IMAGE).digit
    assert trace.total == len(program.code)
    ops = [op for op, _ in Script(program.code).ops_and_items()]
    last = trace.samples[-1]
    assert last.position == len(program.code)
    assert last.opcodes == sum(op > Ops.OP_16 for op in ops)
    assert last.multiplications == ops.count(Ops.OP_MUL)
    for one, following in zip(trace.samples, trace.samples[1:], strict=False):
        assert one.position < following.position
        assert one.multiplications <= following.multiplications


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_small_and_about_as_many_as_asked_for(programs, name):
    trace = trace_program(programs[name], IMAGE, samples=40)
    assert 20 <= len(trace.samples) <= 60
    assert all(len(sample.lanes) <= 64 for sample in trace.samples)


def test_the_lanes_at_the_end_of_the_first_layer_are_its_sums():
    model = fixedpoint.load(models.named("handwriting").integers_path)
    program = program_for(model, Kind.PACKED)
    dense = model.layers[0]
    pixels = np.frombuffer(IMAGE, np.uint8).astype(object)
    sums = pixels @ dense.weights.astype(object) + 255 * dense.biases.astype(object)
    most = max(abs(total) for total in sums)
    wanted = bytes(int(abs(total) * 255 // most) for total in sums)
    trace = trace_program(program, IMAGE, samples=20_000)
    assert wanted in [sample.lanes for sample in trace.samples]


def test_a_script_that_fails_is_an_error_in_words():
    code = Script() << Ops.OP_RETURN << Ops.OP_VERIFY
    broken = Program(Kind.PACKED, bytes(Script() << int_to_item(0) << Ops.OP_VERIFY), 1, 10)
    assert bytes(code)
    with pytest.raises(ScriptError):
        trace_program(broken, IMAGE)
    assert bitcoinx.__name__ == "bitcoinx"
