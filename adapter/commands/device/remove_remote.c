/* Devices leave the fleet of a service elsewhere. */
#include <json-c/json.h>
#include <stdlib.h>

#include "api_client.h"
#include "cli_remote.h"
#include "clock.h"
#include "mem.h"
#include "remove_internal.h"
#include "str.h"

struct leaving {
	struct cli *c;
	struct remove_gone *all;
	size_t count;
	bool untold; /* it was said that certificates are not known */
};

static int
keep_device(void *cookie, struct json_object *device, struct err *err)
{
	struct leaving *l = cookie;
	struct remove_gone *g;
	const char *name;

	if (cli_remote_text(device, "name", &name, err) != 0)
		return -1;
	l->all = mem_grow(l->all, l->count + 1, sizeof(*l->all));
	g = &l->all[l->count++];
	*g = (struct remove_gone){.name = mem_dup(name),
	    .ad_dn =
		mem_dup(api_client_text(api_client_member(device, "ad_dn"))),
	    .ad_state = "stays"};
	return 0;
}

/* --- certificates that stay valid --- */

static int
keep_left(void *cookie, struct json_object *cert, struct err *err)
{
	struct remove_lefts *l = cookie;
	struct remove_left *left;
	const char *serial, *issuer, *end;
	int64_t not_after;

	if (cli_remote_text(cert, "serial", &serial, err) != 0 ||
	    cli_remote_text(cert, "issuer", &issuer, err) != 0 ||
	    cli_remote_text(cert, "not_after", &end, err) != 0)
		return -1;
	if (clock_parse(end, &not_after) != 0)
		return err_set(err, ERR_PROTOCOL,
		    "the server's answer has a wrong not_after");
	if (api_client_member(cert, "revoked_at") != NULL ||
	    not_after <= l->now)
		return 0;
	left = remove_left_new(l);
	left->serial = mem_dup(serial);
	left->issuer = mem_dup(issuer);
	left->not_after = not_after;
	return 0;
}

/* As here, where the CA cannot be opened: said once. */
static void
find_lefts(struct leaving *l, struct remove_gone *g)
{
	struct err err = {.kind = ERR_NONE};
	struct api_client_path path;
	const struct cli_remote_list list = {.path = &path, .paged = true};

	if (l->untold)
		return;
	g->lefts.now = clock_now();
	api_client_path_init(&path, "certificates");
	api_client_path_param(&path, "device", g->name);
	if (cli_remote_read(l->c, &list, keep_left, &g->lefts, &err) != 0) {
		cli_note(l->c, "which certificates stay valid is not known: %s",
		    err.text);
		l->untold = true;
	}
	api_client_path_free(&path);
}

/* --- removing --- */

/* Its certificates are asked for behind it: nothing issues one more then. */
static int
remove_one(struct leaving *l, struct remove_gone *g)
{
	int code = CODE_OK;

	if (cli_flag(l->c, "dry-run")) {
		g->state = "to be removed";
	} else {
		code =
		    cli_remote_change(l->c, "DELETE", "devices", g->name, NULL);
		g->state = "removed";
	}
	if (code == CODE_OK)
		find_lefts(l, g);
	return code;
}

/* Each is removed for good before the next. */
static int
remove_all(struct leaving *l)
{
	struct table *t = remove_table(l->c);
	int code = CODE_OK;
	size_t done;

	for (done = 0; done < l->count; done++) {
		code = remove_one(l, &l->all[done]);
		if (code != CODE_OK)
			break;
		remove_tell(l->c, t, &l->all[done]);
	}
	table_end(t);
	if (!cli_flag(l->c, "dry-run"))
		cli_note(l->c, "%zu devices removed", done);
	return code;
}

int
remove_remote(struct cli *c)
{
	static const char *const ours[] = {
	    "revoke", "disable-object", "delete-object", NULL};
	struct leaving l = {.c = c};
	int code = cli_remote_refuse(c, ours);
	size_t i;

	if (code == CODE_OK)
		code = cli_remote_select(c, 0, keep_device, &l);
	if (code == CODE_OK)
		code = remove_confirmed(c, l.count) ? remove_all(&l)
						    : CODE_REFUSED;
	for (i = 0; i < l.count; i++)
		remove_gone_clear(&l.all[i]);
	free(l.all);
	return code;
}
