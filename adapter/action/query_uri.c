/* Parameters of the URIs in ePO's export of queries. */
#include "query_uri_internal.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "str.h"

static int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		return -1;
	return (int)(at - digits) - (at - digits > 15 ? 6 : 0);
}

/* The byte of a code "%2F"; 0 when there is none. */
static char
coded(const char *text, size_t len)
{
	int high, low;

	if (len < 3 || text[0] != '%')
		return '\0';
	high = hex_digit(text[1]);
	low = hex_digit(text[2]);
	return (char)(high < 0 || low < 0 ? 0 : 16 * high + low);
}

/* Codes and blanks; what is no code stays. */
static char *
decode(const char *text, size_t len)
{
	char *out = mem_alloc(len + 1);
	size_t i, n = 0;
	char c;

	for (i = 0; i < len; i++) {
		c = coded(text + i, len - i);
		i += c != '\0' ? 2 : 0;
		if (c == '\0')
			c = (char)(text[i] == '+' ? ' ' : text[i]);
		out[n++] = c;
	}
	return out;
}

bool
query_uri_next(const char **at, char **ret_name, char **ret_value)
{
	const char *from = *at;
	size_t len, name;

	if (from == NULL || *from == '\0')
		return false;
	from++; /* the question mark, or the ampersand */
	len = strcspn(from, "&");
	name = strcspn(from, "=&");
	*ret_name = decode(from, name);
	*ret_value =
	    name < len ? decode(from + name + 1, len - name - 1) : mem_dup("");
	*at = from + len;
	return true;
}

char *
query_uri_value(const char *uri, const char *name)
{
	const char *at = query_uri_begin(uri);
	char *found, *value = NULL;
	bool same = false;

	while (!same && query_uri_next(&at, &found, &value)) {
		same = str_eq(found, name) && value[0] != '\0';
		free(found);
		if (!same)
			free(value);
	}
	return same ? value : NULL;
}

const char *
query_uri_begin(const char *uri)
{
	return uri == NULL ? NULL : strchr(uri, '?');
}
