# Shared by setup.sh and lock.sh (sourced, POSIX sh, from the root of the project): messages, and where uv is.

OWN_UV=build/uv

say() {
  printf '%s\n' "$*" >&2
}

# What happened, why, and what to do next; nothing has been installed yet.
fail() {
  say "$1"
  [ -z "${2:-}" ] || say "  $2"
  [ -z "${3:-}" ] || say "  $3"
  exit 2
}

# The first of the given Pythons that runs and that uv can be installed with (3.8 or newer).
python_for_uv() {
  for one in ${PYTHON:+"$PYTHON"} python3.11 python3 python3.13 python3.12 python3.10 python; do
    if "$one" -c 'import sys; sys.exit(sys.version_info < (3, 8))' >/dev/null 2>&1; then
      printf '%s\n' "$one"
      return
    fi
  done
  return 1
}

# Set UV: the uv on PATH, else the one in build/uv, which is fetched with pip by its hash.
find_uv() {
  for UV in uv "$OWN_UV/bin/uv"; do
    "$UV" --version >/dev/null 2>&1 && return
  done
  fetcher=$(python_for_uv) || fail "Inkproof needs Python 3.11, and neither uv nor Python 3.8 or newer is on PATH." \
    "uv (https://docs.astral.sh/uv/) fetches the right Python by itself." "Install uv or Python 3.11, then run the command again."
  rm -rf "$OWN_UV"
  if "$fetcher" -m pip --version >/dev/null 2>&1; then
    words=$("$fetcher" -m pip install --quiet --disable-pip-version-check --require-hashes \
      --target "$OWN_UV" -r requirements/uv.txt 2>&1)
  elif "$fetcher" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    words=$("$fetcher" -m venv "$OWN_UV" 2>&1 && "$OWN_UV/bin/python" -m pip install --quiet \
      --disable-pip-version-check --require-hashes -r requirements/uv.txt 2>&1)
  else
    fail "Inkproof is set up with uv, which is not here, and $fetcher has neither pip nor venv to fetch it." "" \
      "Install python3-venv (Debian, Ubuntu) or uv (https://docs.astral.sh/uv/), then run the command again."
  fi
  "$UV" --version >/dev/null 2>&1 || {
    rm -rf "$OWN_UV"
    fail "uv, which sets Inkproof up, could not be fetched from PyPI." "$(printf '%s\n' "$words" | tail -n 1)" \
      "Check the connection, then run the command again."
  }
}
