"""The environment that programs started from here are given: the person's own, without our secrets."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

__all__ = ["hidden_secrets", "without_secrets"]

_SECRETS = ("INKPROOF_RPC_USER", "INKPROOF_RPC_PASSWORD", "INKPROOF_ARC_TOKEN")


def without_secrets() -> dict[str, str]:
    """A copy of this process's environment for a program that needs no credentials of ours."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}


@contextlib.contextmanager
def hidden_secrets() -> Iterator[None]:
    """Remove our secrets from `os.environ` within the block, for a library that starts programs itself."""
    kept = {name: os.environ.pop(name) for name in _SECRETS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
