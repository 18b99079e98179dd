/*
 * Any text as a value of JSON and XML: a peer's parser reads it, gets the same
 * text back when it was UTF-8, and "OK:" stands nowhere but in the frame.
 */
#include <assert.h>
#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "out_internal.h"
#include "str.h"
#include "utf8.h"
#include "xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define BODY_MAX (1 << 22)
#define FIELD "Table.Column"

static bool
is_utf8(const char *text)
{
	size_t len = strlen(text), at, step;
	uint32_t point;

	for (at = 0; at < len; at += step)
		if ((step = utf8_next(text + at, len - at, &point)) == 0)
			return false;
	return true;
}

/* The payload of one row with one field. */
static const char *
payload(struct buf *body, enum remote_output form, const char *text)
{
	struct out o;

	buf_reset(body);
	out_begin(&o, body, form);
	out_list(&o, false);
	out_row(&o, "row");
	out_text(&o, FIELD, text);
	out_row_end(&o);
	out_list_end(&o);
	out_end(&o);
	assert(!body->over && strlen(buf_text(body)) == body->len);
	assert(str_starts(buf_text(body), "OK:\r\n"));
	assert(strstr(buf_text(body) + 3, "OK:") == NULL ||
	    form <= REMOTE_VERBOSE);
	return buf_text(body) + 5;
}

static void
check_json(struct buf *body, const char *text)
{
	struct json_object *all, *value;

	all = json_tokener_parse(payload(body, REMOTE_JSON, text));
	assert(json_object_is_type(all, json_type_array));
	assert(json_object_object_get_ex(
	    json_object_array_get_idx(all, 0), FIELD, &value));
	assert(
	    !is_utf8(text) || strcmp(json_object_get_string(value), text) == 0);
	json_object_put(all);
}

static void
check_lines(struct buf *body, const char *text)
{
	const char *at = payload(body, REMOTE_TERSE, text);

	assert(strstr(at, "\r\n") == at + strlen(at) - 2);
}

/* The peer's parser trims, and has a limit: what it reads begins so. */
static void
check_xml(struct buf *body, const char *text)
{
	const char *bytes = payload(body, REMOTE_XML, text);
	const struct xml_node *row;
	struct err err = {.kind = ERR_NONE};
	struct xml *xml;

	if (strlen(bytes) > XML_MAX_BYTES)
		return;
	if (xml_parse(bytes, strlen(bytes), &xml, &err) == -1)
		abort();
	row = xml_child(xml_child(xml_root(xml), NULL, "list"), NULL, "row");
	assert(xml_child_text(row, FIELD) != NULL);
	xml_free(xml);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = mem_dup_len((const char *)bytes, len);
	struct buf body;

	buf_init(&body, BODY_MAX);
	check_json(&body, text);
	check_lines(&body, text);
	check_xml(&body, text);
	out_failure(&body, REMOTE_REFUSED, text);
	assert(str_starts(buf_text(&body), "Error 4 :\r\n"));
	assert(strstr(buf_text(&body) + 11, "\r\n") ==
	    buf_text(&body) + body.len - 2);
	buf_free(&body);
	free(text);
	return 0;
}
