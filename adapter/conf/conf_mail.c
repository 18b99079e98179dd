/* The mail server. */
#include "conf_internal.h"
#include "str.h"

const char *
conf_mail_server(const char *text)
{
	if (strchr(text, '@') != NULL)
		return "must not hold a user or password";
	return str_starts(text, "smtps://") || str_starts(text, "smtp://")
	    ? NULL
	    : "must be smtps://HOST:465 or smtp://HOST:587";
}

/* Into a header and a command: nothing that ends either. */
const char *
conf_mail_from(const char *text)
{
	const char *at = strchr(text, '@');

	return at != NULL && at != text && at[1] != '\0' &&
		strpbrk(text, " <>\"\t\r\n,;") == NULL
	    ? NULL
	    : "must be a plain address (name@example.com)";
}
