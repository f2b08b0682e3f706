#!/bin/sh
# Runs a command that sees only the mounts of its own workspace, and no mounts that other workspaces add or
# remove.
#
#   unshare --mount --propagation private private-mounts.sh WORKSPACE COMMAND [ARGUMENT...]
#
# With `none` in the place of a workspace the command sees the mounts of no workspace.
#
# The native engine makes a new decision about a filesystem whenever the mount table changes, and then starts
# again with temporaries that have names. Replays mount dozens of states a second, so it would never use
# unnamed ones. The new namespace starts with copies of the other mounts, which would keep their devices busy;
# the script unmounts them.
workspace=$1
shift
awk -v below="$workspace/" '$5 ~ "^/dev/shm/indelible-lab-" && index($5, below) != 1 { print $5 }' /proc/self/mountinfo |
  sort -r | while read -r mount; do umount -l "$mount"; done
exec "$@"
