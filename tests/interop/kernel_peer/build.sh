#!/bin/bash
# Fetches Debian packages (downloads and unpacks: nothing is installed into the host's boot) and builds
# the guest kernel and userspace of the kernel peer. Finished steps are skipped.
#
#   KERNEL_PEER   cache folder   (default ~/.cache/macsec-kernel-peer)
#
# Result:
#   $KERNEL_PEER/img/linux.uml      the kernel, an ordinary program
#   $KERNEL_PEER/img/xstate.so      what the kernel lacks on a CPU with AMX
#   $KERNEL_PEER/img/initrd.cpio    its userspace (ip, tcpdump, ping, iperf3, wpa_supplicant, ...) and modules
set -euo pipefail
K=${KERNEL_PEER:-${HOME:-/root}/.cache/macsec-kernel-peer}
mkdir -p "$K/debs" "$K/img"
exec 9>"$K/.lock"; flock 9
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
say() { echo "build.sh: $*"; }

UPDATED=0
update() { [ $UPDATED = 1 ] || { apt-get update -qq || true; UPDATED=1; }; }
need_host() {  # need_host <binary> <package>
    command -v "$1" >/dev/null || { update; apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }
}
fetch() {      # fetch <pkg>...: download .debs not there yet into debs/
    local p want=()
    for p in "$@"; do compgen -G "$K/debs/${p}_*.deb" >/dev/null || want+=("$p"); done
    [ ${#want[@]} = 0 ] && return 0
    update
    (cd "$K/debs" && apt-get download -qq -o APT::Sandbox::User=root "${want[@]}")
}
deb() { compgen -G "$K/debs/$1_*.deb" | sort | tail -1; }

need_host cpio cpio
need_host gcc gcc
need_host ip iproute2
need_host tcpdump tcpdump
command -v depmod >/dev/null || [ -x /sbin/depmod ] || need_host depmod kmod

# ---------------------------------------------------------------- userspace
if [ ! -s "$K/img/base.cpio" ] || [ "$0" -nt "$K/img/base.cpio" ]; then
    if [ ! -e "$K/debs/.closure" ]; then
        update
        apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts \
            --no-breaks --no-replaces --no-enhances \
            iproute2 tcpdump iputils-ping wpasupplicant iperf3 ethtool dash coreutils findutils util-linux busybox-static \
          | grep -E '^[a-z0-9]' | sort -u \
          | grep -vE '^(perl|libperl|logsave|mount|login|libsmartcols|libblkid|libmount|libuuid|libfdisk|adduser|passwd|debconf|cdebconf|dpkg|tar$|usr|lib(pam|gdbm|debian-installer|newt|slang|textwrap|text-glob|number-compare|file-find|elogind|sepol|semanage|audit)|init-system|install-info|readline-common|libcap2-bin|gcc-12-base|libacl1|libbz2)' \
          > "$K/debs/.closure.tmp"
        mv "$K/debs/.closure.tmp" "$K/debs/.closure"
    fi
    say "fetching $(wc -l < "$K/debs/.closure") userspace packages"
    fetch $(cat "$K/debs/.closure")
    say "unpacking userspace"
    F="$K/rootfull"; rm -rf "$F"; mkdir -p "$F/usr/bin" "$F/usr/sbin" "$F/usr/lib" "$F/usr/lib64"
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$F/"
    for p in $(cat "$K/debs/.closure"); do
        dpkg-deb --fsys-tarfile "$(deb "$p")" | tar -x --keep-directory-symlink -C "$F"
    done
    # the wanted programs plus the shared objects they load
    R="$K/root"; rm -rf "$R"
    mkdir -p "$R"/{usr/bin,usr/sbin,usr/lib,usr/lib64,proc,sys,dev,run,tmp,etc,root,host,lib/modules,var/run,var/lib}
    rmdir "$R/lib/modules" "$R/lib"; mkdir -p "$R/usr/lib/modules"
    ln -s usr/bin usr/sbin usr/lib usr/lib64 "$R/"
    take() { # copy a file and its ldd closure
        local f=$1 d
        mkdir -p "$R/$(dirname "$f")"; cp -aL "$F/$f" "$R/$f"
        chroot "$F" /lib64/ld-linux-x86-64.so.2 --list "/$f" 2>/dev/null \
          | grep -oE '/[^ ]+\.so[^ ]*' | sort -u | while read -r d; do
            [ -e "$R$d" ] || { mkdir -p "$R$(dirname "$d")"; cp -aL "$F$d" "$R$d"; }
        done
    }
    for f in usr/sbin/tc usr/sbin/bridge usr/bin/tcpdump usr/bin/ping usr/sbin/wpa_supplicant \
             usr/sbin/wpa_cli usr/bin/iperf3 usr/sbin/ethtool; do
        for g in "$f" "${f#usr/}" "usr/bin/${f##*/}" "usr/sbin/${f##*/}"; do
            [ -e "$F/$g" ] && { take "$(cd "$F" && realpath --relative-to=. "$g")"; break; }
        done
    done
    take usr/bin/ip; ln -sf ../bin/ip "$R/usr/sbin/ip"
    for so in $(cd "$F" && find usr/lib -path '*ossl-modules/*.so'); do take "$so"; done
    cp -aL "$F/usr/bin/busybox" "$R/usr/bin/busybox"
    # not busybox's sh, timeout, ...: those run busybox's own ip and ping, with any PATH
    take usr/bin/dash; ln -sf dash "$R/usr/bin/sh"
    for a in timeout env nohup nice xargs setsid; do take usr/bin/$a; done
    for a in ash cat ls mkdir mount umount echo sleep base64 grep sed awk cut head tail wc sort uniq tr \
             cp mv rm ln chmod stty date kill ps timeout seq printf test true false od hexdump dd sync insmod \
             modprobe rmmod lsmod uname dmesg poweroff halt reboot hostname id env find xargs tee touch which \
             setsid nohup ifconfig arping nc top free stat usleep tty mknod mktemp cmp md5sum sha256sum pgrep \
             pidof expr basename dirname readlink yes; do
        [ -e "$R/usr/bin/$a" ] || ln -s busybox "$R/usr/bin/$a"
    done
    mkdir -p "$R/etc/ssl"; cp "$F/etc/ssl/openssl.cnf" "$R/etc/ssl/" 2>/dev/null || : > "$R/etc/ssl/openssl.cnf"
    mkdir -p "$R/usr/lib/ssl"; ln -sf /etc/ssl/openssl.cnf "$R/usr/lib/ssl/openssl.cnf"
    echo 'root:x:0:0:root:/root:/bin/sh' > "$R/etc/passwd"; echo 'root:x:0:' > "$R/etc/group"
    echo '127.0.0.1 localhost' > "$R/etc/hosts"; : > "$R/etc/resolv.conf"
    cat > "$R/init" <<'INIT'
#!/bin/sh
export PATH=/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp
arg() { sed -n "s/.*\\b$1=\\([^ ]*\\).*/\\1/p" /proc/cmdline; }
for m in $(cat /etc/modlist); do insmod "$m" 2>/dev/null || echo "insmod $m failed"; done
mount -t hostfs -o "$(arg kpeer.share)" hostfs /host
sysctl() { echo "$2" > "/proc/sys/$1" 2>/dev/null; }
sysctl net/ipv6/conf/all/disable_ipv6 1; sysctl net/ipv6/conf/default/disable_ipv6 1
ip link set lo up
[ -d /sys/class/net/vec0 ] && ip link set vec0 name eth0
if [ -d /sys/class/net/eth0 ]; then
    ethtool -K eth0 tx off sg off gso off tso off gro off 2>/dev/null >/dev/null
    m=$(arg kpeer.mtu); [ -n "$m" ] && ip link set eth0 mtu "$m"
    ip link set eth0 up
fi
CTL=/dev/$(arg kpeer.ctl)
stty -F $CTL raw -echo
exec 3<>$CTL
# control protocol: host sends "<n> <timeout>\n"; the command is in /host/cmd.<n>,
# its output goes to /host/out.<n>; the answer is "DONE <n> <rc>\n". 0 starts a command in a
# session of its own. Others run in a copy of this shell: each program more is 50 ms of a CPU.
# A line on the other tty kills the command that runs, with all that it started.
children() {
    for stat in /proc/[0-9]*/stat; do
        read -r pid name _ parent _ <"$stat" && [ "$parent" = "$1" ] && echo "$pid $name"
    done 2>/dev/null
}
kill_all() { children "$1" | while read -r child _; do kill_all "$child"; done; kill -KILL "$1"; }
KILL=/dev/$(arg kpeer.kill)
stty -F $KILL raw -echo
(
    exec 3>&- 4<>$KILL
    read -r own _ </proc/self/stat
    while read -r _ <&4; do
        children 1 | while read -r child name; do
            [ "$name" != "(init)" ] || [ "$child" = "$own" ] || kill_all "$child"
        done
    done
) &
echo "READY $(uname -r) $(cut -d' ' -f1 /proc/uptime)" >&3
while read -r n t <&3; do
    [ "$n" = quit ] && break
    if [ "$t" = 0 ]; then
        ( exec 3>&-; setsid /usr/bin/sh /host/cmd.$n </dev/null >/host/out.$n 2>&1 & )
        rc=0
    else
        ( exec 3>&-; . /host/cmd.$n ) </dev/null >/host/out.$n 2>&1; rc=$?
    fi
    echo "DONE $n $rc" >&3
done
poweroff -f
INIT
    chmod 755 "$R/init"
    (cd "$R" && find . | LC_ALL=C sort | cpio -o -H newc --quiet) > "$K/img/base.cpio.tmp"
    mv "$K/img/base.cpio.tmp" "$K/img/base.cpio"
    say "base.cpio: $(stat -c %s "$K/img/base.cpio") bytes"
fi

# ---------------------------------------------------------------- modules
WANT="ctr gcm ghash-generic seqiv cmac macsec veth 8021q bridge macvlan dummy tun ifb sch_ingress sch_netem"
mods() {  # mods <module tree> <outname>: copy the wanted modules + dependencies, in load order
    local T=$1 N=$2 M="$K/m-$2"
    rm -rf "$M"; mkdir -p "$M/usr/lib/modules/k" "$M/etc"
    local V; V=$(basename "$T")
    [ -s "$T/modules.dep" ] || /sbin/depmod -b "${T%/lib/modules/*}" "$V" 2>/dev/null || depmod -b "${T%/lib/modules/*}" "$V"
    python3 - "$T" "$M" $WANT <<'PY'
import sys, os, lzma, re
T, M, want = sys.argv[1], sys.argv[2], sys.argv[3:]
dep, name = {}, {}
for line in open(T + '/modules.dep'):
    k, _, d = line.partition(':')
    dep[k] = d.split(); name[re.sub(r'\.ko(\.xz)?$', '', os.path.basename(k)).replace('_', '-')] = k
order = []
def add(k):
    for d in reversed(dep[k]): add(d)
    if k not in order: order.append(k)
for w in want:
    k = name.get(w.replace('_', '-'))
    if k: add(k)
out = []
for k in order:
    b = open(os.path.join(T, k), 'rb').read()
    if k.endswith('.xz'): b = lzma.decompress(b)
    f = os.path.basename(k).removesuffix('.xz')
    open(f'{M}/usr/lib/modules/k/{f}', 'wb').write(b); out.append(f'/usr/lib/modules/k/{f}')
open(M + '/etc/modlist', 'w').write('\n'.join(out) + '\n')
PY
    (cd "$M" && find usr/lib/modules/k etc/modlist | LC_ALL=C sort | cpio -o -H newc --quiet) > "$K/img/mods-$N.cpio.tmp"
    mv "$K/img/mods-$N.cpio.tmp" "$K/img/mods-$N.cpio"
    say "mods-$N.cpio: $(wc -l < "$M/etc/modlist") modules"
}
if [ ! -x "$K/img/linux.uml" ] || [ ! -s "$K/img/mods-uml.cpio" ] || [ "$0" -nt "$K/img/mods-uml.cpio" ]; then
    fetch user-mode-linux
    rm -rf "$K/uml"; mkdir -p "$K/uml"; dpkg -x "$(deb user-mode-linux)" "$K/uml"
    # Moved into place: a peer that still runs keeps the file that it has open.
    cp "$K/uml/usr/bin/linux.uml" "$K/img/linux.uml.new" && mv -f "$K/img/linux.uml.new" "$K/img/linux.uml"
    mods "$(ls -d "$K"/uml/usr/lib/uml/modules/*)" uml
    deb user-mode-linux > "$K/img/uml.version"
fi
gcc -shared -fPIC -O2 -o "$K/img/xstate.so" "$(dirname "$0")/xstate.c"
cat "$K/img/base.cpio" <(head -c $((-$(stat -c %s "$K/img/base.cpio") & 511)) /dev/zero) \
    "$K/img/mods-uml.cpio" > "$K/img/initrd.cpio.tmp"
mv "$K/img/initrd.cpio.tmp" "$K/img/initrd.cpio"
say "ready in $K/img: $(ls "$K/img" | tr '\n' ' ')"
