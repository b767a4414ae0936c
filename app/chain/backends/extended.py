"""Transactions in Extended Format: with the outputs that they spend, to check fees and scripts by."""

from __future__ import annotations

from collections.abc import Sequence

from bitcoinx import Tx, TxOutput, pack_le_int32, pack_le_int64, pack_le_uint32, pack_varbytes, pack_varint

__all__ = ["extended"]

_MARKER = bytes.fromhex("0000000000ef")


def extended(raw: bytes, spent: Sequence[TxOutput]) -> bytes:
    """A serialised transaction with each input followed by the value and locking script that it spends.

    BIP-239. Its table gives the value 4 bytes, but its own implementations (go-bt, bitcoin-ef) write 8, which
    is what ARC reads. ValueError unless there is one spent output for each input.
    """
    tx = Tx.from_bytes(raw)
    if len(spent) != len(tx.inputs):
        raise ValueError(f"{len(tx.inputs)} inputs cannot spend {len(spent)} outputs")
    inputs = b"".join(
        source.to_bytes() + pack_le_int64(output.value) + pack_varbytes(output.script_pubkey.to_bytes())
        for source, output in zip(tx.inputs, spent, strict=True)
    )
    outputs = b"".join(output.to_bytes() for output in tx.outputs)
    return b"".join(
        (
            pack_le_int32(tx.version),
            _MARKER,
            pack_varint(len(tx.inputs)),
            inputs,
            pack_varint(len(tx.outputs)),
            outputs,
            pack_le_uint32(tx.locktime),
        )
    )
