/* SPDX-License-Identifier: GPL-2.0 */
/* What "nsfd run" tells libnsfd-preload.so, in the environment. */
#ifndef NSFD_PRELOAD_H
#define NSFD_PRELOAD_H

/* "off": do nothing at all; "verbose": say on stderr what is done. */
#define PRELOAD_ENV		"NSFD_PRELOAD"
/*
 * "FD:INODE:HOME": where socket() makes its sockets, its inode, and the inode
 * of the network namespace that the process has to be in for that.
 */
#define PRELOAD_ENV_NETNS	"NSFD_PRELOAD_NETNS"
/* "FD:INODE,...": delegated descriptors, used where a file of INODE is opened. */
#define PRELOAD_ENV_GRANTS	"NSFD_PRELOAD_GRANTS"

/* The descriptors are above those that programs expect to get. */
#define PRELOAD_FD_MIN		100
#define PRELOAD_MAX_GRANTS	64

#endif
