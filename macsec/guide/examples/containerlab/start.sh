# The start of a node: `start.sh ADDRESS` waits for the cable, then runs a tap with this address.
until ip link show eth1 >/dev/null 2>&1; do sleep 0.2; done
ip link set eth1 up
(until ip address add "$1" dev ms0 2>/dev/null; do sleep 0.2; done) &
exec macsec tap --mka -c /link.yaml --lower eth1 --upper ms0
