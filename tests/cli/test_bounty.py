"""Two people on one node, each with a data folder of her own, and nothing but the command line."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from app import paths
from app.chain.networks import REGTEST
from app.chain.wallet.key import Wallet
from app.training.data import load_mnist
from tests.chain.conftest import give
from tests.cli.conftest import SEVEN, Ran, call
from tests.conftest import Regtest
from tests.faults import world


class Person:
    """Somebody at a terminal: a data folder, and the node that both use."""

    def __init__(self, folder: Path, regtest: Regtest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._url = regtest.rpc.url
        known = world.conf(regtest.node)
        self._user, self._password = known["rpcuser"], known["rpcpassword"]
        self._monkeypatch = monkeypatch

    def __call__(self, *arguments: object, chain: bool = True) -> Ran:
        with self._monkeypatch.context() as patched:
            patched.setenv("INKPROOF_HOME", str(self.folder))
            patched.setenv("INKPROOF_RPC_USER", self._user)
            patched.setenv("INKPROOF_RPC_PASSWORD", self._password)
            return call(*arguments, *(["--rpc-url", self._url] if chain else []))

    def json(self, *arguments: object, chain: bool = True):
        """What a command answers; it has to succeed."""
        ran = self(*arguments, "--json", chain=chain)
        assert ran.returncode == 0, ran.stderr
        return ran.json()


@pytest.fixture
def people(regtest, tmp_path, monkeypatch):
    """Two people with coins: each would else mine a hundred blocks, which all accounts read."""
    folders = [tmp_path / name for name in ("anna", "ben")]
    for folder in folders:
        give(regtest, Wallet.load_or_create(folder, REGTEST), 400_000)
    return [Person(folder, regtest, monkeypatch) for folder in folders]


def post(person: Person, *more: object):
    terms = ("--digit", 7, "--reward", 20_000, "--margin", 0.9, "--until", "+400")
    return person.json("bounty", "post", *terms, *more)


def earn(poster: Person, claimant: Person) -> None:
    """A bounty for a seven is posted by one and paid to the other."""
    posted = post(poster)
    claimant.json("bounty", "list", "--bounty", posted["bounty"])
    claimant.json("bounty", "commit", SEVEN)
    claimant.json("bounty", "reveal")


def test_one_person_posts_and_another_earns_and_the_image_becomes_a_data_set(people, tmp_path):
    anna, ben = people
    posted = post(anna)
    assert (posted["status"], posted["ours"]) == ("open", True)
    assert 0.9 <= posted["sureness"] < 0.92, "rounded up to whole logits"
    found = ben.json("bounty", "list", "--bounty", posted["bounty"])
    assert (found["status"], found["ours"], found["reward"]) == ("open", False, 20_000)
    # Known from now on, and the only one that suits.
    held = ben.json("bounty", "commit", SEVEN)
    assert (held["status"], held["holds"]) == ("committed", 22_000)
    assert anna.json("bounty", "list")["status"] == "committed"
    assert anna.json("bounty", "list")["held_by_us"] is False
    balance = ben.json("wallet", "balance")["satoshis"]
    paid = ben.json("bounty", "reveal")
    assert (paid["status"], paid["step"]) == ("paid", "reveal")
    assert ben.json("wallet", "balance")["satoshis"] >= balance + 22_000 - paid["fee"]
    seen = anna.json("bounty", "list")
    assert (seen["status"], seen["txid"]) == ("paid", paid["txid"])
    # One image alone is no data set; two are.
    alone = anna("bounty", "collect", "-o", tmp_path / "paid.npz")
    assert alone.returncode == 2 and "1 paid image is no data set" in alone.stderr


def test_what_is_collected_is_what_training_reads(people, tmp_path):
    anna, ben = people
    earn(anna, ben)
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (5, 28, 28), np.uint8)
    digits = np.arange(5, dtype=np.uint8)
    base = tmp_path / "base.npz"
    np.savez(base, x_train=images, y_train=digits, x_test=images, y_test=digits)
    target = tmp_path / "more.npz"
    facts = anna.json("bounty", "collect", "-o", target, "--data", base)
    assert facts["training"] == 6
    data = load_mnist(target)
    assert data.y_train.tolist() == [0, 1, 2, 3, 4, 7]
    assert np.array_equal(data.x_test, images)
    assert data.x_train[5].any()
    # Ben posted none; the paid one is collected where others' are asked for.
    none = ben("bounty", "collect", "-o", target, "--data", base)
    assert none.returncode == 2 and "0 paid images are no data set" in none.stderr
    assert ben.json("bounty", "collect", "-o", target, "--data", base, "--all")["training"] == 6


@pytest.mark.exhaustive
def test_a_model_is_trained_on_what_is_collected(people, tmp_path):
    anna, ben = people
    earn(anna, ben)
    images = np.random.default_rng(1).integers(0, 256, (40, 28, 28), np.uint8)
    digits = (np.arange(40) % 10).astype(np.uint8)
    base, target = tmp_path / "base.npz", tmp_path / "more.npz"
    np.savez(base, x_train=images, y_train=digits, x_test=images[:10], y_test=digits[:10])
    anna.json("bounty", "collect", "-o", target, "--data", base)
    command = ("train", "--recipe", "source", "--epochs", 1)
    trained = {
        file: anna.json(*command, "--data", file, "--output", tmp_path / file.stem, chain=False)
        for file in (base, target)
    }
    assert (tmp_path / "more" / "integers.npz").is_file()
    # With one seed only the paid image can make the difference.
    assert trained[target]["model_sha256"] != trained[base]["model_sha256"]


def test_a_bounty_runs_its_other_ways_too(people, regtest):
    anna, ben = people
    posted = post(anna, "--window", 3, "--deposit", 1_500, "--until", "+150")
    early = anna("bounty", "reclaim")
    assert early.returncode == 2 and "has not ended" in early.stderr
    ben.json("bounty", "list", "--bounty", posted["bounty"])
    held = ben.json("bounty", "commit", SEVEN, "--bounty", posted["bounty"])
    soon = ben("bounty", "reopen")
    assert soon.returncode == 2 and "has not expired" in soon.stderr
    regtest.backend.mine(regtest.wallet.address, held["expires"] - held["block"])
    opened = anna.json("bounty", "reopen", "--bounty", posted["number"])
    assert (opened["status"], opened["holds"]) == ("open", 21_500)
    several = ben("bounty", "reveal")
    assert several.returncode == 2 and "No bounty that is known here suits that" in several.stderr
    post(anna)
    which = anna("bounty", "commit", SEVEN)
    assert which.returncode == 2 and "Several bounties could be meant. 1, 2" in which.stderr
    regtest.backend.mine(regtest.wallet.address, 150)
    ended = anna.json("bounty", "reclaim", "--bounty", 1)
    assert (ended["status"], ended["step"]) == ("reclaimed", "reclaim")
    text = anna("bounty", "list").stdout
    assert "reclaimed" in text and "open" in text and posted["bounty"] in text


def test_terms_that_make_no_bounty_are_refused_in_words(people):
    anna, _ = people
    terms = ("--digit", 7, "--reward", 20_000, "--until", "+60")
    for changes, words in (
        (("--margin", 0.5), "is no margin"),
        (("--margin", "nan"), "is no margin"),
        (("--until", "soon"), "is no block"),
        (("--until", 1), "ended already"),
        (("--reward", 1), "worth too little"),
        (("--model", "mlp"), "too big for a bounty"),
        (("--until", 600_000_000), "last block is a height"),
    ):
        ran = anna("bounty", "post", *terms, *changes)
        assert (ran.returncode, words in ran.stderr) == (2, True), (changes, ran.stderr)
    assert anna("bounty", "list", "--json").stdout == ""


def test_the_costs_of_every_step_are_printed_without_a_chain():
    rows = call("bounty", "costs", "--json").json()
    assert rows["compact"]["sizes"]["commit"] < 20_000 < rows["cnn"]["sizes"]["commit"]
    assert rows["mlp"]["refusal"] and not rows["mlp"]["sizes"]
    assert rows["compact"]["fees_at_100"]["reveal"] == 102
    shown = call("bounty", "costs")
    assert "reclaim" in shown.stdout


def another_model(folder: Path) -> Path:
    """A Keras file like the one that ships, but for one bias: a model that nobody has."""
    with zipfile.ZipFile(paths.model_folder("source") / "model.keras") as archive:
        archive.extractall(folder)
    with h5py.File(folder / "model.weights.h5", "r+") as weights:
        biases: list[h5py.Dataset] = []

        def note(_name: str, item: h5py.Dataset) -> None:
            if getattr(item, "shape", None) == (10,):
                biases.append(item)

        weights.visititems(note)
        biases[-1][0] += 0.01
    made = folder / "mine.keras"
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("metadata.json", "config.json", "model.weights.h5"):
            archive.write(folder / name, name)
    return made


def import_another_way(one: Person, other: Person, name: str) -> None:
    """What the import of the same file under another name leaves, without the work."""
    shutil.copytree(one.folder / "models", other.folder / "models")
    (described,) = (other.folder / "models").glob("*/meta.json")
    described.write_text(json.dumps(json.loads(described.read_text()) | {"name": name}))


@pytest.mark.slow
def test_an_imported_model_pays_between_people_who_have_both_imported_it(people, tmp_path):
    anna, ben = people
    terms = ("--digit", 7, "--reward", 90_000, "--until", "+400", "--model", "mine")
    file = another_model(tmp_path)
    anna.json("import", file, "--name", "mine", "--no-node", chain=False)
    posted = anna.json("bounty", "post", *terms)
    assert posted["model"] == "mine"
    unknown = ben("bounty", "list", "--bounty", posted["bounty"])
    assert (unknown.returncode, "is not known here" in unknown.stderr) == (2, True), unknown.stderr
    import_another_way(anna, ben, "hers")
    assert ben.json("bounty", "list", "--bounty", posted["bounty"])["model"] == "hers"
    assert ben.json("bounty", "commit", SEVEN)["status"] == "committed"
    assert ben.json("bounty", "reveal")["status"] == "paid"
