#!/bin/sh
# Puts the gateway's package below PREFIX, with the libraries that it names, and checks that it starts.
# usage: install.sh PACKAGE.tgz PREFIX      installs PREFIX/bin/hydra-gateway; running it again replaces it
# Needs Node.js and npm. Where no registry is reached, npm takes the libraries from its cache.
set -eu
if [ "$#" -ne 2 ]; then
  echo "usage: $0 PACKAGE.tgz PREFIX" >&2
  exit 2
fi
case "$1" in /*) package="$1" ;; *) package="$(pwd)/$1" ;; esac
if [ ! -f "$package" ]; then
  echo "$package: no such file; \`npm run pack:gateway\` makes it" >&2
  exit 2
fi
prefix="$2"
mkdir -p "$prefix"
# No install script of any library is run, and nothing is asked of a registry that is not needed.
npm install --global --prefix "$prefix" --ignore-scripts --omit=dev --no-audit --no-fund --prefer-offline --loglevel=error "$package"
"$prefix/bin/hydra-gateway" --help >/dev/null
echo "$prefix/bin/hydra-gateway"
