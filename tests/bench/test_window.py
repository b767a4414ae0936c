"""The window is measured while it is drawn in and while a claim of it is on its way."""

import json
import subprocess
import sys

import pytest


@pytest.mark.exhaustive
def test_the_measured_window_submits_a_claim_and_keeps_tensorflow_out(bitcoind, home):
    command = [sys.executable, "-m", "app.bench.window", "--seconds", "6"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=280, check=True)
    figures = json.loads(ran.stdout[ran.stdout.index("{") :])
    assert figures["submitted"] is True
    assert figures["tensorflow_in_window"] is False
    assert figures["afterwards"]["frames"] > 100
