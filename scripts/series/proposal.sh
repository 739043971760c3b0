# shellcheck shell=sh disable=SC2034 # for those who source it
# The patches that are proposed for mainline, the mainline that they are proposed
# for beside 6.12, and the suite of Debian that has its source.
first=8 last=10
next=7.3 next_suite=trixie-backports
