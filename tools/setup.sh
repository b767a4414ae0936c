#!/bin/sh
# Make a Python environment from the locked versions: tools/setup.sh run|dev|freeze FOLDER
#
# 1. uv: the one on PATH, else fetched into build/uv.
# 2. A Python: the one named in PYTHON; else 3.11, which uv downloads where it is missing; else 3.10, 3.12 or 3.13.
# 3. Whether every library has a build for that Python, or can be compiled. If not, a message and exit status 2:
#    nothing is installed before this point.
# 4. The libraries, by version and hash, and Inkproof itself.
# 5. Bytecode of the libraries: without it, every program that cannot write it compiles them again when it starts.
set -u
cd "$(dirname "$0")/.." || exit 2
. tools/uv.sh

KIND=$1
FOLDER=$2
LOCK=requirements/$KIND.txt

# The only library with C code that has no wheel for some Python we support: wheels for 3.10 and 3.11 only.
COMPILED=electrumsv-secp256k1

# Path of the interpreter that answers to a name or version, without a download.
find_python() {
  "$UV" python find --system --no-python-downloads "$1" 2>/dev/null
}

version_of() {
  "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# What a compiler run of COMPILED needs and this machine lacks, as words.
missing_tools() {
  missing=
  command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || missing="$missing, a C compiler"
  for tool in autoconf automake libtoolize pkg-config; do
    command -v "$tool" >/dev/null 2>&1 && continue
    [ "$tool" = libtoolize ] && command -v glibtoolize >/dev/null 2>&1 && continue
    missing="$missing, $tool"
  done
  "$1" -c 'import os, sys, sysconfig
sys.exit(not os.path.isfile(os.path.join(sysconfig.get_paths()["include"], "Python.h")))' >/dev/null 2>&1 ||
    missing="$missing, Python's headers"
  printf '%s\n' "${missing#, }"
}

# Whether the lock can be installed with this Python. Otherwise WHY says what is in the way, HINT what to do.
is_suited() {
  nowhere=$(mktemp -d)
  words=$("$UV" pip install --python "$1" --target "$nowhere" --dry-run --no-deps --require-hashes \
    --only-binary "$COMPILED" -r "$LOCK" 2>&1)
  answer=$?
  rm -rf "$nowhere"
  [ "$answer" != 0 ] || return 0
  case $words in
    *"no usable wheels"* | *"building from source is disabled"*)
      missing=$(missing_tools "$1")
      if [ -z "$missing" ]; then
        say "Compiling $COMPILED for Python $(version_of "$1"): a minute or two"
        return 0
      fi
      WHY="$COMPILED has no ready build for Python $(version_of "$1"), and to compile it there is no: $missing."
      HINT="Install Python 3.11, or what is missing, then run the command again. $PACKAGES"
      ;;
    *)
      WHY=$(printf '%s\n' "$words" | sed -n 's/^ *cause: //p' | tail -n 1)
      WHY="uv says: ${WHY:-$(printf '%s\n' "$words" | tail -n 1)}"
      HINT="Check the connection and the free space, then run the command again."
      ;;
  esac
  return 1
}

PACKAGES="On Debian and Ubuntu: apt-get install build-essential autoconf automake libtool pkg-config python3-dev"

# Set CHOSEN to a Python that the lock can be installed with, or end with a message.
choose_python() {
  if [ -n "${PYTHON:-}" ]; then
    CHOSEN=$(find_python "$PYTHON") || fail "PYTHON=$PYTHON is no Python that runs." "" "Name another, or leave PYTHON out."
    case $(version_of "$CHOSEN") in
      3.10 | 3.11 | 3.12 | 3.13) ;;
      *) fail "PYTHON=$PYTHON is Python $(version_of "$CHOSEN"); Inkproof needs 3.10 to 3.13." "" "Leave PYTHON out, or name another." ;;
    esac
    is_suited "$CHOSEN" || fail "Inkproof cannot be set up with PYTHON=$PYTHON." "$WHY" "$HINT"
    return
  fi
  if ! CHOSEN=$(find_python 3.11); then
    say "Fetching Python 3.11 (once)"
    "$UV" python install --quiet --no-bin 3.11 >/dev/null 2>&1
    CHOSEN=$(find_python 3.11) || CHOSEN=
  fi
  first_why=
  for CHOSEN in ${CHOSEN:+"$CHOSEN"} "$(find_python 3.10)" "$(find_python 3.12)" "$(find_python 3.13)"; do
    [ -n "$CHOSEN" ] || continue
    is_suited "$CHOSEN" && return
    first_why=${first_why:-$WHY}
    first_hint=${first_hint:-$HINT}
  done
  [ -z "$first_why" ] || fail "Inkproof cannot be set up with the Python that is here, and Python 3.11 could not be fetched." \
    "$first_why" "$first_hint"
  fail "Inkproof needs Python 3.11 (3.10 to 3.13 can do); there is none here, and 3.11 could not be fetched." \
    "$(found_versions)" "Install Python 3.11, or check the connection to GitHub, from where uv fetches it; then run the command again."
}

found_versions() {
  other=$(python_for_uv) && printf 'Here is only Python %s.\n' "$(version_of "$other")"
}

# Run uv with what is locked for builds as well; its own words are shown if it fails.
uv_install() {
  "$UV" pip install --quiet --python "$FOLDER" --build-constraints requirements/build.txt "$@" || exit 2
}

find_uv
if ! "$FOLDER/bin/python" -c '' >/dev/null 2>&1; then
  rm -rf "$FOLDER"
  choose_python
  say "Installing TensorFlow and the other libraries (once)"
  "$UV" venv --quiet --python "$CHOSEN" "$FOLDER" || exit 2
fi
uv_install --require-hashes -r "$LOCK"
if [ "$KIND" = freeze ]; then
  uv_install --no-deps --reinstall-package inkproof .
else
  uv_install --no-deps --editable .
fi
# Also where PYTHONDONTWRITEBYTECODE is set. Files that do not compile, for other Pythons, are no error.
"$FOLDER/bin/python" -m compileall -q -j 0 "$FOLDER/lib" >/dev/null 2>&1
touch "$FOLDER/.run" "$FOLDER/.$KIND"
