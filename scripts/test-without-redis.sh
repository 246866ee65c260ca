#!/usr/bin/env bash
# Runs jest (all of it, or what the arguments name) as on a machine on which no Redis is installed: in the PATH, each
# folder that has redis-server or valkey-server gives way to one of links to everything else that it has.
set -euo pipefail
cd "$(dirname "$0")/.."

links=$(mktemp -d)
trap 'rm -rf "$links"' EXIT

path=''
IFS=: read -ra folders <<<"$PATH"
for index in "${!folders[@]}"; do
  folder=${folders[$index]}
  if [ -x "$folder/redis-server" ] || [ -x "$folder/valkey-server" ]; then
    mkdir "$links/$index"
    find -L "$folder" -maxdepth 1 -mindepth 1 ! -name redis-server ! -name valkey-server \
      -exec ln -s -t "$links/$index" {} +
    folder="$links/$index"
  fi
  path="$path${path:+:}$folder"
done

export PATH="$path"
if command -v redis-server || command -v valkey-server; then echo 'that one is still on PATH' >&2; exit 1; fi
node scripts/prepare.mjs
npx jest "$@"
