"""On the real testnet, through the real services, with coins of whoever runs it: `make live-testnet`.

INKPROOF_HOME must name a data folder whose testnet wallet has some thousand satoshis: `inkproof wallet
address --network testnet` tells where to send them.
"""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from app import paths
from app.chain.connection import NodeChoice
from app.chain.service import Readings, open_service
from app.fixedpoint import load
from app.script import Kind

pytestmark = pytest.mark.live


def tell(text: str, done: float | None) -> None:
    print(text)


@pytest.mark.timeout(900)
def test_a_digit_is_verified_on_testnet_and_a_lie_is_refused():
    if not os.environ.get("INKPROOF_HOME"):
        pytest.skip("INKPROOF_HOME names no data folder with testnet coins")
    network = load(paths.model_folder() / "integers.npz")
    image = np.zeros((28, 28), dtype=np.uint8)
    image[4:24, 13:16] = 255
    fixed = network.read(image)
    spoken = Readings(fixed.digit, [0.1] * 10, fixed.digit, fixed.logits)
    with open_service(network, Kind.PACKED, NodeChoice(network="testnet"), tell) as service:
        print(service.status())
        lie = (fixed.digit + 1) % 10
        refused = service.submit(image.tobytes(), lie, spoken, name="live lie", progress=tell)
        print(refused)
        assert not refused.accepted
        verdict = service.submit(image.tobytes(), fixed.digit, spoken, name="live", progress=tell)
        print(service.connection.network.tx_link(verdict.txid))
        assert verdict.accepted
        for _ in range(20):
            if service.connection.backend.find(verdict.txid) is not None:
                return
            time.sleep(15)
        pytest.fail("no explorer shows the transaction after five minutes")
