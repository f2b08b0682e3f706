#!/bin/sh
# Removes a lab workspace: everything that is mounted below its directory, every loop device whose backing
# file is below it, the directory itself, and the cgroup of its name. The script keeps no list; it asks the kernel
# what there is to undo.
#
#   clean-up.sh              makes a workspace, prints its path, and removes it when standard input ends: when
#                            the other end was closed, or its process has ended
#   clean-up.sh DIRECTORY    removes the workspace of a process that has ended
exec 2>&1
trap '' HUP INT TERM
cd /

if [ $# -eq 0 ]; then
  # The name identifies the process that owns the directory, so that a later run can see whether it still
  # exists.
  namespace=$(readlink /proc/self/ns/pid | tr -dc 0-9)
  started=$(cut -d' ' -f22 /proc/$$/stat)
  workspace=/dev/shm/indelible-lab-$namespace-$$-$started
  mkdir -m 755 "$workspace" || exit 1
  echo "$workspace"
  cat >/dev/null
else
  workspace=$1
fi

# A mount can depend on another (a filesystem on a loop device on a FUSE file), so repeat until nothing is
# left. If a mount is busy for ten seconds, detach it lazily, so that it does not remain.
turn=0
while [ -e "$workspace" ]; do
  turn=$((turn + 1))
  lazily=
  if [ $turn -gt 200 ]; then lazily=-l; fi
  if [ $turn -gt 300 ]; then
    echo "still busy: $workspace"
    exit 1
  fi

  for mount in $(awk -v below="$workspace/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r); do
    umount $lazily "$mount" 2>/dev/null
  done
  for backing in /sys/block/loop*/loop/backing_file; do
    read -r file 2>/dev/null <"$backing" || continue
    case $file in
      "$workspace"/*)
        loop=${backing#/sys/block/}
        losetup -d "/dev/${loop%%/*}" 2>/dev/null
        ;;
    esac
  done

  # The cgroup of memory-group.ts, of version 2 or 1.
  for group in "/sys/fs/cgroup/${workspace##*/}" "/sys/fs/cgroup/memory/${workspace##*/}"; do
    if [ -d "$group" ] && ! rmdir "$group" 2>/dev/null; then
      sleep 0.05
      continue 2
    fi
  done
  grep -qs "^$workspace/" /sys/block/loop*/loop/backing_file ||
    grep -q " $workspace/" /proc/self/mountinfo ||
    rm -rf --one-file-system "$workspace" 2>/dev/null
  if [ -e "$workspace" ]; then sleep 0.05; fi
done
