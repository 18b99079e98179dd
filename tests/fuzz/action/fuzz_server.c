/*
 * Server tasks from outside: ePO's XML, and actions as JSON.  What is taken is
 * written so that it is read as the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "buf.h"
#include "err.h"
#include "mem.h"
#include "server_file.h"
#include "server_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
same_tree(const char *json)
{
	struct action_tree t = {.count = 0}, again = {.count = 0};
	struct buf once, twice;
	struct err err;

	if (action_tree_parse(json, &t, &err) != 0)
		return;
	buf_init(&once, (size_t)1 << 20);
	buf_init(&twice, (size_t)1 << 20);
	action_tree_write(&t, &once);
	if (once.len <= SERVER_TREE_MAX) {
		if (action_tree_parse(buf_text(&once), &again, &err) != 0)
			abort();
		action_tree_write(&again, &twice);
		if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
			abort();
	}
	action_tree_free(&t);
	action_tree_free(&again);
	buf_free(&once);
	buf_free(&twice);
}

static int
write_task(void *cookie, const struct server_task *t, struct err *err)
{
	same_tree(t->actions);
	return server_xml_write(t, cookie, err);
}

static void
same_xml(const uint8_t *data, size_t len)
{
	struct buf once, twice;
	struct err err;

	buf_init(&once, SERVER_XML_MAX);
	buf_init(&twice, SERVER_XML_MAX);
	server_xml_begin(&once);
	if (server_xml_read(data, len, write_task, &once, &err) == 0) {
		server_xml_end(&once);
		server_xml_begin(&twice);
		if (!once.over &&
		    server_xml_read(
			once.data, once.len, write_task, &twice, &err) == 0) {
			server_xml_end(&twice);
			if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
				abort();
		} else if (!once.over && err.kind != ERR_LIMIT &&
		    err.kind != ERR_PROTOCOL) {
			abort();
		}
	}
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct server_task t = {.id = 0};
	struct err err;
	char *text;

	if (len > 0 && data[0] == '<') {
		same_xml(data, len);
		return 0;
	}
	text = mem_dup_len((const char *)data, len);
	same_tree(text);
	if (server_file_read(text, &t, &err) == 0 && t.actions != NULL)
		same_tree(t.actions);
	server_task_clear(&t);
	free(text);
	return 0;
}
