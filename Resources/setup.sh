#!/bin/bash
# Installs the Debian packages that building and testing need. Does nothing where they are there.
set -euo pipefail

packages=(
  libuv1-dev libncurses-dev libxxhash-dev libssl-dev libsqlite3-dev libtomlplusplus-dev
  zlib1g-dev libbrotli-dev libzstd-dev tmux
)
missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $status == installed ]] || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
[[ $EUID -eq 0 ]] || as_root=(sudo)
install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends)

# Package lists that are there may do; where they do not, they are fetched first.
"${as_root[@]}" "${install[@]}" "${missing[@]}" </dev/null || {
  "${as_root[@]}" apt-get update
  "${as_root[@]}" "${install[@]}" "${missing[@]}" </dev/null
}
