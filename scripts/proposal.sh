# shellcheck shell=sh disable=SC2034 # for those who source it
# The patches that are proposed for mainline, and apply to it.
first=8 last=9
