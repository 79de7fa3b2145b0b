#!/bin/sh
# Two network namespaces on a cable, a tap with key agreement in each, and a ping through MACsec.
# Run as root; all of it is gone at the end: sudo env "PATH=$PATH" macsec/guide/examples/two-namespaces.sh
set -eu
[ "$(id -u)" = 0 ] || {
    echo 'two-namespaces.sh: network namespaces need root: sudo env "PATH=$PATH" '"$0" >&2
    exit 2
}
work=$(mktemp -d)
ends="macsec-a macsec-b"
finish() {
    for end in $ends; do
        ip netns pids "$end" 2>/dev/null | xargs -r kill 2>/dev/null || true
        ip netns delete "$end" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT INT TERM

macsec config new "$work/a.yaml" --mka --pair "$work/b.yaml" 2>/dev/null
for end in $ends; do ip netns add "$end"; done
ip -netns macsec-a link add eth0 type veth peer name eth0 netns macsec-b
for end in a b; do
    ip -netns "macsec-$end" link set eth0 up
    ip netns exec "macsec-$end" macsec tap --mka -c "$work/$end.yaml" --lower eth0 --upper ms0 -q &
done
for end in a b; do # the interfaces come up with their taps
    until ip -netns "macsec-$end" link show ms0 >/dev/null 2>&1; do sleep 0.1; done
done
ip -netns macsec-a address add 10.60.0.1/24 dev ms0
ip -netns macsec-b address add 10.60.0.2/24 dev ms0
until ip netns exec macsec-a ping -c 1 -W 1 10.60.0.2 >/dev/null 2>&1; do :; done
ip netns exec macsec-a macsec mka status ms0
ip netns exec macsec-a ping -c 3 10.60.0.2
