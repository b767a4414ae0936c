#!/bin/sh
# Write requirements/*.txt from pyproject.toml: exact versions with hashes, for all platforms and Pythons.
#
# A version stays as it is while pyproject.toml allows it; `tools/lock.sh --upgrade` takes the newest.
set -eu
cd "$(dirname "$0")/.."
. tools/uv.sh
find_uv

# compile NAME ARGUMENTS...: write requirements/NAME.txt. No file names a package index.
compile() {
  name=$1
  shift
  "$UV" pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-annotate \
    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
    --output-file "requirements/$name.txt" "$@"
}

# The largest first; the others take its versions.
compile dev --extra dev "$@" pyproject.toml
compile run --constraints requirements/dev.txt "$@" pyproject.toml
compile freeze --constraints requirements/dev.txt --extra freeze "$@" pyproject.toml
compile build --constraints requirements/dev.txt --group pyproject.toml:build "$@"
compile uv --group pyproject.toml:uv "$@"
