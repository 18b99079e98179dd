/* A keytab, as somebody may have left it: damaged, cut off, of another format.
 * What is told of its entries is whole, and never a key. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "err.h"
#include "krb.h"

#define FILE_MAX 65536
#define PATH_ROOM 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void); /* NOLINT: its name is given */

/* libkrb5 forgets a name that it has read half of. */
const char *
__lsan_default_suppressions(void) /* NOLINT */
{
	return "leak:libkrb5\n";
}

static int
look(void *cookie, const struct krb_entry *entry, struct err *err)
{
	size_t *count = cookie;

	(void)err;
	assert(entry->principal != NULL && strchr(entry->principal, '@'));
	assert(entry->type != NULL && entry->type[0] != '\0');
	++*count;
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	char path[PATH_ROOM];
	size_t count = 0;
	int fd;

	if (size > FILE_MAX)
		return 0;
	setenv("KRB5_CONFIG", "/dev/null", 1);
	fd = memfd_create("keytab", MFD_CLOEXEC);
	if (fd < 0 || fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
	    write(fd, data, size) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (krb_keytab_scan(path, look, &count, &err) != 0)
		assert(err.kind == ERR_INVALID || err.kind == ERR_PROTOCOL);
	assert(count <= size);
	close(fd);
	return 0;
}
