/* clienttask.find and .run: the catalogue of client tasks. */
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "commands_internal.h"
#include "mem.h"
#include "order.h"
#include "product_internal.h"
#include "str.h"
#include "task.h"
#include "task_run.h"

#define MINUTE 60
#define MINUTES_MAX (INT64_C(366) * 24 * 60)

static void
write_task(struct out *o, const struct task *t)
{
	int type = catalog_type_find(t->type);

	out_row(o, "objectTask");
	out_int(o, "objectId", t->id);
	out_text(o, "objectName", t->name);
	out_text(o, "productId", PRODUCT_ID);
	out_text(o, "productName", PRODUCT_NAME);
	out_int(o, "typeId", type + 1);
	out_text(o, "typeName", t->type);
	out_text(o, "objectNotes", t->note);
	out_row_end(o);
}

static int
write_found(void *cookie, const struct task *t, struct err *err)
{
	struct call *c = cookie;

	(void)err;
	if (call_finds(c, t->name))
		write_task(&c->out, t);
	return 0;
}

int
remote_task_find(struct call *c, struct err *err)
{
	int r;

	out_list(&c->out, true);
	r = task_scan(c->store, write_found, c, err);
	out_list_end(&c->out);
	return r;
}

int
remote_product_check(const struct call *c, struct err *err)
{
	const char *id = call_text(c, "productId");

	if (id == NULL || str_ieq(id, PRODUCT_ID))
		return 0;
	return err_set(
	    err, ERR_INVALID, "productId: all tasks here are of " PRODUCT_ID);
}

/* What a console may say of the pace. */
static int
read_policy(const struct call *c, struct task_policy *ret, struct err *err)
{
	int64_t minutes = 0, unused = 0;
	bool all = false;

	*ret = task_policy_default();
	if (call_int(c, "retryAttempts", 0, INT32_MAX, &ret->retries, err) ==
		-1 ||
	    call_int(c, "retryIntervalInSeconds", 1, INT32_MAX,
		&ret->retry_wait, err) == -1 ||
	    call_int(c, "stopAfterMinutes", 0, MINUTES_MAX, &minutes, err) ==
		-1)
		return -1;
	if (minutes == 0 &&
	    call_int(c, "abortAfterMinutes", 0, MINUTES_MAX, &minutes, err) ==
		-1)
		return -1;
	ret->stop_after = minutes * MINUTE;
	/* The engine spreads devices by itself, over sites and servers. */
	if (call_int(c, "randomizationInterval", 0, INT32_MAX, &unused, err) ==
		-1 ||
	    call_bool(c, "useAllAgentHandlers", &all, err) == -1)
		return -1;
	return task_policy_check(ret, err);
}

int
call_run(struct call *c, const struct task *t, const struct order_run *how,
    int64_t *ret_run, struct err *err)
{
	const struct order order = {c->store, c->actor, c->now};
	struct systems systems = {.ids = NULL};
	int r = call_systems(c, &systems, err);

	if (r == 0)
		r = order_run(
		    &order, t, how, systems.ids, systems.count, ret_run, err);
	free(systems.ids);
	c->wake = r == 0;
	return r;
}

int
remote_task_run(struct call *c, struct err *err)
{
	struct order_run how = {.source = TASK_BY_USER, .target = TASK_DEVICES};
	const char *name = call_text(c, "taskId");
	struct task t = {.id = 0};
	int64_t run = 0;
	int r;

	if (name == NULL)
		return err_set(err, ERR_INVALID, "taskId is empty");
	if (remote_product_check(c, err) == -1 ||
	    read_policy(c, &how.policy, err) == -1 ||
	    task_find(c->store, name, &t, err) == -1)
		return -1;
	r = call_run(c, &t, &how, &run, err);
	task_clear(&t);
	if (r == 0)
		out_scalar(&c->out, "Succeeded");
	return r;
}
