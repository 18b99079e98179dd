/*
 * A condition as a server's saved query or our configuration has it, and rules
 * for tags.  What is taken of a condition is closed: put into another one, it
 * stays one.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "buf.h"
#include "epo_client.h"
#include "err.h"
#include "mem.h"
#include "pull_internal.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_condition(const char *text)
{
	struct buf once, whole, twice;

	buf_init(&once, 8192);
	buf_init(&whole, 8192 + 16);
	buf_init(&twice, 8192);
	if (epo_ask_condition(text, &once)) {
		assert(once.data[0] == '(');
		assert(once.data[once.len - 1] == ')');
		buf_printf(&whole, "(where %s)", buf_text(&once));
		assert(epo_ask_condition(buf_text(&whole), &twice));
		assert(str_eq(buf_text(&once), buf_text(&twice)));
	}
	buf_free(&once);
	buf_free(&whole);
	buf_free(&twice);
}

static void
read_rules(const char *text)
{
	struct epo_rule rules[EPO_RULES_MAX];
	struct err err;
	char *texts;
	size_t count, i;

	if (epo_rules_parse(text, rules, &count, &texts, &err) != 0)
		return;
	assert(count <= EPO_RULES_MAX);
	for (i = 0; i < count; i++)
		assert(*rules[i].tag != '\0' && *rules[i].codes != '\0');
	free(texts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_dup_len((const char *)data, size);

	read_condition(text);
	read_rules(text);
	free(text);
	return 0;
}
