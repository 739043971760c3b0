// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for the network namespace of the device that a BPF program or map is
 * offloaded to, as reported by bpf(2). The device is a netdevsim, which accepts
 * offloads without executing them.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <net/if.h>

#include "common.h"

#define DEVICE "4242"

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int tell_bus(const char *file, const char *words)
{
	char path[64];
	int fd, err;

	snprintf(path, sizeof(path), "/sys/bus/netdevsim/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = write(fd, words, strlen(words)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* A program that always returns XDP_ABORTED. */
static int load_program(unsigned int ifindex)
{
	static const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type	= BPF_PROG_TYPE_XDP,
		.insns		= (uintptr_t)insns,
		.insn_cnt	= ARRAY_SIZE(insns),
		.license	= (uintptr_t)"GPL",
		.prog_ifindex	= ifindex,
	};

	return sys_bpf(BPF_PROG_LOAD, &attr);
}

static int create_map(unsigned int ifindex)
{
	union bpf_attr attr = {
		.map_type	= BPF_MAP_TYPE_ARRAY,
		.key_size	= 4,
		.value_size	= 4,
		.max_entries	= 2,
		.map_ifindex	= ifindex,
	};

	return sys_bpf(BPF_MAP_CREATE, &attr);
}

/* Return 0 or a negative errno. */
static int get_info(int fd, void *info, size_t size)
{
	union bpf_attr attr = {
		.info.bpf_fd	= fd,
		.info.info_len	= size,
		.info.info	= (uintptr_t)info,
	};

	memset(info, 0, size);
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) ? -errno : 0;
}

FIXTURE(bpf_offload)
{
	struct stat netns;
	unsigned int ifindex;
	int fd;		/* pins the namespace */
};

/* A network namespace that contains only lo and a netdevsim device. */
FIXTURE_SETUP(bpf_offload)
{
	struct if_nameindex *names, *name;

	if (geteuid())
		SKIP(return, "only root can make a netdevsim device");
	if (access("/sys/bus/netdevsim", F_OK))
		SKIP(return, "no CONFIG_NETDEVSIM");
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	self->fd = open_ns(0, "net");
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, fstat(self->fd, &self->netns));
	ASSERT_EQ(0, tell_bus("new_device", DEVICE " 1"));
	names = if_nameindex();
	ASSERT_NE(NULL, names);
	for (name = names; name->if_index; name++)
		if (strcmp(name->if_name, "lo"))
			self->ifindex = name->if_index;
	if_freenameindex(names);
	ASSERT_NE(0U, self->ifindex);
}

FIXTURE_TEARDOWN(bpf_offload)
{
	if (self->ifindex)
		tell_bus("del_device", DEVICE);
}

TEST_F(bpf_offload, program)
{
	struct bpf_prog_info info;
	int prog;

	prog = load_program(self->ifindex);
	ASSERT_LE(0, prog);
	ASSERT_EQ(0, get_info(prog, &info, sizeof(info)));
	EXPECT_EQ(self->ifindex, info.ifindex);
	EXPECT_EQ(self->netns.st_dev, info.netns_dev);
	EXPECT_EQ(self->netns.st_ino, info.netns_ino);

	/* the result is the same from another namespace */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, get_info(prog, &info, sizeof(info)));
	EXPECT_EQ(self->netns.st_ino, info.netns_ino);

	ASSERT_EQ(0, tell_bus("del_device", DEVICE));
	self->ifindex = 0;
	EXPECT_EQ(-ENODEV, get_info(prog, &info, sizeof(info)));
}

TEST_F(bpf_offload, map)
{
	struct bpf_map_info info;
	int map;

	map = create_map(self->ifindex);
	ASSERT_LE(0, map);
	ASSERT_EQ(0, get_info(map, &info, sizeof(info)));
	EXPECT_EQ(self->ifindex, info.ifindex);
	EXPECT_EQ(self->netns.st_dev, info.netns_dev);
	EXPECT_EQ(self->netns.st_ino, info.netns_ino);

	ASSERT_EQ(0, tell_bus("del_device", DEVICE));
	self->ifindex = 0;
	EXPECT_EQ(-ENODEV, get_info(map, &info, sizeof(info)));
}

TEST_HARNESS_MAIN
