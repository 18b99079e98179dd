/* Buckets of permits: so many at once, then one in a while. */
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "access_internal.h"
#include "mem.h"
#include "str.h"

#define BUCKETS 4096
#define SALT 16

struct gate {
	int64_t permits, every_ms;
	/* So that nobody can choose whose bucket to share. */
	uint8_t salt[SALT];
	int64_t full_at[BUCKETS]; /* when it has all its permits again */
};

struct gate *
gate_new(int64_t permits, int64_t every_ms)
{
	struct gate *g = mem_alloc(sizeof(*g));

	g->permits = permits;
	g->every_ms = every_ms;
	/* Without luck it is only less even. */
	(void)RAND_bytes(g->salt, sizeof(g->salt));
	return g;
}

void
gate_free(struct gate *g)
{
	free(g);
}

static int64_t *
bucket_of(struct gate *g, const char *key)
{
	uint8_t bytes[SALT + ACCESS_GATE_KEY], hash[ACCESS_SHA256];
	size_t len = strnlen(key, ACCESS_GATE_KEY);

	memcpy(bytes, g->salt, SALT);
	memcpy(bytes + SALT, key, len);
	str_sha256(bytes, SALT + len, hash);
	return &g->full_at[(hash[0] | (unsigned)hash[1] << 8) % BUCKETS];
}

int64_t
gate_take(struct gate *g, const char *key, int64_t now_ms)
{
	int64_t *full_at = bucket_of(g, key), wait;

	if (*full_at < now_ms)
		*full_at = now_ms;
	wait = *full_at - now_ms - (g->permits - 1) * g->every_ms;
	if (wait > 0)
		return wait;
	*full_at += g->every_ms;
	return 0;
}

void
gate_give(struct gate *g, const char *key)
{
	*bucket_of(g, key) -= g->every_ms;
}
