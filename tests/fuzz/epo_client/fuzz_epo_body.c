/*
 * What a server may answer, and its rows as systems.  What people read holds no
 * byte that a terminal obeys; a row that is taken has a number and names that
 * DNS can have.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stdint.h>
#include <string.h>

#include "body_internal.h"
#include "epo_client.h"
#include "err.h"
#include "pull_internal.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct epo_conf conf = {
    .name = "fuzz", .take_groups = true, .uuid_column = "T.UUID"};

static void
check_text(const char *text)
{
	for (; *text != '\0'; text++)
		assert(*text >= 0x20 && *text < 0x7f);
}

static void
read_row(struct json_object *value)
{
	struct err err;
	struct epo_row r;

	if (epo_row_read(&conf, value, &r, &err) != 0) {
		check_text(err.text);
		return;
	}
	assert(r.remote > 0);
	if (r.problem == NULL) {
		assert(str_is_fqdn(r.name));
		assert(strchr(r.host, '.') == NULL);
	} else {
		assert(r.host == NULL);
	}
	(void)epo_has_tag(r.tags, "a");
	epo_row_clear(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct epo_body b;
	struct err err;
	size_t i;

	if (epo_body_read(data, size, &b, &err) != 0) {
		assert(err.kind == ERR_PROTOCOL);
		check_text(err.text);
		return 0;
	}
	if (!b.ok) {
		assert(b.value == NULL);
		check_text(b.error);
		(void)epo_body_no_command(&b);
	}
	if (json_object_is_type(b.value, json_type_array))
		for (i = 0; i < json_object_array_length(b.value); i++)
			read_row(json_object_array_get_idx(b.value, i));
	epo_body_clear(&b);
	return 0;
}
