/* What a CA answers, in words that all protocols share. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bridge_kind.h"
#include "str.h"

/* --- answers --- */

void
ca_bridge_answer_init(struct ca_bridge_answer *a)
{
	memset(a, 0, sizeof(*a));
	a->outcome = CA_BRIDGE_UNKNOWN;
	buf_init(&a->leaf, CA_BRIDGE_ANSWER_MAX);
	buf_init(&a->progress, CA_BRIDGE_PROGRESS_MAX);
	buf_init(&a->text, sizeof(((struct err *)NULL)->text));
}

void
ca_bridge_answer_clear(struct ca_bridge_answer *a)
{
	buf_free(&a->leaf);
	buf_free(&a->progress);
	buf_free(&a->text);
}

void
ca_bridge_answer_set(struct ca_bridge_answer *a, enum ca_bridge_outcome outcome,
    const char *fmt, ...)
{
	char text[sizeof(((struct err *)NULL)->text)];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	a->outcome = outcome;
	buf_reset(&a->text);
	buf_str(&a->text, text);
}

int
ca_bridge_test_failed(const struct ca_bridge_answer *a, struct err *err)
{
	enum err_kind kind = ERR_REFUSED;

	if (a->outcome == CA_BRIDGE_UNREACHABLE)
		kind = ERR_UNREACHABLE;
	else if (a->outcome == CA_BRIDGE_UNKNOWN)
		kind = ERR_PROTOCOL;
	return err_set(err, kind, "%s", buf_text(&a->text));
}

/* --- waiting --- */

/* A tenth more or less, the same for the same key each time: what was asked for
 * together does not come back together. */
static int64_t
spread(int64_t span, const char *key)
{
	uint8_t digest[32];
	uint32_t n;

	str_sha256(key, strlen(key), digest);
	memcpy(&n, digest, sizeof(n));
	return span < 10 ? 0 : (int64_t)(n % (uint32_t)(span / 10 + 1));
}

int64_t
ca_bridge_wait(const struct ca_bridge_wait *w)
{
	const int64_t shortest = 60;
	int64_t span = w->first, i, most = w->most;

	/* Near its end the certificate in use is looked after more often, so
	 * that a late decision is not met by a wait that sleeps past it. */
	if (w->left > 0 && w->left / 4 < most)
		most = w->left / 4 > shortest ? w->left / 4 : shortest;
	for (i = 1; i < w->tries && span < most; i++)
		span *= 2;
	if (span > most)
		span = most;
	/* What the CA asks for is a minimum (RFC 7030, 4.2.3). */
	if (w->hint > span)
		span =
		    w->hint < CA_BRIDGE_HINT_MAX ? w->hint : CA_BRIDGE_HINT_MAX;
	return span + spread(span, w->key);
}
