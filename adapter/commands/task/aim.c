/* Whom a task is for, and with what care, as the options say. */
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "choice.h"
#include "cli.h"
#include "mem.h"
#include "runs_internal.h"
#include "store.h"
#include "str.h"

static int
aim_group(struct cli *c, const char *path, struct aim *ret)
{
	struct err err = {.kind = ERR_NONE};

	ret->target = TASK_GROUP;
	return store_group_find(c->daemon.store, path, &ret->target_id, &err) ==
		0
	    ? CODE_OK
	    : cli_fail(&err);
}

static int
aim_tag(struct cli *c, const char *name, struct aim *ret)
{
	struct err err = {.kind = ERR_NONE};

	ret->target = TASK_TAG;
	return store_tag_find(c->daemon.store, name, &ret->target_id, &err) == 0
	    ? CODE_OK
	    : cli_fail(&err);
}

/* It is asked again at each run: here only whether it can be. */
static int
aim_query(struct cli *c, const char *word, struct aim *ret)
{
	struct err err = {.kind = ERR_NONE};
	struct query *q = NULL;
	struct ask a = {.top = 0};
	int code = ask_word(c, word, &a);

	ret->target = TASK_QUERY;
	ret->query = word;
	if (code == CODE_OK && ask_compile(&a, STORE_SYSTEM_ID, &q, &err) != 0)
		code = cli_fail(&err);
	query_free(q);
	ask_free(&a);
	return code;
}

static bool
names_devices(const struct cli *c, size_t first)
{
	return c->arg_count > first || cli_text(c, "device") != NULL ||
	    cli_text(c, "reason") != NULL || cli_text(c, "site") != NULL;
}

/* What it is that is aimed at, one and only one. */
int
runs_target(struct cli *c, size_t first, enum task_target *ret)
{
	const char *group = cli_text(c, "group"), *tag = cli_text(c, "tag");

	if ((group != NULL) + (tag != NULL) + cli_selected(c, first) > 1)
		return cli_complain(CODE_USAGE,
		    "--group, --tag, or a choice of devices: one of them");
	if (group == NULL && tag == NULL && !cli_selected(c, first))
		return cli_complain(CODE_REFUSED,
		    "no devices chosen: --group, --tag, --query or --all, or "
		    "name some");
	if (group != NULL)
		*ret = TASK_GROUP;
	else if (tag != NULL)
		*ret = TASK_TAG;
	else if (names_devices(c, first))
		*ret = TASK_DEVICES;
	else
		*ret = cli_text(c, "query") != NULL ? TASK_QUERY : TASK_ALL;
	return CODE_OK;
}

int
runs_aim(struct cli *c, size_t first, struct aim *ret)
{
	int code;

	*ret = (struct aim){.target = TASK_DEVICES};
	code = runs_target(c, first, &ret->target);
	if (code != CODE_OK)
		return code;
	switch (ret->target) {
	case TASK_GROUP:
		return aim_group(c, cli_text(c, "group"), ret);
	case TASK_TAG:
		return aim_tag(c, cli_text(c, "tag"), ret);
	case TASK_QUERY:
		return aim_query(c, cli_text(c, "query"), ret);
	case TASK_DEVICES:
		return cli_select_ids(c, first, &ret->ids);
	case TASK_ALL:
		break;
	}
	return CODE_OK;
}

/* "5" or "20%". */
static int
take_share(
    const struct cli *c, const char *name, int64_t *number, int64_t *percent)
{
	const char *text = cli_text(c, name);
	size_t len = text == NULL ? 0 : strlen(text);
	char *digits;
	int rc;

	if (text == NULL || str_int(text, 1, INT32_MAX, number) == 0)
		return CODE_OK;
	digits = mem_dup_len(text, len > 0 ? len - 1 : 0);
	rc = len > 1 && text[len - 1] == '%' ? str_int(digits, 1, 100, percent)
					     : -1;
	free(digits);
	return rc == 0 ? CODE_OK
		       : cli_complain(CODE_USAGE,
			     "--%s %s: must be a number from 1 or a percentage "
			     "such as 5%%",
			     name, text);
}

int
runs_policy(const struct cli *c, struct task_policy *ret)
{
	struct err err = {.kind = ERR_NONE};
	int code;

	*ret = task_policy_default();
	ret->canary = cli_count(c, "canary", 0);
	ret->parallel = cli_count(c, "parallel", 0);
	ret->stop_after = cli_span(c, "stop-after", 0);
	ret->retries = cli_count(c, "retries", ret->retries);
	if (cli_flag(c, "no-retries"))
		ret->retries = 0;
	ret->retry_wait = cli_span(c, "retry-wait", ret->retry_wait);
	code = take_share(c, "wave", &ret->wave, &ret->wave_percent);
	if (code == CODE_OK)
		code = take_share(c, "max-failures", &ret->max_failures,
		    &ret->max_failure_percent);
	if (code == CODE_OK && task_policy_check(ret, &err) != 0)
		code = cli_complain(CODE_USAGE, "--%s", err.text);
	return code;
}
