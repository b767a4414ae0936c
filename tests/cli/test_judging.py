"""`verify`, `classify`, `history` and `inspect` as a person meets them."""

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import SEVEN


def test_three_judges_agree_and_a_third_person_can_check(inkproof):
    ran = inkproof("verify", SEVEN, "--json")
    assert ran.returncode == 0, ran.stderr
    verdict = ran.json()
    assert set(verdict) == {"image", "float", "fixed", "chain", "agree"}
    assert set(verdict["chain"]) == {
        *("network", "txid", "claimed", "accepted", "reason", "block", "fee", "script_bytes"),
    }
    assert verdict["image"] == str(SEVEN)
    assert verdict["float"]["digit"] == verdict["fixed"]["digit"] == verdict["chain"]["claimed"] == 7
    assert len(verdict["float"]["probabilities"]) == 10
    assert all(type(logit) is int for logit in verdict["fixed"]["logits"])
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
    assert "The script accepts" in shown.stdout

    cheat = inkproof("verify", SEVEN, "--claim", "4", "--json")
    assert cheat.returncode == 1
    refused = cheat.json()
    assert (refused["chain"]["claimed"], refused["chain"]["accepted"]) == (4, False)
    assert "script-verify-flag-failed" in refused["chain"]["reason"]
    assert refused["agree"] is False

    past = inkproof("history", "--json").lines()
    assert [entry["state"] for entry in past] == ["refused", "confirmed"]
    assert past[1]["txid"] == verdict["chain"]["txid"]
    assert "confirmed in block" in inkproof("history").stdout
    assert inkproof("inspect", past[0]["txid"]).returncode == 2
    assert inkproof("node", "status", "--json").json()["running"] is False


def test_ten_digits_of_ten_classes_are_all_confirmed(inkproof, mnist, tmp_path):
    paths = []
    for digit in range(10):
        path = tmp_path / f"{digit}.png"
        Image.fromarray(mnist.x_test[mnist.y_test == digit][1]).save(path)
        paths.append(path)
    ran = inkproof("verify", *paths, "--json")
    verdicts = ran.lines()
    assert [verdict["fixed"]["digit"] for verdict in verdicts] == list(range(10))
    assert all(verdict["chain"]["block"] for verdict in verdicts)
    assert len({verdict["chain"]["txid"] for verdict in verdicts}) == 10
    assert ran.returncode == 0


def test_the_verdict_in_words(inkproof):
    ran = inkproof("verify", SEVEN)
    assert "✓ All three judges agree: this is a 7." in ran.stdout
    assert "check it yourself: inkproof inspect" in ran.stdout
    assert "Deploying the contract" in ran.stderr
    assert "\x1b" not in ran.stdout + ran.stderr


def test_the_unrolled_contract_is_verified_too(inkproof):
    ran = inkproof("verify", SEVEN, "--kind", "unrolled", "--json")
    assert ran.returncode == 0, ran.stderr
    chain = ran.json()["chain"]
    assert chain["accepted"]
    assert chain["script_bytes"] > 500_000
    assert chain["network"] == "regtest-raised"
    # As the verdict says: "check it yourself: inkproof inspect TXID", without any option.
    seen = inkproof("inspect", chain["txid"], "--json")
    assert seen.returncode == 0, seen.stderr
    assert (seen.json()["network"], seen.json()["kind"]) == ("regtest-raised", "unrolled")


def test_classify_asks_the_two_local_judges(inkproof):
    ran = inkproof("classify", SEVEN, "--json")
    assert ran.returncode == 0
    verdict = ran.json()
    assert set(verdict) == {"image", "float", "fixed", "agree"}
    assert verdict["float"]["digit"] == verdict["fixed"]["digit"] == 7
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
    assert ran.stdout == ""
    assert ran.stderr.count("error: ") == len(bad_images)
    assert inkproof("history", "--json").stdout == ""
    assert inkproof("node", "status", "--json").json()["height"] is None


def test_a_bad_image_among_good_ones_does_not_stop_them(inkproof, bad_images):
    ran = inkproof("classify", bad_images[0], SEVEN, "--json")
    assert ran.returncode == 2
    assert ran.json()["fixed"]["digit"] == 7


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
