#!/bin/bash
# Builds holdfast_VERSION_ARCH.deb in the current directory, from the sources this script lies in.
# Needs dpkg-dev besides what setup.sh installs.
set -euo pipefail
source_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$PWD

# Swift's own libraries are inside; the program must not look for others beside itself.
build=(swift build --package-path "$source_root" -c release --static-swift-stdlib)
"${build[@]}" --disable-local-rpath --product holdfast
binary=$("${build[@]}" --show-bin-path)/holdfast
version=$("$binary" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-Holdfast maintainers} <${DEBEMAIL:-holdfast@localhost}>"
# The same sources make the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$source_root" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

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
install -D -m 644 "$source_root/README.md" "$documents/README.md"
cat >"$documents/copyright" <<COPYRIGHT
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: holdfast

Files: *
Copyright: the authors of Holdfast
License: Apache-2.0
 On Debian systems the text is in /usr/share/common-licenses/Apache-2.0.
Comment: The program contains the runtime of Swift (Apache-2.0 with Runtime
 Library Exception) and code of toml++ and xxHash, whose terms follow.
COPYRIGHT
for part in libtomlplusplus-dev libxxhash-dev; do
  printf '\n--- %s ---\n\n' "$part"
  cat "/usr/share/doc/$part/copyright"
done >>"$documents/copyright"
gzip -9n >"$documents/changelog.gz" <<CHANGELOG
holdfast ($version) unstable; urgency=low

  * Built from the sources of this version.

 -- $maintainer  $(date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGELOG
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
Maintainer: $maintainer
Installed-Size: $(du -sk "$root/usr" | cut -f1)
Depends: $depends
Section: utils
Priority: optional
Description: prompt cache proxy for coding agents
 Sits between coding agents and a model server, shows on every turn where the
 prompt stopped being what the server has in its cache, and can forward requests
 so that the cache survives.
CONTROL
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$root" "$target/holdfast_${version}_$architecture.deb"
