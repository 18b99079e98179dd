#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "fault.h"
#include "mem.h"
#include "str.h"

#define CHUNK 16384

int
file_check_private(int fd, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_errno(err, errno, "%s", path);
	if (S_ISREG(st.st_mode) && (st.st_mode & 077) != 0)
		return err_set(err, ERR_DENIED,
		    "%s: others may read this secret; chmod 600 it", path);
	return 0;
}

void
file_stamp(const char *path, char out[FILE_STAMP])
{
	struct stat st;

	out[0] = '\0';
	if (stat(path, &st) == 0)
		(void)snprintf(out, FILE_STAMP, "%llx.%llx.%llx.%llx.%lx",
		    (unsigned long long)st.st_dev,
		    (unsigned long long)st.st_ino,
		    (unsigned long long)st.st_size,
		    (unsigned long long)st.st_ctim.tv_sec,
		    (unsigned long)st.st_ctim.tv_nsec);
}

static int
read_all(int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	char chunk[CHUNK];
	size_t total = 0;
	ssize_t got;
	int rc = 0;

	while (rc == 0 && (got = read(fd, chunk, sizeof(chunk))) != 0) {
		if (got < 0) {
			rc = err_errno(err, errno, "%s", path);
			break;
		}
		total += (size_t)got;
		if (total > max)
			rc = err_set(err, ERR_LIMIT,
			    "%s: longer than %zu bytes", path, max);
		else
			buf_add(out, chunk, (size_t)got);
	}
	if (rc == 0 && out->over)
		rc = err_set(err, ERR_LIMIT, "%s: too long", path);
	explicit_bzero(chunk, sizeof(chunk));
	return rc;
}

static int
read_file(const char *path, size_t max, bool private, struct buf *out,
    struct err *err)
{
	int fd = STDIN_FILENO, rc = 0;

	if (!str_eq(path, "-"))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "%s", path);
	if (private)
		rc = file_check_private(fd, path, err);
	if (rc == 0)
		rc = read_all(fd, path, max, out, err);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return rc;
}

int
file_read(const char *path, size_t max, struct buf *out, struct err *err)
{
	return read_file(path, max, false, out, err);
}

int
file_read_private(
    const char *path, size_t max, struct buf *out, struct err *err)
{
	return read_file(path, max, true, out, err);
}

/* The folder's entry for path is on disk after this. */
static int
sync_folder(const char *path)
{
	char *copy = mem_dup(path);
	int fd, rc = -1;

	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		rc = fsync(fd);
		(void)close(fd);
	}
	free(copy);
	return rc;
}

static int
write_all(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	ssize_t put;

	while (len > 0) {
		put = write(fd, at, len);
		if (put < 0)
			return -1;
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

int
file_write(const char *path, const void *bytes, size_t len, mode_t mode,
    bool excl, struct err *err)
{
	char *beside = mem_printf("%s.XXXXXX", path);
	int fd, rc = -1;

	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		(void)err_errno(err, errno, "%s", path);
		goto out;
	}
	if (fchmod(fd, mode) != 0 || write_all(fd, bytes, len) != 0 ||
	    fsync(fd) != 0) {
		(void)err_errno(err, errno, "%s", path);
		goto out;
	}
	fault_point("file.write.before-rename");
	/* link() refuses an existing name where rename() would replace it. */
	if (excl ? link(beside, path) != 0 : rename(beside, path) != 0) {
		(void)err_errno(err, errno, "%s", path);
		goto out;
	}
	if (sync_folder(path) != 0) {
		(void)err_errno(err, errno, "%s: folder", path);
		goto out;
	}
	rc = 0;
out:
	if (fd >= 0) {
		(void)close(fd);
		if (excl || rc != 0)
			(void)unlink(beside);
	}
	free(beside);
	return rc;
}

int
file_mkdirs(const char *path, mode_t mode, struct err *err)
{
	char *copy = mem_dup(path), *p;
	struct stat st;
	int rc = 0;

	for (p = copy + 1; rc == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		if (*p == '\0' && p[-1] == '/')
			break;
		if (*p == '/')
			*p = '\0';
		else
			p = NULL;
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			rc = err_errno(err, errno, "%s", copy);
		if (p == NULL)
			break;
		*p = '/';
	}
	if (rc == 0 && (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
		rc = err_set(err, ERR_STORAGE, "%s: is not a folder", path);
	free(copy);
	return rc;
}
