// SPDX-License-Identifier: GPL-2.0
/*
 * Tests for the table of privileges in Documentation/userspace-api/nsfd.rst,
 * except socketat(): each cell is a test, with the column as its variant.
 */
#define NEEDS_TYPE	(CLONE_NEWUSER | CLONE_NEWNET)
#define NEEDS_NAME	"CONFIG_USER_NS or CONFIG_NET_NS"
#include "privilege.h"

FIXTURE(privilege)
{
	struct scene scene;
};

/* The expected errno, or 0 if allowed. */
FIXTURE_VARIANT(privilege)
{
	enum who who;
	bool no_new_privs;
	bool listed;	/* only the capabilities of the table */
	bool unlisted;	/* all capabilities except these */
	int open, readlink, setns, setns_user, bind_mount, newlink;
};

#define ALLOWED 0

FIXTURE_VARIANT_ADD(privilege, own)
{
	.who = WHO_OWN,
	.open = ALLOWED, .readlink = ALLOWED,
	.setns = EPERM, .setns_user = EINVAL,
	.bind_mount = EPERM, .newlink = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, root)
{
	.who = WHO_ROOT,
};

FIXTURE_VARIANT_ADD(privilege, root_no_new_privs)
{
	.who = WHO_ROOT, .no_new_privs = true,
};

FIXTURE_VARIANT_ADD(privilege, root_with_listed_caps)
{
	.who = WHO_ROOT, .listed = true,
};

FIXTURE_VARIANT_ADD(privilege, root_without_listed_caps)
{
	.who = WHO_ROOT, .unlisted = true,
	.open = EACCES, .readlink = EACCES,
	.setns = EPERM, .setns_user = EPERM,
	.bind_mount = EPERM, .newlink = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, inside)
{
	.who = WHO_INSIDE,
	.setns_user = EINVAL,
};

FIXTURE_VARIANT_ADD(privilege, sibling)
{
	.who = WHO_SIBLING,
	.open = EACCES, .readlink = EACCES,
	.setns = EPERM, .setns_user = EPERM,
	.bind_mount = ALLOWED, .newlink = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, owner)
{
	.who = WHO_OWNER,
	.open = ALLOWED, .readlink = ALLOWED,
	.setns = EPERM, .setns_user = ALLOWED,
	.bind_mount = EPERM, .newlink = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, owner_no_new_privs)
{
	.who = WHO_OWNER, .no_new_privs = true,
	.open = ALLOWED, .readlink = ALLOWED,
	.setns = EPERM, .setns_user = ALLOWED,
	.bind_mount = EPERM, .newlink = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, same_user)
{
	.who = WHO_SAME,
	.open = ALLOWED, .readlink = ALLOWED,
	.setns = EPERM, .setns_user = EINVAL,
	.bind_mount = EPERM, .newlink = EPERM,
};

FIXTURE_VARIANT_ADD(privilege, stranger)
{
	.who = WHO_STRANGER,
	.open = EACCES, .readlink = EACCES,
	.setns = EPERM, .setns_user = EPERM,
	.bind_mount = EPERM, .newlink = EPERM,
};

FIXTURE_SETUP(privilege)
{
	ASSERT_EQ(0, scene_start(&self->scene, variant->who));
	if ((variant->listed || variant->unlisted) && !self->scene.real_root) {
		scene_end(&self->scene);
		SKIP(return, "the only user here is the owner, too");
	}
	ASSERT_EQ(0, scene_enter(&self->scene, variant->who));
	if (variant->no_new_privs)
		ASSERT_EQ(0, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

FIXTURE_TEARDOWN_PARENT(privilege)
{
	scene_end(&self->scene);
}

/* The second table: use only these capabilities, or all others. */
static int use_caps(const struct _fixture_variant_privilege *variant,
		    __u64 caps)
{
	if (variant->listed)
		return set_caps(caps);
	return variant->unlisted ? set_caps(~caps) : 0;
}

TEST_F(privilege, open)
{
	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_SYS_PTRACE)));
	EXPECT_EQ(variant->open, try_open(&self->scene));
}

TEST_F(privilege, readlink)
{
	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_SYS_PTRACE)));
	EXPECT_EQ(variant->readlink, try_readlink(&self->scene));
}

static void setns_test(struct __test_metadata *_metadata,
		       const struct scene *scene,
		       const struct _fixture_variant_privilege *variant,
		       int type, __u64 caps)
{
	int nsfd = scene_fd(scene, type);

	if (nsfd < 0)
		SKIP(return, "no such type");
	ASSERT_EQ(0, use_caps(variant, caps));
	EXPECT_EQ(type == CLONE_NEWUSER ? variant->setns_user : variant->setns,
		  try_setns(nsfd, type));
}

TEST_F(privilege, setns_user)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWUSER,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, setns_mnt)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWNS,
		   CAP_BIT(CAP_SYS_ADMIN) | CAP_BIT(CAP_SYS_CHROOT));
}

TEST_F(privilege, setns_uts)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWUTS,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, setns_ipc)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWIPC,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, setns_pid)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWPID,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, setns_cgroup)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWCGROUP,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, setns_net)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWNET,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, setns_time)
{
	setns_test(_metadata, &self->scene, variant, CLONE_NEWTIME,
		   CAP_BIT(CAP_SYS_ADMIN));
}

TEST_F(privilege, bind_mount)
{
	int nsfd = scene_fd(&self->scene, CLONE_NEWNET);

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_SYS_ADMIN)));
	EXPECT_EQ(variant->bind_mount, try_bind_mount(&self->scene, nsfd));
}

TEST_F(privilege, newlink)
{
	int nsfd = scene_fd(&self->scene, CLONE_NEWNET);

	ASSERT_EQ(0, use_caps(variant, CAP_BIT(CAP_NET_ADMIN)));
	EXPECT_EQ(variant->newlink, try_newlink(nsfd));
}

TEST_HARNESS_MAIN
