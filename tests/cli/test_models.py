"""The choice of model on the command line, and the table of all of them."""

import re

import pytest

from app import models
from tests.cli.conftest import SEVEN
from tests.sizes import sized

FEW = ["handwriting", "compact", "mlp-8bit"]
"""One model of each form of arithmetic in Script."""


@pytest.mark.usefixtures("node_kept")
def test_another_model_is_verified_deployed_and_recognised(inkproof):
    ran = inkproof("verify", SEVEN, "--model", "compact", "--json")
    assert ran.returncode == 0, ran.stderr
    chain = ran.json()["chain"]
    assert chain["accepted"] is True
    assert chain["script_bytes"] < 10_000
    # Without --model: the contract in the transaction shows which model it is.
    seen = inkproof("inspect", chain["txid"], "--json").json()
    assert (seen["model"], seen["kind"], seen["accepted"]) == ("compact", "packed", True)
    info = inkproof("contract", "info", "--model", "compact", "--json").json()
    assert seen["model_sha256"] == info["model_sha256"]
    assert info["model"] == "compact"
    shown = inkproof("inspect", chain["txid"]).stdout
    assert re.search(r"^model +compact, sha256", shown, re.MULTILINE)

    assert [entry["model"] for entry in inkproof("history", "--json").lines()] == ["compact"]
    assert "read by compact" in inkproof("history").stdout

    first = inkproof("deploy", "--model", "compact", "--json").json()
    assert first["contract_sha256"] == info["contract_sha256"]
    other = inkproof("deploy", "--json").json()
    assert other["contract_sha256"] != first["contract_sha256"]


def test_inspect_finds_a_claim_of_a_model_that_is_too_big_for_a_default_node(inkproof):
    ran = inkproof("verify", SEVEN, "--model", "mlp", "--keep-node", "--json")
    assert ran.returncode == 0, ran.stderr
    chain = ran.json()["chain"]
    assert chain["network"] == "regtest-raised"
    seen = inkproof("inspect", chain["txid"], "--json")
    assert seen.returncode == 0, seen.stderr
    assert (seen.json()["model"], seen.json()["network"]) == ("mlp", "regtest-raised")
    # A network on the command line overrides the ledger.
    elsewhere = inkproof("inspect", chain["txid"], "--network", "regtest")
    assert elsewhere.returncode == 2
    assert "does not know transaction" in elsewhere.stderr


@sized("names", FEW, list(models.MODELS))
def test_every_model_can_be_described_and_exported(inkproof, tmp_path, names):
    identities = set()
    for name in names:
        model = models.MODELS[name]
        info = inkproof("contract", "info", "--model", name, "--json").json()
        options = ["--model", name, "--owner", "5a" * 20, "-o", tmp_path / name]
        exported = inkproof("contract", "export", *options, "--json").json()
        assert exported["script_bytes"] == info["script_bytes"] == len((tmp_path / name).read_text()) // 2
        assert (info["script_bytes"] > 500_000) is model.raised
        identities.add(info["contract_sha256"])
    assert len(identities) == len(names)


@sized("names", FEW[:2], list(models.MODELS))
def test_contract_info_shows_the_lanes_of_every_model(inkproof, names):
    channel = "channel of a pixel"
    expected = {
        "handwriting": [("neuron", 64), ("neuron", 10)],
        "compact": [(channel, 28 * 24 * 5), (channel, 12 * 8 * 10), ("input", 160)],
        "source": [("neuron", 64), ("neuron", 10)],
        "mlp": [("neuron", 128), ("neuron", 256), ("neuron", 512), ("neuron", 10)],
        "mlp-8bit": [("input", 784), ("input", 128), ("input", 256), ("input", 512)],
        "cnn": [(channel, 28 * 26 * 4), (channel, 13 * 11 * 8), ("input", 1600)],
    }
    assert list(expected) == list(models.MODELS)
    for name in names:
        told = inkproof("contract", "info", "--model", name).stdout
        lanes = inkproof("contract", "info", "--model", name, "--json").json()["lanes"]
        assert [(layer["each"], layer["count"]) for layer in lanes] == expected[name]
        for number, layer in enumerate(lanes, 1):
            assert layer["bits"] == sum(layer["widths"])
            (line,) = [line for line in told.splitlines() if line.startswith(f"lanes, layer {number} ")]
            for part in (
                f"{layer['count']:,} of ",
                f"{layer['widest']} bits in one",
                f"one per {layer['each']}",
            ):
                assert part in line


def test_the_local_judges_read_with_the_chosen_model(inkproof):
    default = inkproof("classify", SEVEN, "--json").json()
    compact = inkproof("classify", SEVEN, "--model", "compact", "--json").json()
    assert default["integer"]["digit"] == compact["integer"]["digit"] == 7
    assert default["integer"]["logits"] != compact["integer"]["logits"]
    assert default["float"]["probabilities"] != compact["float"]["probabilities"]


def test_a_form_or_a_model_that_does_not_exist_is_named(inkproof):
    ran = inkproof("contract", "info", "--model", "compact", "--kind", "unrolled")
    assert ran.returncode == 2
    assert "has no unrolled contract" in ran.stderr
    assert inkproof("contract", "info", "--model", "lenet").returncode == 2


@pytest.mark.exhaustive
def test_evaluate_all_prints_a_row_for_every_model_and_writes_the_page(inkproof, mnist_file, tmp_path):
    page = tmp_path / "docs" / "models.md"
    options = ["--all", "--data", mnist_file, "--limit", "60", "--output", page]
    table = inkproof("evaluate", *options, "--json").json()
    assert (table["images"], table["drawings"]) == (60, 60)
    rows = {row["model"]: row for row in table["models"]}
    assert list(rows) == list(models.MODELS)
    for row in rows.values():
        assert row["integer_accuracy"] > 0.9 and row["drawn_accuracy"] > 0.6
        assert row["node_milliseconds"] > 0
        assert row["policy"] == ("raised" if models.named(row["model"]).raised else "default")
    assert rows["compact"]["script_bytes"] < rows["handwriting"]["script_bytes"] < rows["mlp"]["script_bytes"]
    written = page.read_text(encoding="utf-8")
    for name, row in rows.items():
        assert f"| {name} " in written and f"{row['script_bytes']:,}" in written
    assert "`mlp` 97 %" in written


def test_output_without_all_is_refused(inkproof, tmp_path):
    ran = inkproof("evaluate", "--output", tmp_path / "page.md")
    assert ran.returncode == 2
    assert "Add --all" in ran.stderr


def test_models_show_and_contract_info_report_the_same_margins(inkproof):
    info = inkproof("contract", "info", "--model", "compact", "--json").json()
    assert inkproof("models", "show", "compact", "--json").json()["margins"] == info["margins"]
    shown = inkproof("models", "show", "compact").stdout
    for margin in info["margins"]:
        assert re.search(rf"^{re.escape(margin['what'])} .*{margin['left']:.2%}$", shown, re.MULTILINE)
