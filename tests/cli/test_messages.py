"""What commands say: suggestions, JSON for errors, articles, quiet, narrow and plain terminals."""

from __future__ import annotations

import pytest
from PIL import Image

from app.cli import judging, output
from app.text import with_article
from tests.cli.conftest import SEVEN


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["verfy", SEVEN], "'verify'"),
        (["wallet", "balanse"], "'balance'"),
        (["node", "strat"], "'start'"),
        (["deploy", "--network", "tesnet"], "'testnet'"),
        (["verify", SEVEN, "--cliam", "4"], "'--claim'"),
        (["history", "--jsno"], "'--json'"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(inkproof, arguments, meant):
    ran = inkproof(*arguments)
    assert ran.returncode == 2
    assert f"did you mean {meant}?" in ran.stderr


def test_a_mistyped_model_is_answered_with_the_one_that_was_meant(inkproof):
    ran = inkproof("classify", SEVEN, "--model", "compct")
    assert ran.returncode == 2
    assert "Did you mean compact?" in ran.stderr


def test_a_word_that_is_near_no_command_is_answered_without_a_suggestion(inkproof):
    ran = inkproof("xyzzy")
    assert ran.returncode == 2
    assert "verify" in ran.stderr and "did you mean" not in ran.stderr


@pytest.mark.parametrize("claim", ["abc", "10", "-1", "", "7.0", "٣"])
def test_a_claim_that_is_not_a_digit_is_refused_with_the_range_of_digits(inkproof, claim):
    ran = inkproof("verify", SEVEN, f"--claim={claim}")
    assert ran.returncode == 2
    assert "is not a whole number from 0 to 9" in ran.stderr


@pytest.mark.parametrize(
    ("number", "words"),
    [
        *((0, "a"), (1, "a"), (7, "a"), (8, "an"), (9, "a"), (-8, "a"), (11, "an"), (18, "an"), (80, "an")),
        *((100, "a"), (118, "a"), (1100, "a"), (8000, "an"), (11_000, "an")),
    ],
)
def test_a_number_has_the_article_of_its_spoken_name(number, words):
    assert with_article(number) == f"{words} {number}"


def test_an_eight_is_an_8(inkproof, mnist, tmp_path):
    Image.fromarray(mnist.x_test[mnist.y_test == 8][1]).save(tmp_path / "eight.png")
    ran = inkproof("classify", tmp_path / "eight.png")
    assert "✓ Both local judges agree: this is an 8." in ran.stdout


def test_an_image_is_read_from_standard_input(inkproof):
    by_name = inkproof("classify", SEVEN, "--json").json()
    ran = inkproof("classify", "-", "--json", input=SEVEN.read_bytes())
    assert ran.json() == {**by_name, "image": "standard input"}
    for given, words in (
        (b"", "Standard input is empty."),
        (b"no picture", "Standard input is not a picture."),
    ):
        refused = inkproof("classify", "-", input=given)
        assert refused.returncode == 2
        assert words in refused.stderr
    twice = inkproof("classify", "-", "-", input=SEVEN.read_bytes())
    assert (twice.returncode, "once" in twice.stderr) == (2, True)


def test_an_error_is_an_object_for_a_program(inkproof, tmp_path):
    ran = inkproof("inspect", "nonsense", "--json")
    assert ran.returncode == 2
    assert ran.json()["error"] == "'nonsense' is not a txid."
    assert ran.json()["hint"]
    ran = inkproof("evaluate", "--data", SEVEN, "--json")
    assert ran.json()["error"]
    assert inkproof("inspect", "nonsense").stdout == ""


def test_an_image_that_cannot_be_read_is_an_object_among_verdicts(inkproof, tmp_path):
    missing = tmp_path / "missing.png"
    ran = inkproof("classify", missing, SEVEN, "--json")
    assert ran.returncode == 2
    failed, verdict = ran.lines()
    assert failed == {
        "image": str(missing),
        "error": f"{missing} is not there.",
        "why": "No file has that name.",
        "hint": "Check the path.",
    }
    assert verdict["integer"]["digit"] == 7
    assert f"error: {missing} is not there." in ran.stderr


def test_quiet_leaves_results_and_errors(inkproof, tmp_path):
    loud = inkproof("classify", SEVEN)
    quiet = inkproof("classify", SEVEN, "--quiet")
    assert "Loading the float model" in loud.stderr
    assert (quiet.stdout, quiet.stderr) == (loud.stdout, "")
    assert "is not there" in inkproof("classify", tmp_path / "missing.png", "-q").stderr


def test_a_passphrase_of_blanks_is_refused(inkproof, home, tmp_path, monkeypatch):
    inkproof("wallet", "address")
    key = (home / "wallet-regtest.wif").read_text()
    for blank in (" ", "\t  ", ""):
        file = tmp_path / "passphrase"
        file.write_text(blank + "\n")
        file.chmod(0o600)
        monkeypatch.setenv("INKPROOF_PASSPHRASE_FILE", str(file))
        ran = inkproof("wallet", "encrypt")
        assert ran.returncode == 2
        assert "An empty or blank passphrase protects nothing." in ran.stderr
        assert (home / "wallet-regtest.wif").read_text() == key


# --- terminals ---


def drawing_in(text: str) -> list[str]:
    """The lines that begin with 28 characters of a picture."""
    return [line for line in text.splitlines() if len(line) >= 28 and set(line[:28]) <= set(" .:-=+*#%@")]


def test_words_are_beside_the_picture_where_there_is_room_and_below_it_where_there_is_not(
    inkproof, monkeypatch
):
    printed = {}
    for width in (80, 40, 20):
        monkeypatch.setattr(output.out, "width", width)
        printed[width] = inkproof("classify", SEVEN).stdout
        assert "float     7  probability" in printed[width]
        assert "…" not in printed[width]
    assert len(drawing_in(printed[80])) == 14
    assert [line[31:36] for line in printed[80].splitlines()[1:3]] == ["float", "integ"]
    # Whole, with nothing to its right.
    assert [line.rstrip() for line in drawing_in(printed[40])] == [
        line[:28].rstrip() for line in drawing_in(printed[80])
    ]
    assert drawing_in(printed[20]) == []


@pytest.mark.parametrize(("no_color", "blocks"), [("", True), ("1", False)])
def test_without_colours_a_picture_is_drawn_in_characters(inkproof, monkeypatch, no_color, blocks):
    for name, value in {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "NO_COLOR": no_color}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(judging, "out", output.PlainConsole())
    printed = inkproof("classify", SEVEN).stdout
    assert (printed.count("▀") == 28 * 14) is blocks
    assert ("@" in printed) is not blocks


def test_an_encoding_that_lacks_the_marks_has_others(inkproof):
    ran = inkproof("classify", SEVEN, encoding="ascii")
    assert "[ok] Both local judges agree: this is a 7." in ran.stdout
    assert "* Loading the float model" in ran.stderr
    assert "?" not in ran.stdout + ran.stderr
