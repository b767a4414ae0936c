"""The assembler writes what a node reads as minimal, and refuses what a default node would not take."""

import pytest
from bitcoinx import Ops, Script, is_item_minimally_encoded, item_to_int, minimal_push_opcode
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ScriptError
from app.script.assembler import NUMBER_LIMIT, Assembler


@given(st.integers(-(2**700), 2**700) | st.integers(-20, 20))
def test_numbers_are_pushed_minimally_and_read_back(value):
    ((op, item),) = Script(Assembler().number(value).code).ops_and_items()
    assert is_item_minimally_encoded(item)
    assert op == minimal_push_opcode(item)
    assert item_to_int(item) == value


@given(st.binary(max_size=700))
def test_bytes_are_pushed_as_they_are(item):
    ((op, pushed),) = Script(Assembler().push(item).code).ops_and_items()
    assert pushed == item
    assert op == minimal_push_opcode(item)


def test_opcodes_go_by_name_and_are_counted():
    assembler = Assembler().number(2).op("DUP", "MUL").push(b"ink").op("DROP")
    assert assembler.code == bytes([Ops.OP_2, Ops.OP_DUP, Ops.OP_MUL, 3, *b"ink", Ops.OP_DROP])
    assert assembler.opcodes == 3


def test_an_unknown_opcode_is_an_error():
    with pytest.raises(ScriptError, match="OP_CONVOLVE"):
        Assembler().op("CONVOLVE")


def test_the_longest_number_a_default_node_takes():
    longest = 2 ** (8 * NUMBER_LIMIT - 1) - 1
    assert len(Assembler().number(-longest).code) == 3 + NUMBER_LIMIT
    with pytest.raises(ScriptError, match="10,000 bytes"):
        Assembler().number(longest + 1)
