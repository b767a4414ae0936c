"""The transaction that makes a claim: one input, the contract's output; one output, the change."""

from __future__ import annotations

from dataclasses import dataclass

import bitcoinx
from bitcoinx import PrivateKey, Script, SigHash, Tx, TxInput, TxInputContext, TxOutput, item_to_int

from app.contract.classifier import DigitContract
from app.errors import ContractError
from app.picture import PIXELS

SIGHASH = SigHash(SigHash.ALL | SigHash.FORKID)
_FINAL = 0xFFFFFFFF
_SIGNATURE_BYTES = 73
"""The longest DER signature with its sighash byte; low-S ones are a byte or two shorter."""


@dataclass(frozen=True)
class Claim:
    """The arguments of `predict` as a spend pushed them. `digit` is any script number at all."""

    image: bytes
    digit: int
    signature: bytes
    public_key: bytes


@dataclass(frozen=True)
class SpendPlan:
    """What a claim spends and where the rest goes. Amounts in satoshis; `payout`: a locking script."""

    txid: str
    index: int
    value: int
    fee: int
    payout: bytes


def build_spend(
    contract: DigitContract, plan: SpendPlan, claim_digit: int, image: bytes, key: PrivateKey
) -> Tx:
    """Build and sign the claim. Raises ContractError if the output cannot pay the fee."""
    if plan.value <= plan.fee:
        raise ContractError(
            "The deployed contract holds too little to pay for a verification.",
            why=f"It holds {plan.value} satoshis; the fee is {plan.fee}.",
            hint="Deploy it again: `inkproof deploy`.",
        )
    unsigned = TxInput(bitcoinx.hex_str_to_hash(plan.txid), plan.index, Script(), _FINAL)
    tx = Tx(1, [unsigned], [TxOutput(plan.value - plan.fee, Script(plan.payout))], 0)
    digest = tx.signature_hash(0, plan.value, Script(contract.script_code), SIGHASH)
    signature = key.sign(digest, None) + bytes([SIGHASH])
    public_key = key.public_key.to_bytes(compressed=True)
    tx.inputs[0].script_sig = Script(contract.unlocking_script(image, claim_digit, signature, public_key))
    return tx


def spend_size(payout: bytes) -> int:
    """Bytes of a claim, at most: what its fee is computed from before it is signed."""
    pushes = 3 + PIXELS + 2 + 1 + _SIGNATURE_BYTES + 1 + 33
    empty = Tx(1, [TxInput(bytes(32), 0, Script(bytes(pushes)), _FINAL)], [TxOutput(0, Script(payout))], 0)
    return empty.size()


def read_claim(tx: Tx, index: int = 0) -> Claim:
    """Take the claim out of a spend's unlocking script. Raises ContractError if it is none."""
    try:
        items = list(tx.inputs[index].script_sig.ops_and_items())
    except bitcoinx.ScriptError as error:
        raise ContractError("The unlocking script cannot be read.", why=f"{error}.") from error
    if len(items) != 4 or any(item is None for _, item in items):
        raise ContractError("The unlocking script is not a claim.", why="A claim pushes four items.")
    image, digit, signature, public_key = (item for _, item in items)
    return Claim(image, item_to_int(digit), signature, public_key)


def input_context(tx: Tx, value: int, locking_script: bytes, index: int = 0) -> TxInputContext:
    """A spend together with the output it spends, as the interpreter wants them."""
    return TxInputContext(tx, index, TxOutput(value, Script(locking_script)), is_utxo_after_genesis=True)
