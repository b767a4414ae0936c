"""The transaction that makes a claim: it spends the contract; its outputs are change and statement."""

from __future__ import annotations

from dataclasses import dataclass

import bitcoinx
from bitcoinx import InterpreterState, PrivateKey, Script, SigHash, Tx, TxInput, TxOutput, item_to_int

from app.contract.classifier import DigitContract
from app.contract.rules import SpendContext, limits_in_block
from app.contract.statement import statement_script
from app.errors import ContractError
from app.picture import PIXELS

SIGHASH = SigHash(SigHash.ALL | SigHash.FORKID)
_FINAL = 0xFFFFFFFF
_SIGNATURE_BYTES = 73
"""The longest DER signature with its sighash byte; low-S ones are a byte or two shorter."""
_DIGIT_LIMIT = 2**31


@dataclass(frozen=True)
class Claim:
    """The arguments of `predict` as a spend gives them: an image of 784 bytes, and below 2^31 any number."""

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
    """Build and sign the claim, version 1. ContractError if the output cannot pay the fee.

    Output 0 is the change, output 1 the statement that commits to image and digit.
    """
    if plan.value <= plan.fee:
        raise ContractError(
            "The deployed contract holds too little to pay for a verification.",
            why=f"It holds {plan.value} satoshis; the fee is {plan.fee}.",
            hint="Deploy it again: `inkproof deploy`.",
        )
    unsigned = TxInput(bitcoinx.hex_str_to_hash(plan.txid), plan.index, Script(), _FINAL)
    outputs = [
        TxOutput(plan.value - plan.fee, Script(plan.payout)),
        TxOutput(0, Script(statement_script(image, claim_digit))),
    ]
    tx = Tx(1, [unsigned], outputs, 0)
    digest = tx.signature_hash(0, plan.value, Script(contract.script_code), SIGHASH)
    signature = key.sign(digest, None) + bytes([SIGHASH])
    public_key = key.public_key.to_bytes(compressed=True)
    tx.inputs[0].script_sig = Script(contract.unlocking_script(image, claim_digit, signature, public_key))
    return tx


def spend_size(payout: bytes) -> int:
    """Bytes of a claim, at most: what its fee is computed from before it is signed."""
    pushes = 3 + PIXELS + 2 + 1 + _SIGNATURE_BYTES + 1 + 33
    outputs = [TxOutput(0, Script(payout)), TxOutput(0, Script(statement_script(bytes(PIXELS), 0)))]
    return int(Tx(1, [TxInput(bytes(32), 0, Script(bytes(pushes)), _FINAL)], outputs, 0).size())


def read_claim(tx: Tx, index: int = 0) -> Claim:
    """Take the claim out of a spend's unlocking script. ContractError if it is not a claim.

    The contract takes the four topmost items. Since Chronicle others can lie beneath them, and an unlocking
    script of a version above 1 can compute them: such a script is run, bounded in memory and time.
    """
    items = _left_on_stack(tx, index)[-4:]
    if len(items) < 4:
        raise _no_claim("A claim pushes four items.")
    image, digit, signature, public_key = items
    if len(image) != PIXELS:
        raise _no_claim(f"A claim's image has {PIXELS} bytes; here it would be {len(image):,}.")
    number = item_to_int(digit)
    if abs(number) >= _DIGIT_LIMIT:
        raise _no_claim(f"The digit is a number of {len(digit):,} bytes.")
    return Claim(image, number, signature, public_key)


def _left_on_stack(tx: Tx, index: int) -> list[bytes]:
    """What an unlocking script leaves on the stack, the topmost item last."""
    script = tx.inputs[index].script_sig
    try:
        if script.is_push_only():
            return [item for _, item in script.ops_and_items()]
        if tx.version <= 1:
            raise _no_claim("It computes, which it may not in a transaction of version 1.")
        state = InterpreterState(limits_in_block(tx, None))
        state.evaluate_script(script)
        return list(state.stack)
    except (bitcoinx.ScriptError, bitcoinx.errors.InterpreterError) as error:
        raise ContractError("The unlocking script cannot be read.", why=f"{error}.") from error
    except RuntimeError as error:
        raise _no_claim("It checks a signature by itself.") from error


def _no_claim(why: str) -> ContractError:
    return ContractError("The unlocking script is not a claim.", why=why)


def input_context(tx: Tx, value: int, locking_script: bytes, index: int = 0) -> SpendContext:
    """A spend together with the output it spends, as the interpreter wants them."""
    return SpendContext(tx, index, TxOutput(value, Script(locking_script)), is_utxo_after_genesis=True)
