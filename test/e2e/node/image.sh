#!/bin/sh
# Makes a node image for kind out of programs and Debian packages, where no published one can be pulled. Needs root
# (debootstrap makes a root file system), Docker and debootstrap; what apt fetches is checked against signed lists.
#   usage: node/image.sh <folder of the programs> <root file system to keep> <image>
# In the folder: kube-apiserver kube-controller-manager etcd components coredns enforcer probe
set -eu
programs=$1 base=$2 image=$3
here=$(cd "$(dirname "$0")" && pwd)
packages=systemd,systemd-sysv,dbus,containerd,runc,containernetworking-plugins,iptables,nftables,ipset,conntrack,iproute2,ethtool,socat,kmod,procps,ca-certificates
say() { echo "node image: $*"; }

work=$(mktemp -d "$(dirname "$base")/node-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if [ ! -s "$base" ]; then
  say 'a root file system out of Debian packages, a minute or two'
  debootstrap --variant=minbase "--include=$packages" bookworm "$work/root" > "$work/debootstrap.log" 2>&1 || { tail -n 20 "$work/debootstrap.log" >&2; exit 1; }
  rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/* "$work"/root/usr/share/doc "$work"/root/usr/share/man "$work"/root/usr/share/locale
  tar -C "$work/root" -cf "$base.partial" .
  mv "$base.partial" "$base"
else
  mkdir "$work/root"
  tar -C "$work/root" -xf "$base"
fi
root=$work/root

# pack <image> <folder> [change of docker import...]
pack() {
  name=$1 folder=$2
  shift 2
  tar -C "$folder" -c . | docker import "$@" --change 'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin' - "$name" > /dev/null
  echo "$name" >> "$work/images"
}
# holding <folder> <program...>: the folder of an image with these programs and nothing else
holding() {
  folder=$1
  shift
  mkdir -p "$folder/usr/local/bin" "$folder/etc" "$folder/tmp"
  for program in "$@"; do cp "$programs/$program" "$folder/usr/local/bin/"; done
}

say 'the images of the components'
version=$("$programs/kube-apiserver" --version | sed 's/^Kubernetes //')
ln -s "$programs/components" "$work/kubeadm"
"$work/kubeadm" config images list --kubernetes-version "$version" > "$work/wanted" 2> /dev/null
wanted() { grep "/$1:" "$work/wanted"; }
for program in kube-apiserver kube-controller-manager etcd coredns; do holding "$work/$program" "$program"; done
for program in kube-apiserver kube-controller-manager etcd; do pack "$(wanted $program)" "$work/$program"; done
pack "$(wanted coredns)" "$work/coredns" --change 'ENTRYPOINT ["/usr/local/bin/coredns"]'
holding "$work/scheduler" components
mv "$work/scheduler/usr/local/bin/components" "$work/scheduler/usr/local/bin/kube-scheduler"
pack "$(wanted kube-scheduler)" "$work/scheduler"
# A sandbox waits for its end, and so does the probe when it is told so.
holding "$work/pause" probe
pack nsbaseline-e2e/pause:1 "$work/pause" --change 'ENTRYPOINT ["/usr/local/bin/probe", "pause"]'

# kube-proxy and the enforcer write packet filter rules, with Debian's programs for it.
tools=$work/tools
mkdir -p "$tools/usr/local/bin" "$tools/usr/bin" "$tools/usr/sbin" "$tools/usr/lib" "$tools/usr/lib64" "$tools/etc" "$tools/tmp" "$tools/run"
for folder in bin sbin lib lib64; do ln -s "usr/$folder" "$tools/$folder"; done
extensions=$(cd "$root" && echo usr/lib/*/xtables)
mkdir -p "$tools/$(dirname "$extensions")"
cp -a "$root/$extensions" "$tools/$(dirname "$extensions")/"
filters='/usr/sbin/xtables-nft-multi /usr/sbin/conntrack /usr/sbin/ipset /usr/sbin/nft /bin/dash'
for program in $filters; do cp -L "$root$program" "$tools/usr/$(basename "$(dirname "$program")")/"; done
# The extensions need libraries that the programs do without.
chroot "$root" sh -c "ldd $filters /$extensions/*.so" | grep -o '/[^ :]*lib[^ :]*\.so[^ :]*' | sort -u | while read -r library; do
  mkdir -p "$tools$(dirname "$library")"
  [ -e "$tools$library" ] || cp -L "$root$library" "$tools$library"
done
ln -s dash "$tools/usr/bin/sh"
for family in iptables ip6tables; do
  for name in $family $family-save $family-restore; do ln -s xtables-nft-multi "$tools/usr/sbin/$name"; done
done
cp "$programs/components" "$tools/usr/local/bin/kube-proxy"
pack "$(wanted kube-proxy)" "$tools"
rm "$tools/usr/local/bin/kube-proxy"
cp "$programs/enforcer" "$tools/usr/local/bin/"
pack nsbaseline-e2e/enforcer:1 "$tools"

say 'the node'
cp -a "$here/files/." "$root/"
# shellcheck disable=SC2046
chown -R 0:0 $(cd "$here/files" && find . -type f | sed "s|^\.|$root|")
install -m 755 "$programs/components" "$root/usr/bin/components"
for name in kubelet kubeadm; do ln -sf components "$root/usr/bin/$name"; done
install -m 755 "$programs/kubectl" "$root/usr/bin/kubectl"
# What kind reads of a node image.
mkdir -p "$root/kind/images" "$root/kind/manifests" "$root/opt/cni/bin"
cp -a "$root/usr/lib/cni/." "$root/opt/cni/bin/"
echo "$version" > "$root/kind/version"
printf 'apiVersion: v1\nkind: List\nitems: []\n' > "$root/kind/manifests/default-cni.yaml"
printf 'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata:\n  name: standard\nprovisioner: kubernetes.io/no-provisioner\n' > "$root/kind/manifests/default-storage.yaml"
units=$root/etc/systemd/system
mkdir -p "$units/multi-user.target.wants"
for unit in node-images kubelet; do ln -sf "../$unit.service" "$units/multi-user.target.wants/"; done
ln -sf /lib/systemd/system/containerd.service "$units/multi-user.target.wants/"
ln -sf /lib/systemd/system/multi-user.target "$units/default.target"
for unit in systemd-udevd.service systemd-logind.service getty@tty1.service console-getty.service; do ln -sf /dev/null "$units/$unit"; done
: > "$root/etc/machine-id"
# shellcheck disable=SC2046
docker save --output "$root/kind/images/node.tar" $(cat "$work/images")
tar -C "$root" -c . | docker import --change 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]' --change 'ENV container=docker' - "$image" > /dev/null
# `docker import` knows no signal to stop with, and systemd ends in order only on its own.
printf 'FROM %s\nSTOPSIGNAL SIGRTMIN+3\n' "$image" | docker build --quiet --tag "$image" - > /dev/null
# shellcheck disable=SC2046
docker rmi $(cat "$work/images") > /dev/null
say "made $image, $(docker image inspect --format '{{.Size}}' "$image") bytes"
