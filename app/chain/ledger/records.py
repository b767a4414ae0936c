"""What the ledger keeps: deployments and verifications, their states, and the steps between them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bitcoinx import Tx, TxOutput, double_sha256, hash_to_hex_str

__all__ = [
    "DEPLOYMENT_STEPS",
    "VERIFICATION_STEPS",
    "Deployment",
    "DeploymentState",
    "NewDeployment",
    "NewVerification",
    "Verification",
    "VerificationState",
]


class DeploymentState(enum.Enum):
    """Where the deployment of a contract stands."""

    PREPARED = "prepared"
    """Recorded, and perhaps sent: the chain has to be asked."""
    SENT = "sent"
    CONFIRMED = "confirmed"
    SPENT = "spent"
    LOST = "lost"
    """No longer known to the node."""
    REFUSED = "refused"


class VerificationState(enum.Enum):
    """Where the verification of an image stands."""

    PREPARED = "prepared"
    """Recorded, and perhaps sent: the chain has to be asked."""
    ACCEPTED = "accepted"
    """Taken by the node, in no block yet."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    """The contract disagrees: a node refused the transaction, and its script, run here, ended in false."""
    LOST = "lost"
    """No longer known to the node."""
    ERROR = "error"
    """It did not come to a verdict."""


_D, _V = DeploymentState, VerificationState

DEPLOYMENT_STEPS: Mapping[DeploymentState, frozenset[DeploymentState]] = {
    _D.PREPARED: frozenset({_D.SENT, _D.CONFIRMED, _D.SPENT, _D.LOST, _D.REFUSED}),
    _D.SENT: frozenset({_D.CONFIRMED, _D.SPENT, _D.LOST, _D.REFUSED}),
    # Back to sent: a block can be orphaned, and the spend with it.
    _D.CONFIRMED: frozenset({_D.SENT, _D.SPENT, _D.LOST}),
    _D.SPENT: frozenset({_D.SENT, _D.CONFIRMED, _D.LOST}),
    # The same coins make the same transaction once more.
    _D.LOST: frozenset({_D.PREPARED, _D.SENT, _D.CONFIRMED, _D.SPENT, _D.REFUSED}),
    _D.REFUSED: frozenset({_D.PREPARED}),
}

VERIFICATION_STEPS: Mapping[VerificationState, frozenset[VerificationState]] = {
    _V.PREPARED: frozenset({_V.ACCEPTED, _V.CONFIRMED, _V.REFUSED, _V.LOST, _V.ERROR}),
    _V.ACCEPTED: frozenset({_V.CONFIRMED, _V.LOST}),
    # Back to accepted: a block can be orphaned.
    _V.CONFIRMED: frozenset({_V.ACCEPTED, _V.LOST}),
    _V.LOST: frozenset({_V.ACCEPTED, _V.CONFIRMED, _V.ERROR}),
    # A service that called a claim refused can have mined it all the same.
    _V.REFUSED: frozenset({_V.ACCEPTED, _V.CONFIRMED}),
    # One given up as never sent may have arrived all the same, and the same bytes may be sent again.
    _V.ERROR: frozenset({_V.PREPARED, _V.ACCEPTED, _V.CONFIRMED}),
}


@dataclass(frozen=True, kw_only=True)
class NewDeployment:
    """A contract instance to be recorded: the output that holds it, and the transaction that makes it.

    `contract_sha256` is that of the contract (its script without the owner), `model_sha256` that of the
    model in it, `owner` a public key hash, all in hex. `value` is in satoshis. Deployments of one
    transaction share its bytes, `raw_tx`.
    """

    chain_id: str
    kind: str
    contract_sha256: str
    model_sha256: str
    owner: str
    txid: str
    output_index: int
    value: int
    raw_tx: bytes

    def output(self, raw_tx: bytes = b"") -> TxOutput | None:
        """The deployed output, by the transaction's bytes: `raw_tx`, or else those recorded.

        None where they are not those of the txid, which commits to them: dropped, or damaged.
        """
        raw = raw_tx or self.raw_tx
        if hash_to_hex_str(double_sha256(raw)) != self.txid:
            return None
        return Tx.from_bytes(raw).outputs[self.output_index]


@dataclass(frozen=True, kw_only=True)
class Deployment(NewDeployment):
    """A recorded contract instance."""

    id: int
    created: datetime
    state: DeploymentState
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NewVerification:
    """One image before three judges, to be recorded: what each of them read, and the spend of the deployment.

    `image` is 28x28 uint8 row by row (784 bytes), `claim` the digit put to the contract, `probabilities` the
    float model's ten, `logits` the engine's (exact, of any size), `fee` satoshis, `size` bytes.
    """

    deployment_id: int
    image_name: str
    image: bytes
    claim: int
    float_digit: int
    fixed_digit: int
    probabilities: tuple[float, ...]
    logits: tuple[int, ...]
    txid: str
    raw_tx: bytes
    fee: int
    size: int
    script_bytes: int


@dataclass(frozen=True, kw_only=True)
class Verification(NewVerification):
    """A recorded verification; chain and kind are those of its deployment."""

    id: int
    created: datetime
    chain_id: str
    kind: str
    state: VerificationState
    reason: str = ""
    block_hash: str | None = None
    block_height: int | None = None
