"""The commands around the judges: contract, evaluate, train, deploy, node; and their help."""

import json
import subprocess
import sys

import numpy as np
import pytest
from bitcoinx import P2PKH_Address

from app import paths
from app.chain.networks import TESTNET
from app.contract import description
from app.fixedpoint import load
from app.training.pens import load_pens
from tests.cli.conftest import SEVEN
from tests.sizes import sized


def test_every_command_has_help(inkproof):
    top = inkproof("--help")
    assert "first steps:" in top.stdout
    assert "exit status: 0 all judges agree, 1 a judge disagrees, 2 an error" in top.stdout
    for command in ("verify", "classify", "evaluate", "train", "deploy", "history", "inspect"):
        assert command in top.stdout
        assert "--json" in inkproof(command, "--help").stdout
    for action in ("build", "info", "export"):
        assert "--json" in inkproof("contract", action, "--help").stdout
    for action in ("status", "start", "stop"):
        assert "--json" in inkproof("node", action, "--help").stdout


@pytest.mark.parametrize(
    "arguments", [["fly"], ["classify"], ["verify", SEVEN, "--claim", "10"], ["contract"]]
)
def test_a_command_that_cannot_be_parsed_prints_its_usage(inkproof, arguments):
    ran = inkproof(*arguments)
    assert ran.returncode == 2
    assert "usage: inkproof" in ran.stderr


@pytest.mark.parametrize("arguments", [[], ["window"], ["window", "--model", "compact"]])
def test_the_window_opens_with_the_chosen_model(monkeypatch, arguments):
    from app.cli import main
    from app.window import app

    opened = []
    monkeypatch.setattr(app, "run", lambda options: opened.append(options) or 0)
    assert main(arguments) == 0
    assert opened[0].model == ("compact" if len(arguments) > 1 else "handwriting")


@pytest.mark.parametrize("name", ["a[bold].hex", "d[/x].hex", "e[red]f.hex", ":smile:.hex"])
def test_names_are_printed_as_they_are(inkproof, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    ran = inkproof("contract", "export", "--model", "compact", "-o", tmp_path / name)
    assert ran.returncode == 0
    assert (tmp_path / name).is_file()
    assert name in ran.stdout


@pytest.mark.parametrize("more", [[], pytest.param(["--json"], marks=pytest.mark.exhaustive)])
def test_a_closed_pipe_ends_the_command_without_a_message(more):
    """`inkproof … | head -0`: exit status 2, not the 1 of a judge that disagrees."""
    command = [sys.executable, "-m", "app", "contract", "info", "--model", "compact", *more]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 2


@pytest.mark.parametrize(
    ("model", "kind"),
    [("compact", "packed"), pytest.param("handwriting", "unrolled", marks=pytest.mark.exhaustive)],
)
def test_contract_info_is_computed_from_the_script_that_export_writes(inkproof, tmp_path, model, kind):
    owner, chosen = "5a" * 20, ("--model", model, "--kind", kind, "--json")
    info = inkproof("contract", "info", *chosen).json()
    exported = inkproof("contract", "export", *chosen, "--owner", owner, "-o", tmp_path / "x").json()
    script = bytes.fromhex((tmp_path / "x").read_text())
    assert len(script) == info["script_bytes"] == exported["script_bytes"]
    assert bytes.fromhex(owner) in script
    assert info["fees"] == {"1": -(-len(script) // 1000), "100": -(-len(script) // 10)}
    assert info["margins"][0]["left"] == 1 - len(script) / 500_000
    assert info["contract_sha256"] == exported["contract_sha256"]
    assert (info["lanes"] == []) is (kind == "unrolled")


def test_contract_info_reports_how_near_the_contract_is_to_each_limit(inkproof):
    table = inkproof("contract", "info", "--model", "compact").stdout.partition("limits of a node")[2]
    assert [line.split("  ")[0] for line in table.splitlines()[1:]] == [
        *("script, bytes", "longest number, bytes", "memory, bytes"),
        *("time in a node, ms", "opcodes (Teranode)"),
    ]
    assert "not measured" not in table
    raised = inkproof("contract", "info", "--model", "mlp").stdout
    assert raised.count("exceeded") == 1


ADDRESS, ITS_HASH = "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "7680adec8eabcabac676be9e83854ade0bd22cdb"


@pytest.mark.parametrize(
    "owner",
    [
        ITS_HASH,
        ADDRESS,
        f" {ADDRESS} ",
        pytest.param(str(P2PKH_Address(bytes.fromhex(ITS_HASH), TESTNET.keys).to_string()), id="testnet"),
    ],
)
def test_export_takes_the_owners_address_or_public_key_hash(inkproof, tmp_path, owner):
    ran = inkproof(
        "contract", "export", "--model", "compact", "--owner", owner, "-o", tmp_path / "x", "--json"
    )
    assert ran.json()["owner"] == ITS_HASH


@pytest.mark.parametrize("owner", ["", "5a" * 19, ADDRESS[:-1] + "U", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"])
def test_export_refuses_an_invalid_owner_and_explains_the_valid_forms(inkproof, tmp_path, owner):
    ran = inkproof("contract", "export", "--model", "compact", "--owner", owner, "-o", tmp_path / "x")
    assert ran.returncode == 2
    assert "neither an address nor the HASH160 of a public key" in ran.stderr
    assert not (tmp_path / "x").exists()


def test_export_without_an_owner_takes_the_wallets_key(inkproof, tmp_path):
    export = ("contract", "export", "--model", "compact", "-o", tmp_path / "x", "--json")
    address = inkproof("wallet", "address").stdout.strip()
    owner = inkproof(*export).json()["owner"]
    assert owner == inkproof(*export, "--owner", address).json()["owner"]


def test_export_writes_to_standard_output(inkproof):
    ran = inkproof("contract", "export", "--model", "compact", "--owner", ITS_HASH, "-o", "-")
    assert bytes.fromhex(ITS_HASH) in bytes.fromhex(ran.stdout)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("compiler")
def test_compiling_the_sources_afresh_gives_the_committed_descriptions(inkproof):
    files = [description.description_path(source) for source in (None, paths.bounty_source())]
    before = [file.read_bytes() for file in files]
    built = inkproof("contract", "build", "--json").json()
    assert built["changed"] is False and built["bounty"]["changed"] is False
    assert [file.read_bytes() for file in files] == before


@sized("count", 100, 200)
def test_evaluate_counts_what_both_engines_read(inkproof, mnist_file, count):
    figures = inkproof("evaluate", "--data", mnist_file, "--limit", count, "--json").json()
    assert set(figures) == {"images", "float_accuracy", "integer_accuracy", "agreement", "different"}
    assert figures["images"] == count
    assert figures["float_accuracy"] >= 0.97
    assert figures["integer_accuracy"] >= 0.97
    assert figures["different"] == round((1 - figures["agreement"]) * count)
    assert "same class" in inkproof("evaluate", "--data", mnist_file, "--limit", "10").stdout


def test_evaluate_refuses_a_file_that_is_no_data_set(inkproof):
    assert inkproof("evaluate", "--data", SEVEN).returncode == 2


@sized("again", False, True)
def test_train_writes_model_integers_and_report(inkproof, tmp_path, again):
    """The same again where all is proved."""
    rng = np.random.default_rng(1)
    labels = np.arange(300) % 10
    pictures = rng.integers(0, 30, (300, 28, 28)).astype(np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        picture[4 + 2 * label : 6 + 2 * label, 5:23] = 255
    data = tmp_path / "bars.npz"
    digits = labels.astype(np.uint8)
    np.savez(data, x_train=pictures, y_train=digits, x_test=pictures[:100], y_test=digits[:100])
    folder = tmp_path / "trained"
    options = ["--recipe", "source", "--epochs", "2", "--data", data, "--output", folder]
    told = inkproof("train", *options)
    for epoch in ("1", "2"):
        assert told.stderr.count(f"model: epoch {epoch} of 2") == 1, "a pipe gets one line per epoch"
    assert {"model.keras", "integers.npz", "report.json", "curves.png", "confusion.png"} <= {
        path.name for path in folder.iterdir()
    }
    assert json.loads((folder / "report.json").read_text())["epochs"] == 2
    first = load(folder / "integers.npz").sha256
    assert f"sha256 {first}" in " ".join(told.stdout.split())
    if again:
        assert inkproof("train", *options, "--json").json()["model_sha256"] == first


def test_train_overwrites_weights_that_ship_only_if_told_to(inkproof):
    ran = inkproof("train", "--data", "none.npz")
    assert ran.returncode == 2 and "--output DIR" in ran.stderr and "--replace-shipped" in ran.stderr
    ran = inkproof("train", "--output", "somewhere", "--replace-shipped")
    assert ran.returncode == 2 and "Both --output and --replace-shipped" in ran.stderr


def test_pens_makes_a_pen_file_of_labelled_segments(inkproof, tmp_path):
    written = [
        f'.SEGMENT DIGIT {number} ? "{number % 10}"\n.COMMENT {number % 10} {number // 10} {number}\n'
        f".PEN_DOWN\n 0 0\n {number} 90\n.PEN_UP\n"
        for number in range(40)
    ]
    source = tmp_path / "uci" / "pendigits-orig.tra"
    source.parent.mkdir()
    source.write_text("".join(written))
    told = inkproof("pens", source, "--output", tmp_path / "pens.npz", "--json").json()
    assert (told["characters"], told["writers"], told["each"]["7"]) == (40, 4, 4)
    pens = load_pens(tmp_path / "pens.npz", digits=True)
    assert len(pens) == 40 and set(pens.source) == {"uci"}
    none = inkproof("pens", source, "--others", "--output", tmp_path / "none.npz")
    assert none.returncode == 2 and "None of the files" in none.stderr


@pytest.mark.parametrize(
    "arguments", [["train"], ["bench"], ["evaluate", "--all"], ["evaluate", "--all", "--data", "missing.npz"]]
)
def test_a_place_that_cannot_be_written_is_refused_before_the_work(inkproof, tmp_path, arguments):
    file = tmp_path / "file"
    file.write_text("no folder")
    ran = inkproof(*arguments, "--output", file / "in" / "it")
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: Nothing can be written to ")
    assert "--output" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count", 5], "--count counts the images of --chain"),
        (["--chain", "missing.npz"], "no data set at"),
    ],
)
def test_a_bench_refuses_what_it_cannot_measure_before_the_work(inkproof, arguments, words):
    ran = inkproof("bench", *arguments)
    assert ran.returncode == 2 and words in ran.stderr


@pytest.mark.usefixtures("node_kept")
def test_deploy_is_done_once_and_then_found(inkproof):
    first = inkproof("deploy", "--json").json()
    assert first["network"] == "regtest"
    assert inkproof("deploy", "--json").json()["outpoint"] == first["outpoint"]


def test_the_node_is_started_kept_used_and_stopped(inkproof):
    assert inkproof("node", "status", "--json").json()["running"] is False
    started = inkproof("node", "start", "--json").json()
    assert started["answering"]
    inkproof("deploy")
    again = inkproof("node", "status", "--json").json()
    assert (again["running"], again["pid"]) == (True, started["pid"])
    assert inkproof("node", "stop", "--json").json() == {"stopped": True}
    assert inkproof("node", "stop").stdout == "No node was running.\n"
