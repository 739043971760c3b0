#!/bin/sh
# Unpacks and builds the programs of programs.sh, in build/programs of the repository.
set -eu

cd "$(dirname "$0")/../../../.."
here=tools/testing/selftests/nsfd-tools out=$PWD/build/programs
$here/unpack.sh "$out" busybox-static curl dnsmasq-base frr nginx-light socat
export GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOCACHE="$PWD/build/go/cache"
CGO_ENABLED=0 go build -o "$out/go-static" $here/programs.go
CGO_ENABLED=1 go build -o "$out/go-cgo" $here/programs.go
