/* What is wrong with the devices of a service elsewhere, by their last reading.
 */
#include <json-c/json.h>

#include "api_client.h"
#include "cli_remote.h"
#include "diagnose.h"
#include "fleet_internal.h"

struct findings {
	struct cli_remote_fill fill;
	struct diagnose_fleet found;
	size_t bad;
};

static unsigned
reasons_of(struct json_object *row)
{
	struct json_object *list = api_client_member(row, "reasons");
	unsigned set = 0;
	const char *code;
	size_t i, n;
	int reason;

	n = json_object_is_type(list, json_type_array)
	    ? json_object_array_length(list)
	    : 0;
	for (i = 0; i < n; i++) {
		code = api_client_text(json_object_array_get_idx(list, i));
		reason = code == NULL ? -1 : reason_find(code);
		if (reason >= 0)
			set |= 1U << reason;
	}
	return set;
}

static int
add_finding(void *cookie, struct json_object *row, struct err *err)
{
	struct findings *f = cookie;
	unsigned set = reasons_of(row);

	diagnose_count(&f->found, set);
	f->bad += set != 0;
	return cli_remote_add(&f->fill, row, err);
}

int
fleet_diagnose_remote(
    struct cli *c, const struct table_column *columns, size_t count)
{
	const struct cli_remote_rows rows = {
	    .columns = columns, .count = count};
	struct findings f = {.fill = {.c = c, .rows = &rows}};
	const char *hint;
	int code, end;

	if (!cli_flag(c, "offline"))
		return cli_complain(CODE_USAGE,
		    "with --server give --offline: what is known of devices; "
		    "\"task run\" lets them be read");
	code = cli_remote_select_of(c, 0, "findings", add_finding, &f);
	/* None matching is an answer, too. */
	end = cli_remote_end(&f.fill, code == CODE_NOTHING ? CODE_OK : code);
	if (code != CODE_OK || end != CODE_OK)
		return code != CODE_OK ? code : end;
	hint = diagnose_fleet_hint(&f.found);
	if (hint != NULL)
		cli_note(c, "%s", hint);
	return cli_flag(c, "check") && f.bad > 0 ? CODE_PARTIAL : CODE_OK;
}
