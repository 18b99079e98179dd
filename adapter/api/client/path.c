/* What is asked for, in the alphabet of URLs. */
#include <stdio.h>
#include <string.h>

#include "api_client.h"
#include "client_internal.h"
#include "err.h"

/* "/" stays in its segment. */
static void
add_escaped(struct buf *out, const char *text)
{
	buf_url(out, text, "");
}

void
api_client_path_init(struct api_client_path *p, const char *first)
{
	p->asked = false;
	p->slashed = false;
	buf_init(&p->text, API_CLIENT_PATH_MAX);
	add_escaped(&p->text, first);
}

void
api_client_path_add(struct api_client_path *p, const char *segment)
{
	p->slashed = p->slashed || strchr(segment, '/') != NULL;
	buf_char(&p->text, '/');
	/* A segment of dots would be a way up (RFC 3986, 5.2.4). */
	if (strcmp(segment, ".") == 0)
		buf_str(&p->text, "%2E");
	else if (strcmp(segment, "..") == 0)
		buf_str(&p->text, "%2E%2E");
	else
		add_escaped(&p->text, segment);
}

void
api_client_path_add_id(struct api_client_path *p, int64_t id)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)id);
	api_client_path_add(p, text);
}

void
api_client_path_param(
    struct api_client_path *p, const char *name, const char *value)
{
	if (value == NULL)
		return;
	buf_char(&p->text, p->asked ? '&' : '?');
	add_escaped(&p->text, name);
	buf_char(&p->text, '=');
	add_escaped(&p->text, value);
	p->asked = true;
}

int
api_client_path_check(const struct api_client_path *p, struct err *err)
{
	if (p->text.over)
		return err_set(err, ERR_LIMIT, "this asks too much at once");
	if (p->slashed)
		return err_set(err, ERR_INVALID,
		    "a name with \"/\" in it cannot be asked for over the API");
	return 0;
}

void
api_client_path_free(struct api_client_path *p)
{
	buf_free(&p->text);
}
