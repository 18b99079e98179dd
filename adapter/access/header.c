/* What requests show: Authorization (RFC 7617, RFC 6750) and Cookie headers. */
#include <string.h>
#include <strings.h>

#include "access_internal.h"
#include "buf.h"
#include "secret.h"
#include "str.h"

#define SHOWN_MAX 2048 /* NAME:PASSWORD */

/* What is behind this word and a blank; NULL. */
static const char *
after_word(const char *header, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(header, word, len) != 0 || header[len] != ' ')
		return NULL;
	header += len;
	return header + strspn(header, " ");
}

static enum access_shown
read_basic(const char *text, struct access_shown_as *ret)
{
	enum access_shown shown = ACCESS_SHOWN_NONSENSE;
	struct buf plain;
	const char *colon;
	size_t name;

	buf_init(&plain, SHOWN_MAX);
	if (str_unbase64(&plain, text) == 0 && !plain.over &&
	    strlen(buf_text(&plain)) == plain.len &&
	    (colon = strchr(buf_text(&plain), ':')) != NULL) {
		name = (size_t)(colon - buf_text(&plain));
		if (name > 0 && name < sizeof(ret->name)) {
			memcpy(ret->name, plain.data, name);
			ret->name[name] = '\0';
			ret->secret =
			    secret_new(colon + 1, plain.len - name - 1);
			shown = ACCESS_SHOWN_PASSWORD;
		}
	}
	buf_free(&plain);
	return shown;
}

static enum access_shown
read_key(const char *text, size_t len, struct access_shown_as *ret)
{
	if (len == 0 || len > SHOWN_MAX)
		return ACCESS_SHOWN_NONSENSE;
	ret->secret = secret_new(text, len);
	return ACCESS_SHOWN_KEY;
}

enum access_shown
access_read_authorization(const char *header, struct access_shown_as *ret)
{
	const char *rest;

	*ret = (struct access_shown_as){.name = ""};
	if (header == NULL)
		return ACCESS_SHOWN_NOTHING;
	header += strspn(header, " ");
	if ((rest = after_word(header, "Basic")) != NULL)
		return read_basic(rest, ret);
	if ((rest = after_word(header, "Bearer")) != NULL)
		return read_key(rest, strcspn(rest, " "), ret);
	return ACCESS_SHOWN_NONSENSE;
}

enum access_shown
access_read_cookie(const char *header, struct access_shown_as *ret)
{
	static const char name[] = ACCESS_COOKIE "=";
	size_t len;

	*ret = (struct access_shown_as){.name = ""};
	for (; header != NULL && *header != '\0'; header += len) {
		header += strspn(header, "; ");
		len = strcspn(header, ";");
		if (strncmp(header, name, sizeof(name) - 1) == 0)
			return read_key(header + sizeof(name) - 1,
			    len - (sizeof(name) - 1), ret);
	}
	return ACCESS_SHOWN_NOTHING;
}
