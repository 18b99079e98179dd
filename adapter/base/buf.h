#ifndef BUF_H_
#define BUF_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes that grow up to a maximum given at creation.  Adding past it drops the
 * addition and sets "over", which stays set: a writer may add many pieces and
 * check once.  The bytes are always followed by a NUL that is not counted, so
 * data can be used as a string; data is never NULL after buf_init().
 */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
	bool over;
};

void buf_init(struct buf *b, size_t max);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Text as XML character data or attribute value: & < > " ' escaped. */
void buf_xml(struct buf *b, const char *text);
/* Text in a URL (RFC 3986): as %XX all but the unreserved characters and those
 * of also. */
void buf_url(struct buf *b, const char *text, const char *also);
/* The bytes as a C string; borrowed until the next change. */
const char *buf_text(const struct buf *b);
/* Empty it, keep the memory, forget "over". */
void buf_reset(struct buf *b);
/* As buf_reset(), wiping the bytes first. */
void buf_wipe(struct buf *b);
/* Wipe and free; safe on a zeroed struct and twice. */
void buf_free(struct buf *b);
#endif
