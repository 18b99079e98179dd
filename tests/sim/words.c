#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "words_internal.h"

void
sim_say(const char *fmt, ...)
{
	va_list ap;

	fputs("amtkeeper-sim: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputs("\n", stderr);
}

void *
must_calloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (p == NULL) {
		fputs("amtkeeper-sim: out of memory\n", stderr);
		abort();
	}
	return p;
}

char *
must_strdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(must_calloc(1, size), s, size);
}

static void
reserve(struct text *t, size_t more)
{
	size_t size = t->size == 0 ? 256 : t->size;
	char *data;

	assert(more < SIZE_MAX / 4 && t->len < SIZE_MAX / 4);
	while (size < t->len + more + 1)
		size *= 2;
	if (size == t->size)
		return;
	data = realloc(t->data, size);
	if (data == NULL) {
		fputs("amtkeeper-sim: out of memory\n", stderr);
		abort();
	}
	t->data = data;
	t->size = size;
}

void
text_add(struct text *t, const void *data, size_t len)
{
	reserve(t, len);
	if (len > 0)
		memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void
text_adds(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void
text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	assert(len >= 0);
	reserve(t, (size_t)len);
	va_start(ap, fmt);
	(void)vsnprintf(t->data + t->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)len;
}

void
text_json(struct text *t, const char *s)
{
	text_adds(t, "\"");
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_addf(t, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			text_addf(t, "\\u%04x", (unsigned)c);
		else
			text_add(t, s, 1);
	}
	text_adds(t, "\"");
}

void
text_hex(struct text *t, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;
	size_t i;

	reserve(t, 2 * len);
	for (i = 0; i < len; i++) {
		t->data[t->len++] = digits[p[i] >> 4];
		t->data[t->len++] = digits[p[i] & 15];
	}
	t->data[t->len] = '\0';
}

static const char base64[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
text_base64(struct text *t, const void *data, size_t len)
{
	const uint8_t *p = data;
	char four[4];
	size_t i;

	for (i = 0; i < len; i += 3) {
		unsigned v = (unsigned)p[i] << 16;

		if (i + 1 < len)
			v |= (unsigned)p[i + 1] << 8;
		if (i + 2 < len)
			v |= p[i + 2];
		four[0] = base64[v >> 18];
		four[1] = base64[v >> 12 & 63];
		four[2] = i + 1 < len ? base64[v >> 6 & 63] : '=';
		four[3] = i + 2 < len ? base64[v & 63] : '=';
		text_add(t, four, 4);
	}
}

void
text_drop(struct text *t, size_t len)
{
	assert(len <= t->len);
	if (len == 0)
		return;
	memmove(t->data, t->data + len, t->len - len + 1);
	t->len -= len;
}

void
text_free(struct text *t)
{
	free(t->data);
	memset(t, 0, sizeof(*t));
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
unhex(const char *hex, void *ret, size_t len)
{
	uint8_t *out = ret;
	size_t i;

	if (strlen(hex) != 2 * len)
		return -1;
	for (i = 0; i < len; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int
unbase64(const char *s, uint8_t *ret, size_t max, size_t *ret_len)
{
	size_t digits = strcspn(s, "="), len = 0, i;
	unsigned value = 0, bits = 0;

	if (strlen(s) % 4 != 0 || strspn(s + digits, "=") > 2 ||
	    s[digits + strspn(s + digits, "=")] != '\0')
		return -1;
	for (i = 0; i < digits; i++) {
		const char *digit = strchr(base64, s[i]);

		if (digit == NULL)
			return -1;
		value = (value << 6 | (unsigned)(digit - base64)) & 0xffffff;
		bits += 6;
		if (bits < 8)
			continue;
		if (len == max)
			return -1;
		bits -= 8;
		ret[len++] = (uint8_t)(value >> bits);
	}
	*ret_len = len;
	return 0;
}

char *
word_next(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	size_t len = strcspn(word, " \t");

	if (len == 0)
		return NULL;
	*rest = word + len;
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return word;
}

int
number(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0' || value < min ||
	    value > max)
		return -1;
	*ret = value;
	return 0;
}

/* splitmix64: every state, 0 included, leads to well mixed numbers. */
uint64_t
dice_next(struct dice *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

struct dice
dice_new(uint64_t seed, uint64_t purpose, uint64_t index)
{
	struct dice d = {seed};

	d.state = dice_next(&d) ^ purpose;
	d.state = dice_next(&d) ^ index;
	return d;
}

uint32_t
dice_below(struct dice *d, uint32_t limit)
{
	assert(limit > 0);
	return (uint32_t)((dice_next(d) >> 32) * limit >> 32);
}

void
dice_bytes(struct dice *d, void *ret, size_t len)
{
	uint8_t *out = ret;
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (uint8_t)(dice_next(d) >> 56);
}
