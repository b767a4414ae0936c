"""What a program takes of a node's limits is proved without running it, and no run takes more."""

import numpy as np
import pytest
from bitcoinx import InterpreterLimits, MinerPolicy, Ops, Script
from hypothesis import given
from hypothesis import strategies as st

from app import models
from app.errors import ScriptError
from app.fixedpoint import load
from app.script import Kind, Program, mapped, needs_of, packed, packed_program, planes, run_program
from app.script.assembler import Assembler
from app.script.run import DEFAULT_POLICY
from tests.chains import chains
from tests.fixedpoint.test_maps import extreme_images
from tests.sizes import examples
from tests.strategies import few_bit_models
from tests.strategies import models as dense_models


def limits_of(**changed):
    """A node that allows no more than the program is said to take."""
    names = ("max_script_size", "max_script_num_length", "max_stack_memory_usage", "max_ops_per_script")
    values = {name: changed.get(name, getattr(DEFAULT_POLICY, name)) for name in names}
    policy = MinerPolicy(**values, max_pubkeys_per_multisig=2**32 - 1)
    return InterpreterLimits(policy, is_genesis_enabled=True, is_consensus=False)


def assert_enough(program, image):
    said = needs_of(program, len(image))
    tight = limits_of(max_script_num_length=said.longest_number, max_stack_memory_usage=said.memory)
    assert run_program(program, image, tight).logits == run_program(program, image).logits
    ops = [op for op, _ in Script(program.code).ops_and_items()]
    assert said.multiplications == ops.count(Ops.OP_MUL)


@examples(20)
@given(st.data())
def test_no_run_takes_more_than_the_needs_say(data):
    generator, model = data.draw(
        st.one_of(
            st.tuples(st.just(mapped), chains()),
            st.tuples(st.just(packed), dense_models()),
            st.tuples(st.just(planes), few_bit_models()),
        )
    )
    assert_enough(generator(model), data.draw(extreme_images(model.pixels)))


@pytest.mark.parametrize("name", ["handwriting", "compact", "cnn"])
def test_a_model_that_ships_needs_what_is_said(name):
    program = packed_program(load(models.named(name).integers_path))
    image = np.random.default_rng(1).integers(0, 256, 784, dtype=np.uint8).tobytes()
    assert_enough(program, image)
    said = needs_of(program, 784)
    # The bounds are near: a node that allows a hundredth less refuses a number, or a third less the stack.
    less = {
        "max_script_num_length": said.longest_number * 99 // 100,
        "max_stack_memory_usage": said.memory * 2 // 3,
    }
    for limit, size in less.items():
        with pytest.raises(ScriptError):
            run_program(program, b"\xff" * 784, limits_of(**{limit: size}))


def program_of(out):
    return Program(Kind.PACKED, out.code, out.opcodes, 1)


@pytest.mark.parametrize(
    "out",
    [
        Assembler().op("HASH160"),
        Assembler().op("DUP", "BIN2NUM", "SPLIT"),
        Assembler().number(-1).op("SPLIT"),
    ],
    ids=["another opcode", "a place from the image", "a place below zero"],
)
def test_a_script_that_no_generator_makes_is_refused(out):
    with pytest.raises(ScriptError):
        needs_of(program_of(out), 4)
