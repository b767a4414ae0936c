"""`verify`, `classify`, `history` and `inspect`."""

import csv
import io
import json

import bitcoinx
import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import SEVEN
from tests.sizes import sized


def test_three_judges_agree_and_inspect_confirms_it(verified, inkproof):
    assert verified.status == 0
    verdict = verified.verdict
    assert set(verdict) == {"image", "float", "integer", "chain", "agree", "sure", "sureness"}
    assert set(verdict["chain"]) == {
        *("network", "txid", "claimed", "accepted", "reason", "block", "fee", "script_bytes"),
    }
    assert verdict["image"] == str(SEVEN)
    assert verdict["float"]["digit"] == verdict["integer"]["digit"] == verdict["chain"]["claimed"] == 7
    assert len(verdict["float"]["probabilities"]) == 10
    assert all(type(logit) is int for logit in verdict["integer"]["logits"])
    assert verdict["chain"]["accepted"] is True
    assert verdict["chain"]["reason"] is None
    assert verdict["chain"]["network"] == "regtest"
    assert verdict["agree"] is True

    seen = inkproof("inspect", verdict["chain"]["txid"], "--json").json()
    assert (seen["claimed"], seen["accepted"], seen["block"]) == (7, True, verdict["chain"]["block"])
    assert len(bytes.fromhex(seen["image"])) == 784
    assert seen["kind"] == "packed"
    shown = inkproof("inspect", verdict["chain"]["txid"])
    assert "this is a 7" in shown.stdout
    assert "The contract accepts" in shown.stdout


def test_a_false_claim_is_refused_and_recorded(verified, inkproof):
    assert verified.cheat_status == 1
    refused = verified.cheat
    assert (refused["chain"]["claimed"], refused["chain"]["accepted"]) == (4, False)
    assert "script-verify-flag-failed" in refused["chain"]["reason"]
    assert refused["agree"] is False
    past = inkproof("history", "--json").lines()
    assert [entry["state"] for entry in past] == ["refused", "confirmed"]
    assert past[1]["txid"] == verified.verdict["chain"]["txid"]
    assert "confirmed in block" in inkproof("history").stdout
    assert inkproof("inspect", past[0]["txid"]).returncode == 2


def test_history_exports_everything_that_the_ledger_knows(verified, inkproof):
    """Enough to check the record without this program: the image, the contract and the transaction itself."""
    newest, record = inkproof("history", "--json").lines()
    verdict = verified.verdict
    assert record["txid"] == bitcoinx.Tx.from_hex(record["transaction"]).hex_hash()
    (spent,) = bitcoinx.Tx.from_hex(record["transaction"]).inputs
    assert record["deployment"] == f"{bitcoinx.hash_to_hex_str(spent.prev_hash)}:{spent.prev_idx}"
    assert bytes.fromhex(record["pixels"]) in spent.script_sig.to_bytes()
    assert (record["float"], record["integer"], record["claimed"]) == (7, 7, 7)
    assert record["probabilities"] == verdict["float"]["probabilities"]
    assert record["logits"] == verdict["integer"]["logits"]
    assert (record["block"], record["fee"]) == (verdict["chain"]["block"], verdict["chain"]["fee"])
    seen = inkproof("inspect", record["txid"], "--json").json()
    assert {name: record[name] for name in ("model", "model_sha256", "owner", "deployment", "size")} == {
        name: seen[name] for name in ("model", "model_sha256", "owner", "deployment", "size")
    }
    assert newest["block"] is newest["block_hash"] is None


def test_history_as_csv_holds_the_same_as_json(verified, inkproof):
    records = inkproof("history", "--json").lines()
    names, *rows = csv.reader(io.StringIO(inkproof("history", "--csv").stdout, newline=""))
    assert names == list(records[0])
    assert rows == [
        [
            json.dumps(value) if isinstance(value, list) else "" if value is None else str(value)
            for value in record.values()
        ]
        for record in records
    ]
    assert len(inkproof("history", "--json", "--limit", "1").lines()) == 1
    both = inkproof("history", "--csv", "--json")
    assert (both.returncode, "Give one of them" in both.stderr) == (2, True)


def test_a_history_without_records_is_a_table_without_rows(inkproof):
    assert inkproof("history", "--json").stdout == ""
    (names,) = csv.reader(io.StringIO(inkproof("history", "--csv").stdout, newline=""))
    assert "txid" in names


@sized("digits", (1, 4, 8), tuple(range(10)))
def test_digits_of_several_classes_are_all_confirmed(inkproof, mnist, tmp_path, digits):
    paths = []
    for digit in digits:
        path = tmp_path / f"{digit}.png"
        Image.fromarray(mnist.x_test[mnist.y_test == digit][1]).save(path)
        paths.append(path)
    ran = inkproof("verify", *paths, "--model", "compact", "--json")
    verdicts = ran.lines()
    assert [verdict["integer"]["digit"] for verdict in verdicts] == list(digits)
    assert all(verdict["chain"]["block"] for verdict in verdicts)
    assert len({verdict["chain"]["txid"] for verdict in verdicts}) == len(digits)
    assert ran.returncode == 0


@pytest.mark.usefixtures("node_kept")
@sized("count", 10, 30)
def test_a_data_set_is_summed_up_and_every_image_of_it_is_in_the_history(inkproof, mnist, mnist_file, count):
    ran = inkproof("verify", "--data", mnist_file, "--count", count, "--model", "compact", "--json")
    summary, records = ran.json(), inkproof("history", "--json", "--limit", "100").lines()
    assert (summary["images"], summary["accepted"], summary["confirmed"]) == (count,) * 3
    assert (summary["refused"], summary["failed"]) == (0, 0)
    assert [bytes.fromhex(r["pixels"]) for r in records[::-1]] == [i.tobytes() for i in mnist.x_test[:count]]
    right = sum(r["claimed"] == label for r, label in zip(records[::-1], mnist.y_test[:count], strict=True))
    assert summary["contract_accuracy"] == summary["integer_accuracy"] == right / count
    assert ran.returncode == (0 if summary["agree"] == count else 1)
    assert all(record["state"] == "confirmed" for record in records)
    words = inkproof("verify", "--data", mnist_file, "--count", "3", "--claim", "8", "--model", "compact")
    assert words.returncode == 1
    assert "refused                 3" in words.stdout
    assert "contract            0.00% right" in words.stdout


def test_the_verdict_in_words_and_the_steps_to_it(inkproof):
    ran = inkproof("verify", SEVEN, "--model", "compact")
    assert "✓ All three judges agree: this is a 7." in ran.stdout
    assert "check it yourself: inkproof inspect" in ran.stdout
    assert "Deploying the contract" in ran.stderr
    assert f"{SEVEN}: in block 10" in ran.stderr
    assert ran.stderr.endswith("· Stopping the node\n")
    assert "\x1b" not in ran.stdout + ran.stderr
    assert inkproof("node", "status", "--json").json()["running"] is False


def test_a_node_that_is_kept_is_not_said_to_be_stopped(inkproof):
    kept = inkproof("verify", SEVEN, "--model", "compact", "--keep-node")
    assert "Stopping the node" not in kept.stderr
    assert inkproof("node", "status", "--json").json()["running"] is True
    assert "Stopping the node" not in inkproof("deploy", "--model", "compact").stderr


@pytest.mark.exhaustive
def test_the_unrolled_contract_is_verified_too(inkproof):
    ran = inkproof("verify", SEVEN, "--kind", "unrolled", "--json")
    assert ran.returncode == 0, ran.stderr
    chain = ran.json()["chain"]
    assert chain["accepted"]
    assert chain["script_bytes"] > 500_000
    assert chain["network"] == "regtest-raised"
    # The verdict advises `inkproof inspect TXID`, without any option.
    seen = inkproof("inspect", chain["txid"], "--json")
    assert seen.returncode == 0, seen.stderr
    assert (seen.json()["network"], seen.json()["kind"]) == ("regtest-raised", "unrolled")


def test_classify_asks_the_two_local_judges(inkproof):
    ran = inkproof("classify", SEVEN, "--json")
    assert ran.returncode == 0
    verdict = ran.json()
    assert set(verdict) == {"image", "float", "integer", "agree", "sure", "sureness"}
    assert verdict["float"]["digit"] == verdict["integer"]["digit"] == 7
    assert "Both local judges agree: this is a 7." in inkproof("classify", SEVEN).stdout


@pytest.fixture
def bad_images(tmp_path):
    Image.fromarray(np.full((80, 80), 255, np.uint8)).save(tmp_path / "blank.png")
    (tmp_path / "text.png").write_text("this is not a picture")
    whole = SEVEN.read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    return [tmp_path / name for name in ("blank.png", "text.png", "cut.png", "missing.png")]


def test_images_that_cannot_be_read_get_a_line_each_and_nothing_is_sent(inkproof, bad_images):
    ran = inkproof("verify", *bad_images, "--json")
    assert ran.returncode == 2
    assert [list(failed) for failed in ran.lines()] == [["image", "error", "why", "hint"]] * len(bad_images)
    assert ran.stderr.count("error: ") == len(bad_images)
    assert inkproof("history", "--json").stdout == ""
    assert inkproof("node", "status", "--json").json()["height"] is None


def test_a_bad_image_among_good_ones_does_not_stop_them(inkproof, bad_images):
    ran = inkproof("classify", bad_images[0], SEVEN, "--json")
    assert ran.returncode == 2
    assert ran.lines()[1]["integer"]["digit"] == 7


@pytest.mark.usefixtures("verified")
def test_inspecting_what_is_not_there(inkproof):
    ran = inkproof("inspect", "ab" * 32)
    assert ran.returncode == 2
    assert ran.stderr.count("error: ") == 1
    assert "Fetching the transaction" in ran.stderr
    assert "Running the script" not in ran.stderr


def test_what_is_no_txid_is_refused_before_a_node_is_started(inkproof, home):
    ran = inkproof("inspect", "nonsense")
    assert ran.returncode == 2
    assert "'nonsense' is not a txid" in ran.stderr
    assert not (home / "nodes").exists()


def test_a_node_that_is_not_there(inkproof):
    ran = inkproof("verify", SEVEN, "--rpc-url", "http://127.0.0.1:1")
    assert ran.returncode == 2
    assert "No node answers" in ran.stderr
