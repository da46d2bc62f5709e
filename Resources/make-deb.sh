#!/bin/bash
# Builds holdfast_VERSION_ARCH.deb in the current directory, from the sources this script lies in.
# Needs dpkg-dev besides what setup.sh installs.
set -euo pipefail
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$PWD

swift build --package-path "$source_root" -c release --static-swift-stdlib --product holdfast
binary=$(swift build --package-path "$source_root" -c release --static-swift-stdlib --show-bin-path)/holdfast
version=$("$binary" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
install -D -m 755 -s "$binary" "$root/usr/bin/holdfast"
resources=$source_root/Resources
install -D -m 644 "$resources/holdfast.service" "$root/usr/lib/systemd/user/holdfast.service"
install -D -m 644 "$resources/completions/holdfast.bash" \
  "$root/usr/share/bash-completion/completions/holdfast"
install -D -m 644 "$resources/completions/_holdfast" \
  "$root/usr/share/zsh/vendor-completions/_holdfast"
install -D -m 644 "$resources/completions/holdfast.fish" \
  "$root/usr/share/fish/vendor_completions.d/holdfast.fish"
documents=$root/usr/share/doc/holdfast
for file in holdfast.toml prices.json; do install -D -m 644 "$resources/$file" "$documents/$file"; done
install -D -m 644 "$source_root/LICENSE" "$documents/copyright"
install -D -m 644 "$source_root/README.md" "$documents/README.md"
install -d "$root/usr/share/man/man1"
gzip -9n <"$resources/holdfast.1" >"$root/usr/share/man/man1/holdfast.1.gz"

# dpkg-shlibdeps names the packages that the binary's libraries are in; it wants a source package.
mkdir -p "$work/debian" "$root/DEBIAN"
printf 'Source: holdfast\n\nPackage: holdfast\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info root/usr/bin/holdfast |
  sed 's/^shlibs:Depends=//')
cat >"$root/DEBIAN/control" <<CONTROL
Package: holdfast
Version: $version
Architecture: $architecture
Maintainer: Holdfast maintainers <holdfast@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends
Section: utils
Priority: optional
Description: prompt cache proxy for coding agents
 Sits between coding agents and a model server, shows on every turn where the
 prompt stopped being what the server has in its cache, and can forward requests
 so that the cache survives.
CONTROL
dpkg-deb --root-owner-group --build "$root" "$target/holdfast_${version}_$architecture.deb"
