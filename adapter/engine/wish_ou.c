#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "device.h"
#include "profile.h"
#include "str.h"
#include "wish_internal.h"

#define DN_MAX 8192
#define PART_END '\n' /* a comma that is none of a name's own */

/* The next character (RFC 4514 2.4), which *ret_escaped says to stand for
 * itself. */
static int
take(const char **at, bool *ret_escaped)
{
	const char *p = *at;
	char digits[3] = "";

	*ret_escaped = p[0] == '\\' && p[1] != '\0';
	if (!*ret_escaped) {
		*at = p + 1;
		return (unsigned char)p[0];
	}
	if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2])) {
		*at = p + 2;
		return (unsigned char)p[1];
	}
	memcpy(digits, p + 1, 2);
	*at = p + 3;
	return (int)strtol(digits, NULL, 16);
}

/* A character with the blanks before it, which count for nothing beside what
 * separates parts. */
static void
put(struct buf *out, size_t blanks, int c, bool separates)
{
	for (; blanks > 0; blanks--)
		buf_char(out, ' ');
	if (separates && c == ',')
		c = PART_END;
	buf_char(out, (char)(unsigned char)tolower(c));
}

/* A name as every writer would have written it: in lower case, nothing
 * escaped, no blanks around its parts. */
static void
canonical(const char *dn, struct buf *out)
{
	bool escaped, separates, begins = true;
	size_t blanks = 0;
	int c;

	while (*dn != '\0') {
		c = take(&dn, &escaped);
		if (!escaped && c == ' ') {
			blanks++;
			continue;
		}
		separates = !escaped && (c == ',' || c == '=');
		put(out, begins || separates ? 0 : blanks, c, separates);
		blanks = 0;
		begins = separates;
	}
}

bool
wish_dn_in(const char *dn, const char *ou)
{
	struct buf object, wanted;
	const char *parent;
	bool result;

	buf_init(&object, DN_MAX);
	buf_init(&wanted, DN_MAX);
	canonical(dn, &object);
	canonical(ou, &wanted);
	parent = strchr(buf_text(&object), PART_END);
	result = parent != NULL && str_eq(parent + 1, buf_text(&wanted));
	buf_free(&wanted);
	buf_free(&object);
	return result;
}

bool
wish_ou_met(const struct device *d, const struct profile *p)
{
	return !str_empty(d->ad_dn) && !str_empty(p->ou) &&
	    wish_dn_in(d->ad_dn, p->ou);
}
