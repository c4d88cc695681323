/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The root of a system: opening what lies below it without ever leaving it, and, when
 * something is amiss, what the mount table says of sysfs. All path literals stand here
 * and in the header.
 */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libmount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "memblk.h"
#include "sysfs.h"
#include "sysroot.h"
#include "util.h"

#define SYSROOT_SYSFS "sys"
#define SYSROOT_MOUNTINFO "proc/self/mountinfo"

const char *memblk_memory_path(void)
{
	return "/" SYSROOT_MEMORY;
}

const char *memblk_firmware_path(void)
{
	return "/" SYSROOT_FIRMWARE;
}

const char *memblk_iomem_path(void)
{
	return "/" SYSROOT_IOMEM;
}

const char *sysroot_block_path(char path[SYSROOT_PATH_MAX], const char *directory,
			       uint64_t index, const char *name)
{
	snprintf(path, SYSROOT_PATH_MAX, "%s/memory%" PRIu64 "%s%s", directory, index,
		 *name ? "/" : "", name);
	return path;
}

/* ---- Resolving inside the root ---- */

/*
 * The walk that stands in for openat2(2) before Linux 5.6. Each component is opened by
 * itself with O_NOFOLLOW; a symbolic link is read and put before the rest of the path,
 * from the root if it is absolute; the root is its own parent.
 */
#define WALK_LINKS_MAX 40
#define WALK_DEPTH_MAX 64

struct walk {
	int fd[WALK_DEPTH_MAX]; /* fd[0] is the root and not ours */
	size_t depth;
	bool is_directory; /* what is open in fd[depth] */
	unsigned int nlinks;
	char last[NAME_MAX + 1]; /* name of what is open in fd[depth] */
	char rest[PATH_MAX];     /* what is left of the path */
};

static void walk_leave(struct walk *walk, size_t depth)
{
	while (walk->depth > depth)
		close(walk->fd[walk->depth--]);
	walk->is_directory = true;
}

static void walk_done(struct walk *walk)
{
	walk_leave(walk, 0);
}

/* Puts the target of the symbolic link LINK_FD before the rest. */
static int walk_follow(struct walk *walk, int link_fd)
{
	char target[PATH_MAX];
	ssize_t length;
	size_t rest = strlen(walk->rest);

	if (++walk->nlinks > WALK_LINKS_MAX)
		return -ELOOP;
	length = RET_NERRNO(readlinkat(link_fd, "", target, sizeof(target)));
	if (length < 0)
		return (int) length;
	if ((size_t) length + rest + 1 > sizeof(walk->rest))
		return -ENAMETOOLONG;

	if (target[0] == '/')
		walk_leave(walk, 0);
	/* the rest is empty or begins with a slash */
	memmove(walk->rest + length, walk->rest, rest + 1);
	memcpy(walk->rest, target, (size_t) length);
	return 0;
}

static int walk_enter(struct walk *walk, const char *name)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (!walk->is_directory)
		return -ENOTDIR;
	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		walk_leave(walk, walk->depth ? walk->depth - 1 : 0);
		return 0;
	}

	fd = RET_NERRNO(
		openat(walk->fd[walk->depth], name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return walk_follow(walk, fd);
	if (walk->depth + 1 == WALK_DEPTH_MAX)
		return -ENAMETOOLONG;

	walk->fd[++walk->depth] = steal_fd(&fd);
	walk->is_directory = S_ISDIR(st.st_mode);
	snprintf(walk->last, sizeof(walk->last), "%s", name);
	return 0;
}

/* Cuts the next component off the rest and copies it to NAME; false if there is none. */
static bool walk_next(struct walk *walk, char name[NAME_MAX + 1])
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");

	if (!length || length > NAME_MAX)
		return false;
	memcpy(name, start, length);
	name[length] = '\0';
	memmove(walk->rest, start + length, strlen(start + length) + 1);
	return true;
}

/*
 * Opens what the walk ended at. Anything but a directory is opened by its name once more,
 * and was the last component, for nothing is found below it.
 */
static int walk_open(const struct walk *walk, int flags)
{
	if (walk->is_directory)
		return RET_NERRNO(openat(walk->fd[walk->depth], ".", flags));

	return RET_NERRNO(
		openat(walk->fd[walk->depth - 1], walk->last, flags | O_NOFOLLOW));
}

static int open_by_walk(int root, const char *path, int flags)
{
	_cleanup_(walk_done) struct walk walk = { .fd = { root }, .is_directory = true };
	char name[NAME_MAX + 1];

	snprintf(walk.rest, sizeof(walk.rest), "%s", path);
	while (walk_next(&walk, name)) {
		int r = walk_enter(&walk, name);

		if (r < 0)
			return r;
	}
	if (walk.rest[strspn(walk.rest, "/")])
		return -ENAMETOOLONG;
	if (*walk.rest && !walk.is_directory)
		return -ENOTDIR;

	return walk_open(&walk, flags);
}

/* The kernel gives EAGAIN when something was renamed under a path with "..". */
#define RESOLVE_TRIES 64

/*
 * Linux before 5.6, or a container whose filter of system calls is older than that, or
 * says EPERM for what it does not know. Where it is the file that says so, walking there
 * comes to the same.
 */
static bool is_refused(int fd)
{
	return fd == -ENOSYS || fd == -EPERM;
}

static int open_in_root(int root, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned int) flags,
				.resolve = RESOLVE_IN_ROOT };
	int fd = -EAGAIN;

	for (int i = 0; i < RESOLVE_TRIES && fd == -EAGAIN; i++)
		fd = (int) RET_NERRNO(
			syscall(SYS_openat2, root, path, &how, sizeof(how)));

	return is_refused(fd) ? open_by_walk(root, path, flags) : fd;
}

/* ---- The table of operations on real files ---- */

/*
 * Nearly all that is opened lies in the memory directory, and to walk there from the root
 * each time takes a third of the time. So that directory is kept open, and what is below
 * it is opened from there as long as no symbolic link is met on the way.
 */
struct files {
	int root;
	int memory; /* -1 until it is needed */
};

static int open_in_memory(struct files *files, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int) flags,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};

	if (files->memory < 0)
		files->memory = open_in_root(files->root, SYSROOT_MEMORY,
					     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->memory < 0)
		return files->memory;

	return (int) RET_NERRNO(
		syscall(SYS_openat2, files->memory, path, &how, sizeof(how)));
}

static int files_open(void *backend, const char *path, int flags)
{
	static const char memory[] = SYSROOT_MEMORY "/";
	struct files *files = backend;
	int fd;

	if (!strncmp(path, memory, sizeof(memory) - 1)) {
		fd = open_in_memory(files, path + sizeof(memory) - 1, flags);
		if (fd != -ELOOP && !is_refused(fd))
			return fd;
	}
	return open_in_root(files->root, path, flags);
}

/*
 * An attribute comes in one piece, and one call for it has to do. What is longer the
 * kernel cuts between records, wherever its own buffer ends: of /proc/zoneinfo a read
 * gives one node, whatever the size that is asked for.
 */
static ssize_t files_read(void *backend, int fd, void *buffer, size_t size)
{
	size_t length = 0;
	ssize_t n;

	(void) backend;
	do {
		n = RET_NERRNO(pread(fd, (char *) buffer + length, size - length,
				     (off_t) length));
		if (n < 0)
			return n;
		length += (size_t) n;
	} while (n > 0 && length < size && size > SYSFS_TEXT_MAX + 1);

	return (ssize_t) length;
}

static ssize_t files_pread(void *backend, int fd, void *buffer, size_t size,
			   uint64_t offset)
{
	(void) backend;
	if (offset > INT64_MAX)
		return -EOVERFLOW;
	return RET_NERRNO(pread(fd, buffer, size, (off_t) offset));
}

static ssize_t files_read_next(void *backend, int fd, void *buffer, size_t size)
{
	(void) backend;
	return RET_NERRNO(read(fd, buffer, size));
}

static int files_seek_end(void *backend, int fd)
{
	(void) backend;
	return lseek(fd, 0, SEEK_END) < 0 ? -errno : 0;
}

/* The link's directory is opened, for what is opened is never the link itself. */
static ssize_t files_readlink(void *backend, const char *path, char *target, size_t size)
{
	_cleanup_close_ int fd = -1;
	const char *name = strrchr(path, '/');
	char directory[PATH_MAX];

	if (!name || (size_t) (name - path) >= sizeof(directory))
		return -ENAMETOOLONG;
	snprintf(directory, sizeof(directory), "%.*s", (int) (name - path), path);
	fd = files_open(backend, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd;

	return RET_NERRNO(readlinkat(fd, name + 1, target, size));
}

static ssize_t files_write(void *backend, int fd, const void *data, size_t size)
{
	(void) backend;
	return RET_NERRNO(write(fd, data, size));
}

static int files_truncate(void *backend, int fd, size_t size)
{
	(void) backend;
	return RET_NERRNO(ftruncate(fd, (off_t) size));
}

static void files_close(void *backend, int fd)
{
	(void) backend;
	close(fd);
}

static void closedirp(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

static int files_list(void *backend, const char *path, io_entry_fn entry_fn, void *data)
{
	_cleanup_(closedirp) DIR *directory = NULL;
	struct dirent *entry;
	int fd, r = 0;

	fd = files_open(backend, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	directory = fdopendir(fd);
	if (!directory) {
		r = -errno;
		close(fd);
		return r;
	}

	while (r == 0 && (errno = 0, entry = readdir(directory)))
		switch (entry->d_type) {
		case DT_DIR:
		case DT_LNK:
		case DT_UNKNOWN:
			r = entry_fn(entry->d_name, data);
		}

	return r ? r : -errno;
}

/* Of a path alone; reading and writing it gives EBADF. */
static int files_blunt(void *backend)
{
	const struct files *files = backend;

	return files->root;
}

static size_t files_keep(void *backend, int fds[IO_KEEP_MAX])
{
	const struct files *files = backend;

	fds[0] = files->root;
	fds[1] = files->memory;
	return files->memory < 0 ? 1 : 2;
}

static void files_free(void *backend)
{
	struct files *files = backend;

	close(files->root);
	closep(&files->memory);
	free(files);
}

static const struct io files_io = {
	.open = files_open,
	.read = files_read,
	.pread = files_pread,
	.read_next = files_read_next,
	.seek_end = files_seek_end,
	.readlink = files_readlink,
	.write = files_write,
	.truncate = files_truncate,
	.list = files_list,
	.close = files_close,
	.blunt = files_blunt,
	.keep = files_keep,
	.free = files_free,
};

int sysfs_open(const char *root, struct sysfs *ret)
{
	_cleanup_close_ int fd = RET_NERRNO(open(root, O_PATH | O_DIRECTORY | O_CLOEXEC));
	struct files *files;

	if (fd < 0)
		return fd;
	files = malloc(sizeof(*files));
	if (!files)
		return -ENOMEM;

	*files = (struct files){ .root = steal_fd(&fd), .memory = -1 };
	*ret = (struct sysfs){ .io = &files_io, .backend = files };
	return 0;
}

/* ---- The mount table ---- */

static void unref_tablep(struct libmnt_table **table)
{
	mnt_unref_table(*table);
}

static void free_iterp(struct libmnt_iter **iter)
{
	mnt_free_iter(*iter);
}

static FILE *open_mountinfo(const char *sysroot)
{
	_cleanup_close_ int root = open(sysroot ?: "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	FILE *file = NULL;
	int fd;

	if (root < 0)
		return NULL;
	fd = open_in_root(root, SYSROOT_MOUNTINFO, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	file = fdopen(fd, "re");
	if (!file)
		close(fd);

	return file;
}

static bool is_sysfs(struct libmnt_fs *fs)
{
	const char *type = mnt_fs_get_fstype(fs);

	return type && !strcmp(type, "sysfs");
}

static bool is_read_only(struct libmnt_fs *fs)
{
	const char *mount = mnt_fs_get_vfs_options(fs),
		   *super = mnt_fs_get_fs_options(fs);

	return (mount && mnt_optstr_get_option(mount, "ro", NULL, NULL) == 0) ||
	       (super && mnt_optstr_get_option(super, "ro", NULL, NULL) == 0);
}

/*
 * The mount that PATH is on: the last one that was made on it or on the nearest parent of
 * it.
 */
static struct libmnt_fs *find_mount_of(struct libmnt_table *table, const char *path)
{
	char parent[sizeof("/" SYSROOT_MEMORY)];
	struct libmnt_fs *fs = NULL;

	snprintf(parent, sizeof(parent), "%s", path);
	while (!fs && parent[0]) {
		fs = mnt_table_find_target(table, parent, MNT_ITER_BACKWARD);
		*strrchr(parent, '/') = '\0';
	}
	return fs;
}

/* A sysfs at another place than where it belongs; the last that was mounted. */
static int find_elsewhere(struct libmnt_table *table, char **ret)
{
	_cleanup_(free_iterp) struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_BACKWARD);
	struct libmnt_fs *fs;

	if (!iter)
		return -ENOMEM;
	*ret = NULL;
	while (!*ret && mnt_table_next_fs(table, iter, &fs) == 0)
		if (is_sysfs(fs) && strcmp(mnt_fs_get_target(fs), "/" SYSROOT_SYSFS)) {
			*ret = strdup(mnt_fs_get_target(fs));
			if (!*ret)
				return -ENOMEM;
		}
	return 0;
}

int memblk_mount_find(const char *sysroot, struct memblk_mount *ret)
{
	_cleanup_fclose_ FILE *file = open_mountinfo(sysroot);
	_cleanup_(unref_tablep) struct libmnt_table *table = mnt_new_table();
	_cleanup_free_ char *read_only_path = NULL;
	struct libmnt_fs *sysfs, *memory;
	struct memblk_mount mount = { .expected = false };
	int r;

	if (!file)
		return -ENOENT;
	if (!table || mnt_table_parse_stream(table, file, SYSROOT_MOUNTINFO) < 0)
		return -ENOMEM;

	sysfs = mnt_table_find_target(table, "/" SYSROOT_SYSFS, MNT_ITER_BACKWARD);
	mount.expected = sysfs && is_sysfs(sysfs);
	memory = find_mount_of(table, "/" SYSROOT_MEMORY);
	mount.read_only = memory && is_read_only(memory);
	if (mount.read_only) {
		read_only_path = strdup(mnt_fs_get_target(memory));
		if (!read_only_path)
			return -ENOMEM;
	}
	r = find_elsewhere(table, &mount.elsewhere);
	if (r < 0)
		return r;

	mount.read_only_path = read_only_path;
	read_only_path = NULL;
	*ret = mount;
	return 0;
}

void memblk_mount_done(struct memblk_mount *mount)
{
	free(mount->elsewhere);
	free(mount->read_only_path);
}
