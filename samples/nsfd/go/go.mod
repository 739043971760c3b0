module reverse-proxy

go 1.19

require nsfd v0.0.0

require golang.org/x/sys v0.3.0 // indirect

replace nsfd => ../../../tools/lib/nsfd/go
