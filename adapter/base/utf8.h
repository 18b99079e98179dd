#ifndef UTF8_H_
#define UTF8_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character that text begins with, its code point in *ret_point;
 * 0 when there is none: no text, or no UTF-8 (RFC 3629: neither overlong nor a
 * surrogate nor too large). */
size_t utf8_next(const void *text, size_t len, uint32_t *ret_point);
/* Does it show as itself and do nothing else? Not so: control characters (of
 * both sets), what turns the direction of writing, marks of layout and fillers
 * that nobody sees, line separators, noncharacters. */
bool utf8_visible(uint32_t point);
#endif
