#!/bin/sh
# Everything the observatory needs on a bare Debian or Ubuntu: system packages, a Python, the environment `.venv`.
# Usage: tools/setup.sh [run|dev]     (run: what `make demo` needs; dev: what `make test` needs as well)
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}
say() { printf '\033[1m▸ %s\033[0m\n' "$*" >&2; }
die() { printf '\033[31m✗ %s\033[0m\n' "$*" >&2; exit 69; }

# --- system packages ---------------------------------------------------------------------------------------------
missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
has_postgis() { for f in /usr/share/postgresql/*/extension/postgis.control; do [ -e "$f" ] && return 0; done; return 1; }
if [ -z "${OBS_DATABASE_URL:-}" ]; then
  [ -n "$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null || command -v initdb 2>/dev/null)" ] || missing="$missing postgresql"
  has_postgis || missing="$missing postgis-extension"
fi
python3 -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q libpangoft2-1 || missing="$missing libpango-1.0-0 libpangoft2-1.0-0"  # PDF
if [ "$what" = dev ]; then
  need ogrinfo gdal-bin
  need chromium "chromium fonts-dejavu-core"
  [ -e /usr/bin/qgis_process.bin ] || missing="$missing qgis python3-qgis"
  need xvfb-run xvfb
  need xauth xauth
fi
if [ -n "$missing" ]; then
  if [ "$(id -u)" = 0 ]; then as=""; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as="sudo"; else
    die "please install first: $missing  (Debian, Ubuntu: apt-get install postgresql postgresql-postgis python3-venv; no root or sudo here)"
  fi
  command -v apt-get >/dev/null 2>&1 || die "please install first: $missing  (no apt-get here)"
  say "installing system packages:$missing"
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  apt() { $as apt-get -o DPkg::Lock::Timeout=400 -qq "$@" >>"$log" 2>&1; }
  apt update || { tail -5 "$log" >&2; die "apt-get update failed (above)"; }
  # A cluster of its own is made by `obs`: keep Debian from starting a second one.
  if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    $as mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | $as tee /etc/postgresql-common/createcluster.conf >/dev/null
  fi
  case "$missing" in *postgis-extension*)
    # The version of PostGIS built for the PostgreSQL that Debian or Ubuntu ships.
    ext=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | awk '{print $1}' | sort -V | tail -1)
    installed=$(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sed 's|/usr/lib/postgresql/||; s|/bin/initdb||' | sort -V | tail -1)
    [ -n "$installed" ] && apt-cache show "postgresql-$installed-postgis-3" >/dev/null 2>&1 && ext="postgresql-$installed-postgis-3"
    [ -n "$ext" ] || die "no package postgresql-…-postgis-3 found: install PostGIS, or set OBS_DATABASE_URL"
    missing=$(printf '%s' "$missing" | sed "s/postgis-extension/$ext/")
  esac
  # shellcheck disable=SC2086
  apt install -y --no-install-recommends $missing || { tail -5 "$log" >&2; die "apt-get install failed (above)"; }
  rm -f "$log"
fi

# --- a Python >= 3.12 that really runs ---------------------------------------------------------------------------
runs() { "$1" -c 'import sys, ssl, sqlite3; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }
find_python() {
  for name in python3.14 python3.13 python3.12 python3; do
    p=$(command -v "$name" 2>/dev/null) && runs "$p" && { "$p" -c 'import sys; print(sys.executable)'; return 0; }
  done
  for p in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
    runs "$p" && found=$p
  done
  [ -n "${found:-}" ] && printf '%s\n' "$found"
}
python=$(find_python || true)

# --- uv, and the environment -------------------------------------------------------------------------------------
stamp=.venv/.stamp-$what
want=$(cat requirements.lock pyproject.toml tools/setup.sh | cksum)
ready() { [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && .venv/bin/python -c '' 2>/dev/null; }
# The tests of the QGIS plugin: QGIS's own Python, and what it lacks.
qgis_ready() {
  [ "$what" != dev ] && return 0
  [ -x .venv-qgis/bin/python ] && [ "$(cat .venv-qgis/.stamp 2>/dev/null)" = "$(cksum <requirements-qgis.lock)" ]
}
if ready && qgis_ready; then exit 0; fi
uv=$(command -v uv 2>/dev/null || true)
if [ -z "$uv" ]; then
  [ -x .uv/bin/uv ] || { say "getting uv"; python3 -m venv .uv && .uv/bin/pip -q install uv; }
  uv=.uv/bin/uv
fi
if ! qgis_ready; then
  say "installing what the tests of the QGIS plugin need"
  "$uv" venv -q --clear --python /usr/bin/python3 --system-site-packages .venv-qgis
  VIRTUAL_ENV="$PWD/.venv-qgis" UV_LINK_MODE=copy "$uv" pip install -q --require-hashes -r requirements-qgis.lock
  cksum <requirements-qgis.lock >.venv-qgis/.stamp
fi
if ready; then exit 0; fi
[ -n "$python" ] || { say "no Python >= 3.12 here: uv fetches one"; python=3.13; }
[ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null \
  || "$uv" venv -q --clear --python "$python" .venv || die "no Python >= 3.12 found or fetched"
say "installing the locked Python packages (first time: a minute or two)"
export VIRTUAL_ENV="$PWD/.venv" UV_LINK_MODE=copy
"$uv" pip install -q --require-hashes -r requirements.lock
"$uv" pip install -q --no-deps --no-build-isolation -e .
# Compiled now: where PYTHONDONTWRITEBYTECODE is set, each command would compile its libraries anew (12 s of CPU).
.venv/bin/python -m compileall -q -j 0 .venv/lib/python3.*/site-packages observatoire etl processes >/dev/null 2>&1 || true
printf '%s' "$want" >"$stamp"
