"""What a BSV node with default policy (1.0.13 and 1.2.2) takes, and the figures that other nodes add."""

from __future__ import annotations

SCRIPT_LIMIT = 500_000
"""Bytes of the largest script."""
NUMBER_LIMIT = 10_000
"""Bytes of the longest number that is computed with."""
STACK_LIMIT = 100_000_000
"""Bytes of all items on both stacks together; each counts ITEM_BYTES more than its length."""
ITEM_BYTES = 32
"""What a node counts for an item beside its bytes (`LimitedVector` in the node's script/limitedstack.h)."""
MILLISECONDS_LIMIT = 1_000
"""Validation time of a transaction that is not of a standard form."""
OPCODE_LIMIT = 1_000_000
"""Opcodes of a script, pushes not counted, that Teranode takes."""
