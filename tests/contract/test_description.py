"""The committed description is what the compiler makes of the committed source."""

import base64
import hashlib
import io
import json
import shutil
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app import paths
from app.contract import description
from app.contract.compiler import VERSION, compile_source
from app.errors import ContractError

SOURCES = {"classifier": paths.contract_source(), "bounty": paths.bounty_source()}


@pytest.mark.parametrize("name", SOURCES)
def test_a_committed_description_names_the_committed_source(name):
    described = description.load(description.description_path(SOURCES[name]))
    assert described["md5"] == hashlib.md5(SOURCES[name].read_bytes()).hexdigest()
    assert described["compilerVersion"] == VERSION


@pytest.mark.exhaustive
@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize("name", SOURCES)
def test_compiling_a_source_afresh_gives_the_committed_description(name):
    committed = description.description_path(SOURCES[name]).read_text(encoding="utf-8")
    assert description.build(SOURCES[name]) == json.loads(committed)


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
def test_a_source_is_compiled_to_a_description_of_it(tmp_path):
    """A small one: the committed ones, which take seconds, are compiled in `make exhaustive`."""
    source = tmp_path / "small.scrypt"
    source.write_text(
        "contract Small { int wanted; constructor(int wanted) { this.wanted = wanted; } "
        "public function open(int given) { require(given == this.wanted); } }"
    )
    built = description.build(source)
    assert (built["contract"], built["compilerVersion"]) == ("Small", VERSION)
    assert built["md5"] == hashlib.md5(source.read_bytes()).hexdigest()
    opens, made = built["abi"]
    assert (opens["name"], opens["params"]) == ("open", [{"name": "given", "type": "int"}])
    assert [param["name"] for param in made["params"]] == ["wanted"]
    assert "<wanted>" in built["hex"]


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
def test_a_source_that_does_not_compile_is_reported_in_the_compilers_words(tmp_path):
    source = tmp_path / "broken.scrypt"
    source.write_text(paths.contract_source().read_text().replace("loop (9)", "while (true)"))
    with pytest.raises(ContractError, match=r"unexpected|Syntax error"):
        compile_source(source)


class FakeRegistry(ThreadingHTTPServer):
    """A fake: an npm registry that knows one package, whose install script leaves a file behind."""

    def __init__(self, trace):
        super().__init__(("127.0.0.1", 0), FakeRegistryHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        script = f"node -e \"require('fs').writeFileSync('{trace.as_posix()}', '')\""
        self.package = {"name": "scryptc", "version": VERSION, "scripts": {"postinstall": script}}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, text in (("package.json", json.dumps(self.package)), ("scrypt.js", "tampered")):
                entry = tarfile.TarInfo(f"package/{name}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        self.tarball = packed.getvalue()

    def description(self):
        digest = base64.b64encode(hashlib.sha512(self.tarball).digest()).decode()
        dist = {"tarball": f"{self.url}/scryptc.tgz", "integrity": f"sha512-{digest}"}
        version = {**self.package, "hasInstallScript": True, "dist": dist}
        return {"name": "scryptc", "dist-tags": {"latest": VERSION}, "versions": {VERSION: version}}


class FakeRegistryHandler(BaseHTTPRequestHandler):
    def do_GET(self):
        tarball = self.path.endswith(".tgz")
        body = self.server.tarball if tarball else json.dumps(self.server.description()).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if tarball else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing on the terminal."""


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_nothing_of_a_compiler_that_is_another_one_is_run(tmp_path, monkeypatch):
    trace = tmp_path / "it-ran"
    registry = FakeRegistry(trace)
    threading.Thread(target=registry.serve_forever, daemon=True).start()
    monkeypatch.setenv("INKPROOF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("npm_config_registry", registry.url)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(ContractError, match="is not that compiler"):
        compile_source(paths.contract_source())
    registry.shutdown()
    registry.server_close()
    assert not trace.exists()
    assert not (tmp_path / "home" / "scryptc" / VERSION).exists()


def test_a_damaged_description_is_named(tmp_path, monkeypatch):
    path = tmp_path / "digit_classifier.json"
    path.write_text("{")
    monkeypatch.setattr(description, "description_path", lambda *_: path)
    description.load.cache_clear()
    try:
        with pytest.raises(ContractError, match="missing or damaged"):
            description.load()
    finally:
        monkeypatch.undo()
        description.load.cache_clear()


def test_writing_and_reading_a_description(tmp_path):
    path = tmp_path / "d.json"
    description.write({"version": 3}, path)
    assert json.loads(path.read_text()) == {"version": 3}
    assert list(tmp_path.iterdir()) == [path]
