#include "secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "err.h"
#include "file.h"
#include "mem.h"

#define FILE_SECRET_MAX 1024
#define SLAB_SIZE 4096
#define SLOT_SIZE 128 /* fits every AMT and AD password we make */
#define SLOTS (SLAB_SIZE / SLOT_SIZE)

/*
 * Short secrets share locked pages, so that ten thousand of them do not need
 * ten thousand pages; long ones have pages of their own.  The lists are touched
 * by workers too, hence the lock.
 */
struct slab {
	struct slab *next;
	uint32_t used; /* bit per slot */
	uint8_t *page;
};

struct secret {
	uint8_t *bytes;
	size_t len;
	struct slab *slab; /* NULL: pages of its own */
	size_t mapped;
};

_Static_assert(SLOTS <= 32, "slots fit the bit set");

static struct slab *slabs;
static char slabs_lock; /* a spin lock: held for a few instructions */

static void
lock(void)
{
	while (__atomic_test_and_set(&slabs_lock, __ATOMIC_ACQUIRE))
		;
}

static void
unlock(void)
{
	__atomic_clear(&slabs_lock, __ATOMIC_RELEASE);
}

/* Zeroed pages, locked where the limit allows, outside core dumps. */
static uint8_t *
pages_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		abort();
	(void)mlock(p, size);
	(void)madvise(p, size, MADV_DONTDUMP);
	return p;
}

static struct slab *
slab_with_room(void)
{
	struct slab *slab;

	for (slab = slabs; slab != NULL; slab = slab->next)
		if (slab->used != UINT32_MAX)
			return slab;
	slab = mem_alloc(sizeof(*slab));
	slab->page = pages_new(SLAB_SIZE);
	slab->next = slabs;
	slabs = slab;
	return slab;
}

static uint8_t *
slot_take(struct slab **ret_slab)
{
	struct slab *slab;
	unsigned i = 0;

	lock();
	slab = slab_with_room();
	while (slab->used & (UINT32_C(1) << i))
		i++;
	slab->used |= UINT32_C(1) << i;
	unlock();
	*ret_slab = slab;
	return slab->page + (size_t)i * SLOT_SIZE;
}

static void
slot_give(struct slab *slab, const uint8_t *slot)
{
	size_t i = (size_t)(slot - slab->page) / SLOT_SIZE;

	lock();
	slab->used &= ~(UINT32_C(1) << i);
	unlock();
}

static struct secret *
secret_room(size_t len)
{
	struct secret *s = mem_alloc(sizeof(*s));

	s->len = len;
	if (len < SLOT_SIZE) {
		s->bytes = slot_take(&s->slab);
		return s;
	}
	s->mapped = (len + SLAB_SIZE) / SLAB_SIZE * SLAB_SIZE;
	s->bytes = pages_new(s->mapped);
	return s;
}

struct secret *
secret_new(const void *bytes, size_t len)
{
	struct secret *s = secret_room(len);

	if (len > 0)
		memcpy(s->bytes, bytes, len);
	s->bytes[len] = '\0';
	return s;
}

struct secret *
secret_from_file(const char *path, struct err *err)
{
	struct secret *s = NULL;
	char line[FILE_SECRET_MAX + 1];
	ssize_t got;
	size_t len;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)err_errno(err, errno, "%s", path);
		goto out;
	}
	if (file_check_private(fd, path, err) != 0)
		goto out;
	got = read(fd, line, sizeof(line) - 1);
	if (got < 0) {
		(void)err_errno(err, errno, "%s", path);
		goto out;
	}
	line[got] = '\0';
	len = strcspn(line, "\r\n");
	if (len == 0 || len == FILE_SECRET_MAX)
		(void)err_set(err, ERR_INVALID,
		    "%s: the first line must hold 1 to %d characters", path,
		    FILE_SECRET_MAX - 1);
	else
		s = secret_new(line, len);
	secret_wipe(line, sizeof(line));
out:
	if (fd >= 0)
		(void)close(fd);
	return s;
}

struct secret *
secret_random_text(const char *alphabet, size_t len)
{
	size_t count = strlen(alphabet), i = 0;
	struct secret *s = secret_room(len);
	unsigned limit;
	uint8_t byte;

	assert(count > 1 && count <= 256);
	limit = (unsigned)(256 / count * count); /* no modulo bias */
	while (i < len) {
		if (RAND_bytes(&byte, 1) != 1)
			abort(); /* no randomness: nothing may go on */
		if (byte < limit)
			s->bytes[i++] = (uint8_t)alphabet[byte % count];
	}
	s->bytes[len] = '\0';
	return s;
}

struct secret *
secret_copy(const struct secret *s)
{
	return secret_new(s->bytes, s->len);
}

const uint8_t *
secret_bytes(const struct secret *s, size_t *ret_len)
{
	*ret_len = s->len;
	return s->bytes;
}

const char *
secret_text(const struct secret *s)
{
	return (const char *)s->bytes;
}

int
secret_equal(const struct secret *a, const struct secret *b)
{
	return a->len == b->len &&
	    CRYPTO_memcmp(a->bytes, b->bytes, a->len) == 0;
}

void
secret_free(struct secret *s)
{
	if (s == NULL)
		return;
	secret_wipe(s->bytes, s->len + 1);
	if (s->slab != NULL)
		slot_give(s->slab, s->bytes);
	else
		(void)munmap(s->bytes, s->mapped);
	free(s);
}

void
secret_wipe(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

void
secret_process_init(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
