#!/bin/bash
# Builds the image of the Containerfile without a container engine: buildah in a chroot, on a base of
# Debian made here, since its registry may be out of reach. As root; it needs buildah and mmdebstrap.
#
#   MACSEC_IMAGE   folder of the result (default ~/.cache/macsec-image)
#
# Result: $MACSEC_IMAGE/rootfs, the path of the image's files; $MACSEC_IMAGE/config.json, as buildah inspects it.
set -euo pipefail
out=${MACSEC_IMAGE:-${HOME:-/root}/.cache/macsec-image}
sources=$(cd "$(dirname "$0")/../../.." && pwd)
base=localhost/macsec-base
mkdir -p "$out"
exec 9>"$out/.lock"; flock 9
export BUILDAH_ISOLATION=chroot LC_ALL=C.UTF-8
b() { buildah --storage-driver vfs --root "$out/storage" --runroot "$out/run" "$@"; }   # mounts nothing

rm -f "$out/rootfs" "$out/config.json"
b rm --all >/dev/null
if ! b inspect --type image $base >/dev/null 2>&1; then
    mmdebstrap --quiet --variant=apt bookworm "$out/base.tar"
    made=$(b from scratch)
    b add --quiet "$made" "$out/base.tar" /
    b commit --quiet "$made" $base
    rm "$out/base.tar"
    b rm "$made" >/dev/null
fi
volumes=()
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then # of an index that this machine alone trusts
    printf '[global]\ncert = /run/host-ca.crt\n' >"$out/pip.conf"
    volumes=(--volume /etc/ssl/certs/ca-certificates.crt:/run/host-ca.crt:ro
        --volume "$out/pip.conf:/etc/pip.conf:ro")
fi
b bud --pull-never "${volumes[@]}" --build-arg BASE=$base --tag localhost/macsec "$sources"
b inspect --type image localhost/macsec >"$out/config.json.new"
b mount "$(b from --pull-never localhost/macsec)" >"$out/rootfs.new"
b rmi --prune >/dev/null
for each in config.json rootfs; do mv "$out/$each.new" "$out/$each"; done
