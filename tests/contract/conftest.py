"""A contract with a small random model: the same code paths as the shipped one, in a tenth of the time."""

import numpy as np
import pytest
from bitcoinx import PrivateKey

from app.contract import SpendPlan, build_spend
from app.fixedpoint import quantise
from app.script import Kind
from tests.contract.programs import contract_of

VALUE = 5_000
FEE = 600


@pytest.fixture(scope="session")
def model():
    rng = np.random.default_rng(11)
    return quantise(
        [(rng.normal(0, 0.05, (784, 6)), rng.normal(size=6)), (rng.normal(size=(6, 10)), np.zeros(10))]
    )


@pytest.fixture(scope="session")
def key():
    return PrivateKey(b"\x07" * 32)


@pytest.fixture(scope="session")
def contracts(model, key):
    owner = key.public_key.hash160()
    return {kind: contract_of(model, owner, kind) for kind in Kind}


@pytest.fixture
def spend(key):
    """Build a claim on a contract; the payout is a P2PKH script of the key."""

    def build(contract, image, digit, signer=key, value=VALUE):
        plan = SpendPlan("11" * 32, 0, value, FEE, key.public_key.P2PKH_script().to_bytes())
        return build_spend(contract, plan, digit, image, signer)

    return build
