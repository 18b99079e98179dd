#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

void *
fw_alloc(size_t n)
{
	void *p = calloc(1, n > 0 ? n : 1);

	if (p == NULL)
		abort();
	return p;
}

char *
fw_strndup(const char *s, size_t n)
{
	char *copy = fw_alloc(n + 1);

	memcpy(copy, s, n);
	return copy;
}

void
fw_addn(struct fw_text *t, const char *s, size_t n)
{
	if (t->len + n + 1 > t->cap) {
		t->cap = (t->len + n + 1) * 2;
		t->p = realloc(t->p, t->cap);
		if (t->p == NULL)
			abort();
	}
	memcpy(t->p + t->len, s, n);
	t->len += n;
	t->p[t->len] = '\0';
}

void
fw_add(struct fw_text *t, const char *s)
{
	fw_addn(t, s, strlen(s));
}

void
fw_addf(struct fw_text *t, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		abort(); /* only short, known texts are formatted here */
	fw_addn(t, line, (size_t)n);
}

void
fw_add_escaped(struct fw_text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '&':
			fw_add(t, "&amp;");
			break;
		case '<':
			fw_add(t, "&lt;");
			break;
		case '>':
			fw_add(t, "&gt;");
			break;
		case '"':
			fw_add(t, "&quot;");
			break;
		default:
			fw_addn(t, s, 1);
			break;
		}
	}
}

void
fw_text_free(struct fw_text *t)
{
	free(t->p);
	memset(t, 0, sizeof(*t));
}

char *
fw_base64(const uint8_t *p, size_t n)
{
	char *out = fw_alloc((n + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, p, (int)n);
	return out;
}

/* EVP_DecodeBlock() accepts white space and counts padding as data: judge the
 * text first. */
static int
base64_shape(const char *s, size_t *ret_len, size_t *ret_pad)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(s), pad = 0;

	if (len == 0 || len % 4 != 0)
		return -1;
	while (pad < 2 && s[len - 1 - pad] == '=')
		pad++;
	if (strspn(s, alphabet) != len - pad)
		return -1;
	*ret_len = len;
	*ret_pad = pad;
	return 0;
}

bool
fw_is_base64(const char *s)
{
	size_t len, pad;

	return base64_shape(s, &len, &pad) == 0;
}

int
fw_unbase64(const char *s, size_t max, uint8_t **ret, size_t *ret_len)
{
	size_t len, pad, n;
	uint8_t *out;

	if (base64_shape(s, &len, &pad) != 0)
		return -1;
	n = len / 4 * 3 - pad;
	if (n == 0 || n > max)
		return -1;
	out = fw_alloc(len / 4 * 3);
	if (EVP_DecodeBlock(out, (const unsigned char *)s, (int)len) < 0) {
		free(out);
		return -1;
	}
	*ret = out;
	*ret_len = n;
	return 0;
}

int
fw_number(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (*s == '\0' || strlen(s) > 18)
		return -1;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		value = value * 10 + (uint64_t)(*s - '0');
	}
	if (value > max)
		return -1;
	*ret = value;
	return 0;
}

void
fw_copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from);

	if (len >= size)
		abort(); /* lengths were checked where they came in */
	memcpy(to, from, len + 1);
}
