// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for the table of privileges in Documentation/userspace-api/nsfd.rst:
 * the rows of socketat() and the column of delegated file descriptors. Each
 * cell is a test, with the column as its variant.
 */
#include <linux/sockios.h>
#include <netinet/in.h>

#define NEEDS_TYPE	(CLONE_NEWUSER | CLONE_NEWNET)
#define NEEDS_NAME	"CONFIG_USER_NS or CONFIG_NET_NS"
#include "privilege.h"

FIXTURE(socketat_privilege)
{
	struct scene scene;
	int nsfd;
};

/* The expected errno, or 0 if allowed. */
FIXTURE_VARIANT(socketat_privilege)
{
	enum who who;
	bool no_new_privs;
	bool granted;	/* the file descriptor is delegated */
	bool listed;	/* only the capabilities of the table */
	bool unlisted;	/* all capabilities except these */
	int plain;	/* if not 0, there is no socket for the rest */
	int raw, low_port, configure, delegate;
};

#define ALLOWED 0

FIXTURE_VARIANT_ADD(socketat_privilege, own)
{
	.who = WHO_OWN,
	.plain = ALLOWED, .raw = EPERM, .low_port = EACCES,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_VARIANT_ADD(socketat_privilege, root)
{
	.who = WHO_ROOT,
};

FIXTURE_VARIANT_ADD(socketat_privilege, root_no_new_privs)
{
	.who = WHO_ROOT, .no_new_privs = true,
};

FIXTURE_VARIANT_ADD(socketat_privilege, root_with_listed_caps)
{
	.who = WHO_ROOT, .listed = true,
};

FIXTURE_VARIANT_ADD(socketat_privilege, root_without_listed_caps)
{
	.who = WHO_ROOT, .unlisted = true,
	.plain = EPERM, .raw = EPERM, .low_port = EACCES,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_VARIANT_ADD(socketat_privilege, inside)
{
	.who = WHO_INSIDE,
};

FIXTURE_VARIANT_ADD(socketat_privilege, sibling)
{
	.who = WHO_SIBLING,
	.plain = EPERM, .raw = EPERM, .low_port = EPERM,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_VARIANT_ADD(socketat_privilege, owner)
{
	.who = WHO_OWNER,
};

FIXTURE_VARIANT_ADD(socketat_privilege, owner_no_new_privs)
{
	.who = WHO_OWNER, .no_new_privs = true,
};

FIXTURE_VARIANT_ADD(socketat_privilege, same_user)
{
	.who = WHO_SAME,
	.plain = EPERM, .raw = EPERM, .low_port = EPERM,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_VARIANT_ADD(socketat_privilege, stranger)
{
	.who = WHO_STRANGER,
	.plain = EPERM, .raw = EPERM, .low_port = EPERM,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_VARIANT_ADD(socketat_privilege, granted)
{
	.who = WHO_STRANGER, .granted = true,
	.plain = ALLOWED, .raw = EPERM, .low_port = EACCES,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_VARIANT_ADD(socketat_privilege, granted_no_new_privs)
{
	.who = WHO_STRANGER, .granted = true, .no_new_privs = true,
	.plain = ALLOWED, .raw = EPERM, .low_port = EACCES,
	.configure = EPERM, .delegate = EPERM,
};

FIXTURE_SETUP(socketat_privilege)
{
	if (!have_socketat())
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, scene_start(&self->scene, variant->who));
	if ((variant->listed || variant->unlisted) && !self->scene.real_root) {
		scene_end(&self->scene);
		SKIP(return, "the only user here is the owner, too");
	}
	self->nsfd = scene_fd(&self->scene, CLONE_NEWNET);
	if (variant->granted) {
		self->nsfd = ioctl(self->nsfd, NS_NET_DELEGATE_SOCKETS, 0);
		if (self->nsfd < 0 && errno == ENOTTY) {
			scene_end(&self->scene);
			SKIP(return, "ENOTTY");
		}
		ASSERT_LE(0, self->nsfd);
	}
	ASSERT_EQ(0, scene_enter(&self->scene, variant->who));
	if (variant->no_new_privs)
		ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

FIXTURE_TEARDOWN_PARENT(socketat_privilege)
{
	scene_end(&self->scene);
}

/* The second table, and what socketat() itself requires. */
static int use_caps(const struct _fixture_variant_socketat_privilege *variant,
		    __u64 caps)
{
	__u64 admin = CAP_BIT(CAP_SYS_ADMIN);

	if (variant->listed)
		return set_caps(admin | caps);
	/* the other rows require a socket, so keep the capability to create one */
	return variant->unlisted ? set_caps(~(caps ?: admin)) : 0;
}

static int try_socketat(int nsfd, int family, int type, int protocol)
{
	int sk = sys_socketat(nsfd, family, type | SOCK_CLOEXEC, protocol);

	if (sk < 0)
		return errno;
	close(sk);
	return 0;
}

/* Without a socket, the other rows cannot be tested. */
#define SOCKET_OR_REFUSAL(nsfd) ({					\
	int __sk = sys_socketat(nsfd, AF_INET, SOCK_DGRAM, 0);		\
									\
	EXPECT_EQ(variant->unlisted ? ALLOWED : variant->plain,		\
		  __sk < 0 ? errno : 0);				\
	__sk;								\
})

TEST_F(socketat_privilege, plain)
{
	int nsfd = self->nsfd;

	ASSERT_EQ(0, use_caps(variant, 0));
	EXPECT_EQ(variant->plain, try_socketat(nsfd, AF_INET, SOCK_STREAM, 0));
	EXPECT_EQ(variant->plain, try_socketat(nsfd, AF_INET6, SOCK_DGRAM, 0));
	EXPECT_EQ(variant->plain, try_socketat(nsfd, AF_UNIX, SOCK_STREAM, 0));
	EXPECT_EQ(variant->plain, try_socketat(nsfd, AF_NETLINK, SOCK_RAW, 0));
}

TEST_F(socketat_privilege, raw)
{
	int nsfd = self->nsfd;

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_NET_RAW)));
	EXPECT_EQ(variant->raw,
		  try_socketat(nsfd, AF_INET, SOCK_RAW, IPPROTO_ICMP));
	EXPECT_EQ(variant->raw,
		  try_socketat(nsfd, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
}

TEST_F(socketat_privilege, packet)
{
	int nsfd = self->nsfd;

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_NET_RAW)));
	EXPECT_EQ(variant->raw, try_socketat(nsfd, AF_PACKET, SOCK_RAW, 0));
	EXPECT_EQ(variant->raw, try_socketat(nsfd, AF_PACKET, SOCK_DGRAM, 0));
}

TEST_F(socketat_privilege, low_port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(80),
	};
	int sk;

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_NET_BIND_SERVICE)));
	sk = SOCKET_OR_REFUSAL(self->nsfd);
	if (sk < 0)
		return;
	EXPECT_EQ(variant->low_port,
		  bind(sk, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0);
}

TEST_F(socketat_privilege, configure)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sk;

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_NET_ADMIN)));
	sk = SOCKET_OR_REFUSAL(self->nsfd);
	if (sk < 0)
		return;
	EXPECT_EQ(variant->configure,
		  ioctl(sk, SIOCSIFFLAGS, &ifr) ? errno : 0);
}

TEST_F(socketat_privilege, siocgskns)
{
	int sk;

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_NET_ADMIN)));
	sk = SOCKET_OR_REFUSAL(self->nsfd);
	if (sk < 0)
		return;
	EXPECT_EQ(variant->configure, ioctl(sk, SIOCGSKNS) < 0 ? errno : 0);
}

TEST_F(socketat_privilege, delegate)
{
	int fd;

	ASSERT_EQ(0, use_caps(variant, 0));
	fd = ioctl(self->nsfd, NS_NET_DELEGATE_SOCKETS, 0);
	if (fd < 0 && errno == ENOTTY)
		SKIP(return, "ENOTTY");
	EXPECT_EQ(variant->delegate, fd < 0 ? errno : 0);
}

/* On a plain file descriptor, a privileged caller gets EINVAL. */
TEST_F(socketat_privilege, revoke)
{
	int ret;

	ASSERT_EQ(0, use_caps(variant, 0));
	ret = ioctl(self->nsfd, NS_NET_REVOKE_SOCKETS, 0);
	ASSERT_EQ(-1, ret);
	if (errno == ENOTTY)
		SKIP(return, "ENOTTY");
	EXPECT_EQ(variant->delegate ?: EINVAL, errno);
}

/* A delegation permits nothing else: the rows of privilege_test, for another user. */
FIXTURE(granted)
{
	struct scene scene;
	int nsfd;
};

FIXTURE_SETUP(granted)
{
	if (!have_socketat())
		SKIP(return, "ENOSYS");
	ASSERT_EQ(0, scene_start(&self->scene, WHO_STRANGER));
	self->nsfd = ioctl(scene_fd(&self->scene, CLONE_NEWNET),
			   NS_NET_DELEGATE_SOCKETS, 0);
	if (self->nsfd < 0 && errno == ENOTTY) {
		scene_end(&self->scene);
		SKIP(return, "ENOTTY");
	}
	ASSERT_LE(0, self->nsfd);
	ASSERT_EQ(0, scene_enter(&self->scene, WHO_STRANGER));
}

FIXTURE_TEARDOWN_PARENT(granted)
{
	scene_end(&self->scene);
}

TEST_F(granted, open)
{
	EXPECT_EQ(EACCES, try_open(&self->scene));
}

TEST_F(granted, readlink)
{
	EXPECT_EQ(EACCES, try_readlink(&self->scene));
}

TEST_F(granted, setns_net)
{
	EXPECT_EQ(EPERM, try_setns(self->nsfd, CLONE_NEWNET));
}

TEST_F(granted, bind_mount)
{
	EXPECT_EQ(EPERM, try_bind_mount(&self->scene, self->nsfd));
}

TEST_F(granted, newlink)
{
	EXPECT_EQ(EPERM, try_newlink(self->nsfd));
}

TEST_HARNESS_MAIN
