#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "catalog.h"
#include "err.h"
#include "mem.h"
#include "task.h"

/* A task's settings: what is taken says the same once it is written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct catalog_settings a = {.parts = 0}, b = {.parts = 0};
	char *json = mem_dup_len((const char *)data, len);
	struct err err;
	struct buf text;

	if (catalog_parse("amt-maintenance", json, &a, &err) == 0) {
		buf_init(&text, TASK_SETTINGS_MAX);
		catalog_write(&a, &text);
		if (text.over ||
		    catalog_parse(
			"amt-maintenance", buf_text(&text), &b, &err) != 0 ||
		    a.parts != b.parts || a.always != b.always ||
		    a.automatic != b.automatic)
			abort();
		buf_free(&text);
	}
	(void)catalog_parse("collect-properties", json, &a, &err);
	free(json);
	return 0;
}
