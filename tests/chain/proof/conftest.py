"""A real claim in a block with other transactions, and the proof file made of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pytest

from app.chain import service as services
from app.chain.connection import Connection
from app.chain.ledger.store import Ledger
from app.chain.proof.examine import Candidate
from app.chain.proof.making import Proof, make_proof
from app.chain.service import ChainVerdict, Readings, Service
from app.contract import contract_for
from app.contract.classifier import program_for
from app.fixedpoint import IntegerModel, quantise
from app.script import Kind
from tests.chain.payments import fresh_coin
from tests.conftest import Regtest, quiet


@dataclass(frozen=True)
class Claimed:
    """A confirmed claim of a small model, its image and verdict, and its proof."""

    model: IntegerModel
    image: bytes
    verdict: ChainVerdict
    proof: Proof

    @functools.cached_property
    def data(self) -> bytes:
        return self.proof.beef.to_bytes()

    def candidates(self) -> list[Candidate]:
        return list(_candidates(self.model))


@functools.cache
def _candidates(model: IntegerModel) -> tuple[Candidate, ...]:
    return (Candidate("tested", model.sha256, program_for(model, Kind.PACKED)),)


def small_model(seed: int = 31) -> IntegerModel:
    rng = np.random.default_rng(seed)
    return quantise([(rng.normal(0, 0.05, (784, 10)), rng.normal(size=10))])


@pytest.fixture(scope="module")
def claimed(regtest: Regtest, tmp_path_factory: pytest.TempPathFactory) -> Claimed:
    model = small_model()
    first = regtest.rpc.call("getblockhash", 1)
    connection = Connection(regtest.backend, regtest.wallet.network, regtest.wallet, f"regtest@{first[:16]}")
    image = np.random.default_rng(5).integers(0, 256, 784, dtype=np.uint8)
    reading = model.read(image)
    for _ in range(4):  # company in the block: the Merkle path has three levels
        fresh_coin(regtest.rpc, regtest.wallet, 50_000)
    with Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite") as ledger:
        service = Service(contract_for(model, regtest.wallet.pubkeyhash), connection, ledger, services.never)
        readings = Readings(reading.digit, [0.1] * 10, reading.digit, reading.logits)
        verdict = service.submit(image.tobytes(), reading.digit, readings, progress=quiet)
    regtest.rpc.call("generatetoaddress", 2, regtest.wallet.address)
    proof = make_proof(regtest.backend, verdict.txid, {}, headers=10)
    return Claimed(model, image.tobytes(), verdict, proof)
