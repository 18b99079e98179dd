/* Pages of a list: which rows are on one, and the cursor to the next. */
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

#include "api_internal.h"
#include "err.h"
#include "mem.h"
#include "str.h"

struct api_page
api_page_new(struct api_call *c)
{
	return (struct api_page){.c = c, .left = api_limit(c)};
}

bool
api_page_takes(struct api_page *p, const char *key)
{
	if (p->left == 0) {
		p->more = true;
		return false;
	}
	p->left--;
	mem_replace(&p->last, key);
	return true;
}

bool
api_page_takes_id(struct api_page *p, int64_t id)
{
	char key[24];

	(void)snprintf(key, sizeof(key), "%" PRId64, id);
	return api_page_takes(p, key);
}

bool
api_page_takes_name(struct api_page *p, const char *name)
{
	const char *after = api_text(p->c, "cursor");

	return (after == NULL || strcasecmp(name, after) > 0) &&
	    api_page_takes(p, name);
}

int
api_page_close(struct api_page *p, int rc)
{
	if (rc == 0)
		api_page_end(p->c, p->more ? p->last : NULL);
	free(p->last);
	return rc;
}

int
api_cursor_id(struct api_call *c, int64_t *ret, struct err *err)
{
	const char *text = api_text(c, "cursor");

	if (text == NULL || str_int(text, 0, INT64_MAX, ret) == 0)
		return 0;
	c->status = 400;
	return err_set(err, ERR_INVALID, "cursor: is none of this list");
}
