"""The errors that are shown to the person.

InkproofError
 ├── ImageError          a picture that cannot be read as one digit
 │    ├── BlankError     nothing, or next to nothing, is drawn on it
 │    └── SeveralDigitsError   more than one digit is drawn on it
 ├── DataError           a data set or a stroke file that is not what it says
 ├── ModelError          a trained model is missing, damaged or of the wrong shape
 ├── BoundError          integers that would leave the range they are proved to stay in
 ├── ScriptError         Bitcoin Script that cannot be generated, read or run
 ├── ContractError       the contract, its description or its compiler
 ├── ProofError          a proof file or block headers that are not what they say
 ├── WalletError         keys and coins
 ├── LedgerError         the record of deployments and verifications
 │    ├── DeploymentTakenError   another verification holds the deployment; take another one
 │    └── DamagedLedgerError     the file contradicts itself
 └── ChainError          the node and what it answers
      ├── NodeError      the embedded node cannot be found, started or stopped
      │    ├── TransientNodeError  the next start may succeed
      │    └── DamagedNodeError    the node's folder cannot be used as it is
      ├── NoWalletError  the node keeps no account of coins
      ├── RpcError       the node answered with an error of its own (code and message)
      ├── PendingError   sent, and neither accepted nor refused yet
      └── UnreachableError   no answer, or not one that a node gives
"""

from __future__ import annotations

import errno

FULL_DISK = "The disk is full: free some space on it, or set INKPROOF_HOME to a folder on another disk."
"""What to do where the data folder has no room left."""


class InkproofError(Exception):
    """A failure with words for the person: what happened, why, and what to do next."""

    def __init__(self, what: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (self.what, self.why, self.hint) if part)

    def as_json(self) -> dict[str, str | None]:
        """The three sentences as JSON values; None where there is none."""
        return {"error": self.what, "why": self.why or None, "hint": self.hint or None}


class ImageError(InkproofError):
    """A picture that cannot be read as one digit."""


class BlankError(ImageError):
    """Nothing, or next to nothing, is drawn."""


class SeveralDigitsError(ImageError):
    """More than one digit is drawn, side by side."""


class DataError(InkproofError):
    """A data set or stroke file that is not what it says it is."""


class ModelError(InkproofError):
    """A trained model is missing, damaged or of the wrong shape."""


class BoundError(InkproofError):
    """An integer would leave the range that was proved for it."""


class ScriptError(InkproofError):
    """Bitcoin Script that cannot be generated, read or run."""


class ContractError(InkproofError):
    """The contract, its description or its compiler."""


class ProofError(InkproofError):
    """A proof file, a Merkle path or block headers that are not what they say they are."""


class WalletError(InkproofError):
    """Keys and coins."""


class LedgerError(InkproofError):
    """The record of deployments and verifications."""


class DeploymentTakenError(LedgerError):
    """Another verification holds the same deployment; take another one."""


class DamagedLedgerError(LedgerError):
    """The file's content contradicts itself; with a new file in its place, everything works."""


class ChainError(InkproofError):
    """The node and what it answers."""


class NodeError(ChainError):
    """The embedded node cannot be found, started or stopped."""


class TransientNodeError(NodeError):
    """The next start may succeed.

    Another program took the port between the choice of it and the node's start, or the previous node has
    ended but the system has not yet released its lock.
    """


class DamagedNodeError(NodeError):
    """The node's folder cannot be used as it is; with a new one in its place, the node starts."""


class NoWalletError(ChainError):
    """The node keeps no account of coins: its wallet is switched off, or was not built in."""


class RpcError(ChainError):
    """The node answered a call with an error of its own."""

    def __init__(self, code: int, message: str, *, method: str = "") -> None:
        super().__init__(f"The node refused {method or 'a call'}: {message} (code {code}).")
        self.code = code
        self.message = message
        self.method = method


class UnreachableError(ChainError):
    """No answer, or none that a node would give."""


class PendingError(ChainError):
    """The transaction was sent, and the network has neither accepted nor refused it yet."""


def storage_hint(error: OSError, otherwise: str = "Set INKPROOF_HOME to a folder you can write to.") -> str:
    """What to do where a file of the data folder cannot be written; `otherwise` unless the disk is full."""
    return FULL_DISK if disk_full(error) else otherwise


def disk_full(error: OSError) -> bool:
    """Whether the disk, or the user's share of it, has no room left."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
