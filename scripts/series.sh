#!/bin/sh
# Writes the series as mails in build/series, with its cover letter.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cd "$top/build/nsfd"
rm -rf "$top/build/series"
git config branch.nsfd.description "$(cat "$top/cover-letter.txt")"
git format-patch -q -o "$top/build/series" --cover-letter --thread \
	--cover-from-description=subject --base=baseline baseline..nsfd
ls "$top/build/series"
