#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "secret.h"

#define BUF_FIRST 256

/* The NUL of every buffer that holds nothing yet; never written to. */
static uint8_t nothing[1];

void
buf_init(struct buf *b, size_t max)
{
	b->data = nothing;
	b->len = 0;
	b->cap = 0;
	b->max = max;
	b->over = false;
}

/* Room for len more bytes and the NUL; false when past the maximum. */
static bool
reserve(struct buf *b, size_t len)
{
	uint8_t *data;
	size_t want, cap;

	if (b->over || len > b->max - b->len) {
		b->over = true;
		return false;
	}
	want = b->len + len + 1;
	if (want <= b->cap)
		return true;
	cap = b->cap > 0 ? b->cap : BUF_FIRST;
	while (cap < want)
		cap *= 2;
	/* Not realloc(): what is left behind may be a secret. */
	data = mem_array(cap, 1);
	memcpy(data, b->data, b->len + 1);
	if (b->cap > 0) {
		secret_wipe(b->data, b->len);
		free(b->data);
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void
buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (!reserve(b, len))
		return;
	if (len > 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || !reserve(b, (size_t)len))
		return;
	va_start(ap, fmt);
	(void)vsnprintf((char *)b->data + b->len, (size_t)len + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)len;
}

static const char *
xml_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	default:
		return NULL;
	}
}

void
buf_xml(struct buf *b, const char *text)
{
	size_t plain;

	while (*text != '\0') {
		plain = strcspn(text, "&<>\"'");
		buf_add(b, text, plain);
		text += plain;
		if (*text != '\0')
			buf_str(b, xml_entity(*text++));
	}
}

void
buf_url(struct buf *b, const char *text, const char *also)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "abcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	for (; *text != '\0'; text++) {
		if (strchr(unreserved, *text) != NULL ||
		    strchr(also, *text) != NULL)
			buf_char(b, *text);
		else
			buf_printf(b, "%%%02X", (unsigned char)*text);
	}
}

const char *
buf_text(const struct buf *b)
{
	return (const char *)b->data;
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	b->over = false;
	if (b->cap > 0)
		b->data[0] = '\0';
}

void
buf_wipe(struct buf *b)
{
	if (b->cap > 0)
		secret_wipe(b->data, b->cap);
	buf_reset(b);
}

void
buf_free(struct buf *b)
{
	if (b->cap > 0) {
		secret_wipe(b->data, b->cap);
		free(b->data);
	}
	buf_init(b, b->max);
}
