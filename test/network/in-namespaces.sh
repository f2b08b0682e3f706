#!/bin/sh
# Runs a command in the lab's namespaces.
#
#   setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc \
#     in-namespaces.sh DIRECTORY COMMAND [ARGUMENT...]
#
# The shell is the first process of its PID namespace. When it ends, and also when the lab is killed, the kernel kills
# every other process of the namespace (pid_namespaces(7)). With the last process go the mounts, the network namespaces
# and the loop device. So there is nothing to clean up, and nothing that another lab on the machine could meet.
set -e
directory=$1
shift

mkdir -p "$directory"
mount -t tmpfs -o mode=755 tmpfs "$directory"
# `ip netns` and the servers keep their sockets there.
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/netns /run/lock

# The servers' disk, in memory. Its loop device is freed when it is unmounted.
truncate -s 4G "$directory/disk.img"
mkfs.ext4 -q -F -E nodiscard "$directory/disk.img"
mkdir "$directory/disk"
mount -o loop "$directory/disk.img" "$directory/disk"

ip link add bridge type bridge
ip link set bridge up
ip link set lo up

status=0
"$@" || status=$?
exit "$status"
