/*
 * What a client sends: a byte that chooses the route, a path up to the first
 * line feed, then a body.  A body that is taken keeps every promise of its
 * form; one that is not is refused with words and a status.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "api_internal.h"
#include "mem.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct api_route *
route_of(uint8_t choice)
{
	const struct api_route *with_form[64], *r;
	size_t i, n = 0;

	for (i = 0; (r = api_route_at(i)) != NULL; i++)
		if (r->form != NULL && n < 64)
			with_form[n++] = r;
	return with_form[choice % n];
}

static void
find(const char *path)
{
	static const char *const methods[] = {
	    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "x"};
	struct api_match m;
	size_t i;
	int status;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		status = api_route_find(methods[i], path, &m);
		assert(status == 0 || status == 404 || status == 405);
		assert((status == 0) == (m.route != NULL));
		assert((status == 405) == (m.allow[0] != '\0'));
		api_match_clear(&m);
	}
}

static void
hold_to(const struct api_call *c, const struct api_field *f)
{
	const char *text;
	size_t i;

	if (!api_body_has(c, f->name)) {
		assert(!f->required);
		return;
	}
	switch (f->type) {
	case API_INT:
		assert(api_body_int(c, f->name, f->min) >= f->min);
		assert(api_body_int(c, f->name, f->max) <= f->max);
		break;
	case API_BOOL:
		(void)api_body_bool(c, f->name, false);
		break;
	case API_TEXTS:
		assert(api_body_count(c, f->name) >= (size_t)f->min);
		assert(api_body_count(c, f->name) <= (size_t)f->max);
		for (i = 0; i < api_body_count(c, f->name); i++)
			assert(!str_empty(api_body_at(c, f->name, i)));
		break;
	case API_TEXT:
	case API_SECRET:
		text = api_body_text(c, f->name);
		assert((int64_t)strlen(text) >= f->min);
		assert((int64_t)strlen(text) <= f->max);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct api_call c = {.route = NULL};
	struct err err = {.kind = ERR_NONE};
	const uint8_t *end;
	char *path;
	size_t i;

	if (len == 0)
		return 0;
	api_call_open(&c);
	c.route = route_of(bytes[0]);
	end = memchr(bytes, '\n', len);
	if (end == NULL)
		end = bytes + len;
	else
		end++;
	path = mem_dup_len((const char *)bytes + 1, (size_t)(end - bytes) - 1);
	path[strcspn(path, "\n")] = '\0';
	find(path);
	free(path);
	if (api_body_read(&c, end, len - (size_t)(end - bytes), &err) != 0)
		assert(err.kind == ERR_INVALID && err.text[0] != '\0');
	else
		for (i = 0; i < c.route->form->count; i++)
			hold_to(&c, &c.route->form->fields[i]);
	api_call_close(&c);
	return 0;
}
