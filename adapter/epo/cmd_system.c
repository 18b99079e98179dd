/* system.* and epogroup.*: systems, groups, what is said of them; waking up. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "commands_internal.h"
#include "device.h"
#include "mem.h"
#include "query.h"
#include "store.h"
#include "str.h"

#define WHERE_MAX 65536
#define AT_ONCE 500 /* systems in one transaction */
#define WAIT_MIN 5  /* for a wake-up, when nothing else is said */
#define WAIT_MOST 60
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- finding systems --- */

/* Where a search looks, its name first. */
static const char *const searched[] = {"EPOLeafNode.NodeName",
    "EPOComputerProperties.ComputerName", "EPOComputerProperties.IPHostName",
    "EPOComputerProperties.IPAddress", "EPOComputerProperties.NetAddress",
    "EPOComputerProperties.DomainName", "EPOComputerProperties.Description",
    "EPOLeafNode.AgentGUID", "EPOLeafNode.Tags", "AMT_CustomProps.DNSName"};
#define SEARCHED_NAMES 1

#define SYSTEM_COLUMNS                                                         \
	"EPOBranchNode.AutoID EPOComputerProperties.ParentID "                 \
	"EPOComputerProperties.ComputerName "                                  \
	"EPOComputerProperties.Description EPOComputerProperties.DomainName "  \
	"EPOComputerProperties.IPHostName EPOComputerProperties.IPAddress "    \
	"EPOComputerProperties.NetAddress EPOComputerProperties.UserProperty1" \
	" EPOComputerProperties.UserProperty2 "                                \
	"EPOComputerProperties.UserProperty3 "                                 \
	"EPOComputerProperties.UserProperty4 EPOLeafNode.AutoID "              \
	"EPOLeafNode.NodeName EPOLeafNode.ParentID EPOLeafNode.AgentGUID "     \
	"EPOLeafNode.LastUpdate EPOLeafNode.ManagedState EPOLeafNode.Tags "    \
	"EPOLeafNode.ExcludedTags"

static int
write_systems(struct call *c, const char *where, struct err *err)
{
	const struct query_text text = {.target = "EPOLeafNode",
	    .select = "(select " SYSTEM_COLUMNS ")",
	    .where = where,
	    .order = "(order (asc EPOLeafNode.NodeName))"};

	return call_query(c, &text, err);
}

/* It stands in a condition, more than once. */
static int
fail_search(struct err *err)
{
	return err_set(err, ERR_INVALID,
	    "searchText is too long: no name has so many bytes");
}

int
remote_find(struct call *c, struct err *err)
{
	const char *text = call_text(c, "searchText");
	bool names_only = false;
	struct buf where;
	size_t i, n;
	int r;

	if (call_bool(c, "searchNameOnly", &names_only, err) == -1)
		return -1;
	if (text == NULL)
		return write_systems(c, NULL, err);
	buf_init(&where, WHERE_MAX);
	n = names_only ? SEARCHED_NAMES : COUNT(searched);
	buf_str(&where, "(or");
	for (i = 0; i < n; i++) {
		buf_printf(&where, " (contains %s ", searched[i]);
		call_quote(&where, text);
		buf_char(&where, ')');
	}
	buf_char(&where, ')');
	r = where.over ? fail_search(err)
		       : write_systems(c, buf_text(&where), err);
	buf_free(&where);
	return r;
}

static int
see_group(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	(void)cells;
	(void)n;
	(void)err;
	*(bool *)cookie = true;
	return 0;
}

static int
check_group(struct call *c, int64_t id, struct err *err)
{
	struct query_text text = {
	    .target = "EPOBranchNode", .select = "AutoID", .top = 1};
	struct query *q = NULL;
	char where[48];
	bool there = false, cut;
	int r;

	(void)snprintf(where, sizeof(where), "(eq AutoID %" PRId64 ")", id);
	text.where = where;
	if (query_compile(store_graph(), &text, clock_now_ms(), &q, err) == -1)
		return -1;
	r = store_query(c->store, q, see_group, &there, &cut, err);
	query_free(q);
	if (r == 0 && !there)
		return err_set(err, ERR_NOTFOUND,
		    "groupId: no group %" PRId64
		    "; system.findGroups has them all",
		    id);
	return r;
}

int
remote_group_systems(struct call *c, struct err *err)
{
	char where[96];
	int64_t id = 0;
	bool below = false;

	if (call_text(c, "groupId") == NULL)
		return err_set(err, ERR_INVALID, "groupId is empty");
	if (call_int(c, "groupId", 1, INT64_MAX, &id, err) == -1 ||
	    call_bool(c, "searchSubgroups", &below, err) == -1 ||
	    check_group(c, id, err) == -1)
		return -1;
	(void)snprintf(where, sizeof(where),
	    "(%s EPOLeafNode.ParentID %" PRId64 ")",
	    below ? "descendsFrom" : "childOf", id);
	return write_systems(c, where, err);
}

/* --- groups --- */

static int
write_group(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	struct out *o = cookie;

	(void)n;
	(void)err;
	out_row(o, "group");
	out_int(o, "groupId", cells[0].number);
	out_text(o, "groupPath", cells[1].text);
	out_row_end(o);
	return 0;
}

int
remote_find_groups(struct call *c, struct err *err)
{
	const char *search = call_text(c, "searchText");
	struct query_text text = {.target = "EPOBranchNode",
	    .select =
		"(select EPOBranchNode.AutoID EPOBranchNode.NodeTextPath)",
	    .order = "(order (asc EPOBranchNode.NodeTextPath))",
	    .top = QUERY_ROWS_DEFAULT};
	struct query *q = NULL;
	struct buf where;
	bool cut;
	int r;

	buf_init(&where, WHERE_MAX);
	if (search != NULL) {
		buf_str(&where, "(contains EPOBranchNode.NodeTextPath ");
		call_quote(&where, search);
		buf_char(&where, ')');
		text.where = buf_text(&where);
	}
	r = where.over
	    ? fail_search(err)
	    : query_compile(store_graph(), &text, clock_now_ms(), &q, err);
	out_list(&c->out, true);
	if (r == 0)
		r = store_query(c->store, q, write_group, &c->out, &cut, err);
	out_list_end(&c->out);
	query_free(q);
	buf_free(&where);
	return r;
}

/* --- what a console says of systems --- */

static const struct property {
	const char *arg, *field;
} properties[] = {{"description", "description"}, {"customField1", "custom1"},
    {"customField2", "custom2"}, {"customField3", "custom3"},
    {"customField4", "custom4"}};

/* An argument that is there and empty takes the value away. */
static bool
set_one(const struct call *c, const struct property *p, struct device *d)
{
	const struct device_field *field = device_field(p->field);
	const char *text = call_text(c, p->arg);

	if (!args_given(&c->args, p->arg) ||
	    str_eq(device_get_text(d, field), text))
		return false;
	device_set_text(d, field, text);
	return true;
}

static int
set_system(struct call *c, int64_t id, int64_t *changed, struct err *err)
{
	struct device *d = NULL;
	struct buf set;
	size_t i;
	int r;

	if (store_device_get(c->store, id, &d, err) == -1)
		return -1;
	buf_init(&set, WHERE_MAX);
	for (i = 0; i < COUNT(properties); i++)
		if (set_one(c, &properties[i], d))
			buf_printf(&set, "%s%s", set.len > 0 ? "," : "",
			    properties[i].arg);
	r = set.len > 0 ? store_device_save_host(c->store, d, err) : 0;
	if (r == 0 && set.len > 0)
		r = call_event(
		    c, d, "device.properties", "set", buf_text(&set), err);
	*changed += r == 0 && set.len > 0;
	buf_free(&set);
	device_free(d);
	return r;
}

int
remote_set_properties(struct call *c, struct err *err)
{
	struct systems systems = {.ids = NULL};
	int64_t changed = 0;
	size_t i;
	int r;

	for (i = 0; i < COUNT(properties); i++)
		if (args_given(&c->args, properties[i].arg))
			break;
	if (i == COUNT(properties))
		return err_set(err, ERR_INVALID,
		    "nothing to set: give description or customField1 to 4");
	r = call_systems(c, &systems, err);
	for (i = 0; r == 0 && i < systems.count; i++) {
		r = set_system(c, systems.ids[i], &changed, err);
		if (r == 0 && (i + 1) % AT_ONCE == 0)
			r = call_commit(c, err);
	}
	free(systems.ids);
	if (r == 0)
		out_scalar_int(&c->out, changed);
	return r;
}

/* --- waking up --- */

/* What ePO says of its agents and this has no use for. */
static int
check_unused(struct call *c, struct err *err)
{
	static const char *const flags[] = {"fullProps", "superAgent",
	    "forceFullPolicyUpdate", "useAllHandlers", "includeSubgroups"};
	static const char *const numbers[] = {
	    "randomMinutes", "retryIntervalSeconds", "attempts"};
	int64_t number = 0;
	bool flag = false;
	size_t i;

	for (i = 0; i < COUNT(flags); i++)
		if (call_bool(c, flags[i], &flag, err) == -1)
			return -1;
	for (i = 0; i < COUNT(numbers); i++)
		if (call_int(c, numbers[i], 0, INT32_MAX, &number, err) == -1)
			return -1;
	return 0;
}

int
remote_wakeup(struct call *c, struct err *err)
{
	struct systems systems = {.ids = NULL};
	int64_t minutes = WAIT_MIN;

	if (check_unused(c, err) == -1 ||
	    call_int(c, "abortAfterMinutes", 1, WAIT_MOST, &minutes, err) ==
		-1 ||
	    call_systems(c, &systems, err) == -1)
		return -1;
	c->devices = systems.ids;
	c->device_count = systems.count;
	c->unknown = systems.unknown;
	c->look_ms = minutes * 60000;
	return 0;
}

/* Systems that are not here have failed. */
void
remote_wakeup_looked(struct call *c, const struct remote_looked *looked)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "completed: %zu\nfailed: %zu\nexpired: %zu", looked->completed,
	    looked->failed + c->unknown, looked->expired);
	out_scalar(&c->out, text);
}
