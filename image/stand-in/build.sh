#!/bin/sh
# Makes two images that the Dockerfile can build on where no image registry can be reached, out of Debian packages and the
# Node that npm installed into this checkout: one with npm to build in, and one with nothing but Node, its libraries and
# an account that is not root. Needs Debian (apt-get, dpkg-deb) with fresh package lists, npm and Docker; no root.
# They are for tests. What they lack against distroless is time zones and the updates that its makers publish.
#   usage: image/stand-in/build.sh <build image> <runtime image>
set -eu
build_image=$1 runtime_image=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
npm_version=11.19.1
node=$root/node_modules/node/bin/node
[ -x "$node" ] || node=$(PATH="$root/node_modules/.bin:$PATH" command -v node)
case $(uname -m) in
  x86_64) platform=linux/amd64 ;;
  aarch64) platform=linux/arm64 ;;
  *) echo "there is no stand-in for $(uname -m)" >&2; exit 1 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/packages" "$work/runtime" "$work/build" "$work/busybox"
chmod 755 "$work" "$work/packages"

# Downloads are checked by apt against the signed package lists.
(cd "$work/packages" && apt-get download -qq base-files libc6 libgcc-s1 libstdc++6 ca-certificates busybox-static)
unpack() { for package in "$work/packages/$1"_*.deb; do dpkg-deb -x "$package" "$2"; done; }
for package in base-files libc6 libgcc-s1 libstdc++6 ca-certificates; do unpack "$package" "$work/runtime"; done
cd "$work/runtime"
# In Debian 12 and newer these are links; packages may still bring them as folders.
for folder in bin sbin lib lib64; do
  if [ -d "$folder" ] && [ ! -L "$folder" ]; then mkdir -p "usr/$folder" && cp -a "$folder/." "usr/$folder/" && rm -rf "$folder"; fi
  mkdir -p "usr/$folder" && ln -sfn "usr/$folder" "$folder"
done
rm -rf usr/share/doc usr/share/man usr/share/lintian usr/share/locale usr/sbin usr/bin var/cache usr/lib/*/gconv usr/lib/*/audit
mkdir -p usr/sbin usr/bin nodejs/bin etc/ssl/certs home/nonroot tmp && chmod 1777 tmp
cat usr/share/ca-certificates/mozilla/*.crt > etc/ssl/certs/ca-certificates.crt
printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > etc/passwd
printf 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n' > etc/group
printf 'passwd: files\ngroup: files\nhosts: files dns\n' > etc/nsswitch.conf
cp "$node" nodejs/bin/node

cp -a "$work/runtime/." "$work/build/"
unpack busybox-static "$work/busybox"
cp "$work"/busybox/*bin/busybox "$work/build/usr/bin/" 2>/dev/null || cp "$work/busybox/usr/bin/busybox" "$work/build/usr/bin/"
cd "$work/build"
for name in sh env; do ln -sf busybox "usr/bin/$name"; done
mkdir -p usr/local/bin usr/local/lib root
ln -sf /nodejs/bin/node usr/local/bin/node
PATH="$(dirname "$node"):$PATH" npm install --prefix usr/local/lib/npm --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error "npm@$npm_version" >/dev/null
ln -sf ../lib/npm/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
# A machine behind a proxy of its own trusts more than Debian does, and the build asks the same registry as the machine.
[ ! -s /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ca-certificates.crt

import() { # import <folder> <image> <change...>
  folder=$1 image=$2
  shift 2
  tar -C "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -c . | docker import --platform "$platform" "$@" - "$image" >/dev/null
  echo "made $image"
}
import "$work/runtime" "$runtime_image" -c 'USER 65532' -c 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'
import "$work/build" "$build_image" -c 'ENV PATH=/usr/local/bin:/usr/bin' -c 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'
