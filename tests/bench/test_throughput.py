"""A small data set on chain: what the bench counts is what the chain holds."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from app.bench import throughput
from app.chain.wallet.coins import Coin
from app.cli import bench
from tests.chain.payments import pay
from tests.faults import world
from tests.figures import ROOT

LABELS = np.arange(12) % 10


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(71).integers(0, 256, (12, 28, 28), dtype=np.uint8)


def test_every_image_is_in_a_block_read_as_the_engine_reads_it_and_no_coin_is_missing(
    bitcoind: Path, home: Path, images: np.ndarray
) -> None:
    told: list[tuple[str, float | None]] = []
    figures = throughput.chain_figures(
        world.model(),
        images,
        LABELS,
        lambda text, share=None: told.append((text, share)),
        marks=(4, 12, 100),
        rounds=1,
        claims=3,
    )
    right = float((world.model().classify(images) == LABELS).mean())
    assert (figures["images"], figures["confirmed"], figures["satoshis_unaccounted"]) == (12, 12, 0)
    assert figures["accuracy"] == figures["integer_accuracy"] == right
    assert list(figures["cost_after"]) == ["4", "12"]
    assert figures["cost_spread"] >= 0
    assert figures["blocks"] == len({record.block_height for record in world.records()[:12]})
    assert len([record for record in world.records() if record.block_height]) == 12 + 3
    named = {record.image_name for record in world.records()}
    assert named == {f"{number}" for number in range(12)}
    paid = [record.fee for record in world.records()]
    assert figures["claim_fees"] == 12 * paid[0]
    assert any("12 of 12" in text and share == 1.0 for text, share in told)


def test_coins_that_leave_unrecorded_are_missed(bitcoind: Path, home: Path) -> None:
    with world.service() as opened:
        world.claim(opened, 1)
        assert throughput._unaccounted(opened) == 0
        coin: Coin = opened.connection.backend.coins(opened.connection.wallet)[0]
        lost = pay(opened.connection.wallet, [coin], [(7_000, b"\x51")], fee=1_000)
        assert opened.connection.backend.send(lost.to_bytes()).accepted
        assert throughput._unaccounted(opened) == 7_000


def test_every_contract_has_its_margins_and_a_share_is_shown_in_percent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = json.loads((ROOT / "docs" / "bench" / "bench.json").read_text(encoding="utf-8"))
    bench._show(figures | {"test_set": {"images": 10_000, "accuracy": 0.9807, "cost_spread": 0.0561}})
    shown = capsys.readouterr().out
    for contract in [*figures["models"], "handwriting, unrolled"]:
        assert re.search(rf"^{contract}\n  limits of a node ", shown, re.MULTILINE)
    assert re.search(r"images +10,000\n  accuracy +98.07%\n  cost spread +5.61%\n", shown)
