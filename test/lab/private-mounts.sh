#!/bin/sh
# Runs a command that sees no mount of the lab's but those of its own workspace, nor any that comes or goes.
#
#   unshare --mount --propagation private private-mounts.sh WORKSPACE COMMAND [ARGUMENT...]
#
# The native engine decides anew about a filesystem whenever the mount table changes, and begins with temporaries that
# have names; beside replays that mount dozens of states a second it would never get further. The new namespace has
# copies of their mounts, which would keep their devices busy.
workspace=$1
shift
awk -v below="$workspace/" '$5 ~ "^/dev/shm/indelible-lab-" && index($5, below) != 1 { print $5 }' /proc/self/mountinfo |
  sort -r | while read -r mount; do umount -l "$mount"; done
exec "$@"
