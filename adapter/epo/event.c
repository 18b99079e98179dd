/* Events of commands. */
#include "remote_event_internal.h"

#include <string.h>

#include "call_internal.h"
#include "device.h"
#include "escape_internal.h"
#include "store.h"
#include "str.h"

#define COMMAND_MAX 64
#define DETAIL_MAX 4096

/* Of a command that is none, what can be shown of it. */
int
remote_audit(struct store *s, const struct call *c, const struct err *how,
    struct err *err)
{
	const char *name =
	    c->command != NULL ? c->command->name : c->request->command;
	struct store_event event = {
	    .at = c->now, .kind = "remote.command", .actor = c->actor};
	struct buf shown, detail;
	int r;

	buf_init(&shown, (size_t)4 * COMMAND_MAX);
	buf_init(&detail, DETAIL_MAX);
	str_printable(&shown, name, strlen(name), COMMAND_MAX);
	buf_str(&detail, "{\"command\":");
	escape_json(&detail, buf_text(&shown));
	buf_str(&detail, ",\"outcome\":");
	escape_json(
	    &detail, how->kind == ERR_NONE ? "ok" : err_kind_name(how->kind));
	buf_char(&detail, '}');
	event.detail = buf_text(&detail);
	r = store_event_add(s, &event, err);
	buf_free(&detail);
	buf_free(&shown);
	return r;
}

int
call_event(struct call *c, const struct device *d, const char *kind,
    const char *key, const char *value, struct err *err)
{
	const struct store_event event = {
	    .at = c->now, .kind = kind, .actor = c->actor};

	return store_event_tell(c->store, &event, d, key, value, err);
}

int
call_commit(struct call *c, struct err *err)
{
	return store_dirty(c->store) ? store_commit(c->store, err) : 0;
}
