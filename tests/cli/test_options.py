"""Options out of bounds, or that exclude each other, are refused before anything else happens."""

import pytest

from app.cli.parser import build_parser


@pytest.mark.parametrize(
    "arguments",
    [
        *(["history", "--limit", text] for text in ("0", "-3", "9" * 20, "1_0", "٣", "9" * 5000)),
        ["evaluate", "--limit", "0"],
        ["train", "--seed", "-1"],
        ["train", "--seed", str(2**32)],
        ["train", "--epochs", "0"],
        ["verify", "x.png", "--daily-limit", "-1"],
        ["window", "--daily-limit", "1.5"],
    ],
)
def test_a_number_out_of_bounds_is_refused_with_the_bounds(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(arguments)
    assert ended.value.code == 2
    assert "is not a whole number from " in capsys.readouterr().err


def test_numbers_at_their_bounds_are_taken():
    parse = build_parser().parse_args
    assert parse(["history", "--limit", "1"]).limit == 1
    assert parse(["train", "--seed", "0"]).seed == 0
    assert parse(["train", "--seed", str(2**32 - 1)]).seed == 2**32 - 1
    assert parse(["deploy", "--daily-limit", "0"]).daily_limit == 0
    assert parse(["deploy", "--daily-limit", str(21 * 10**14)]).daily_limit == 21 * 10**14


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--all", "--model", "cnn"], "--all measures every model"),
        (["--drawings", "drawn.json", "--data", "mnist.npz"], "Both --drawings and --data"),
        (["--pens", "pens.npz", "--data", "mnist.npz"], "Both --pens and --data"),
    ],
)
def test_evaluate_ignores_no_option(inkproof, arguments, words):
    ran = inkproof("evaluate", *arguments)
    assert ran.returncode == 2
    assert words in ran.stderr


def test_the_environment_names_the_data_set(inkproof, monkeypatch, tmp_path):
    monkeypatch.setenv("INKPROOF_MNIST", str(tmp_path / "elsewhere.npz"))
    for command in (["evaluate"], ["train", "--output", tmp_path / "made"]):
        ran = inkproof(*command)
        assert ran.returncode == 2
        assert "elsewhere.npz" in ran.stderr
    # It is no choice that excludes another.
    ran = inkproof("evaluate", "--drawings", tmp_path / "none.json")
    assert "none.json" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "No image is named"),
        (["--count", "5"], "No image is named"),
        (["seven.png", "--data", "mnist.npz"], "Both images and a data set"),
        (["seven.png", "--count", "5"], "Both images and a data set"),
        (["--data", "none.npz"], "There is no data set at none.npz"),
    ],
)
def test_verify_takes_either_images_or_a_data_set(inkproof, home, arguments, words):
    ran = inkproof("verify", *arguments)
    assert ran.returncode == 2
    assert words in ran.stderr
    assert not (home / "nodes").exists()
