#include "upstreams.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "conf_epo.h"
#include "diagnose.h"
#include "err.h"
#include "file.h"
#include "mem.h"
#include "str.h"

#define CA_MAX 262144

static const char *
help_of(const char *code)
{
	int r = reason_find(code);

	return r < 0 ? NULL : reason_help((enum reason)r);
}

/* Are all words, by blanks, findings? */
static int
check_codes(const char *codes, const char *key, struct err *err)
{
	char *one;
	size_t len;
	int known;

	for (; codes != NULL && *codes != '\0'; codes += len) {
		codes += strspn(codes, " ");
		len = strcspn(codes, " ");
		one = mem_dup_len(codes, len);
		known = len == 0 || reason_find(one) >= 0;
		if (!known)
			(void)err_set(err, ERR_INVALID,
			    "%s: there is no finding %s", key, one);
		free(one);
		if (!known)
			return -1;
	}
	return 0;
}

static int
read_rules(const struct conf_epo *e, struct upstream_conf *u, struct err *err)
{
	size_t i;

	if (e->tags == NULL)
		return 0;
	if (epo_rules_parse(
		e->tags, u->rules, &u->epo.rule_count, &u->texts, err) != 0)
		return err_context(err, "tags");
	for (i = 0; i < u->epo.rule_count; i++)
		if (check_codes(u->rules[i].codes, "tags", err) != 0)
			return -1;
	return 0;
}

static int
read_all(const struct conf_epo *e, struct upstream_conf *u, struct err *err)
{
	const char *why = NULL;

	if (e->where != NULL)
		why = epo_condition_check(e->where);
	if (why != NULL)
		return err_set(err, ERR_INVALID, "where: %s", why);
	if (check_codes(e->issues, "issues", err) != 0 ||
	    read_rules(e, u, err) != 0)
		return -1;
	return file_read(e->ca, CA_MAX, &u->ca, err);
}

static const struct conf_epo *
find(const struct conf *conf, const char *name)
{
	size_t i;

	for (i = 0; i < conf->epo_count; i++)
		if (str_eq(conf->epos[i].name, name))
			return &conf->epos[i];
	return NULL;
}

int
upstream_conf_open(const struct conf *conf, const char *name,
    struct upstream_conf *ret, struct err *err)
{
	const struct conf_epo *e = find(conf, name);

	if (e == NULL)
		return err_set(err, ERR_NOTFOUND,
		    "no console is named %s in \"epo\" of the configuration",
		    name);
	memset(ret, 0, sizeof(*ret));
	buf_init(&ret->ca, CA_MAX + 1);
	if (read_all(e, ret, err) != 0) {
		upstream_conf_clear(ret);
		return err_context(err, "epo %s", name);
	}
	ret->epo.name = e->name;
	ret->epo.url = e->url;
	ret->epo.ca_pem = buf_text(&ret->ca);
	ret->epo.query = e->query;
	ret->epo.where = e->where;
	ret->epo.uuid_column = e->uuid;
	ret->epo.add = e->add;
	ret->epo.take_address = e->address;
	ret->epo.take_groups = e->groups;
	ret->epo.take_tags = e->take_tags;
	ret->epo.rules = ret->rules;
	ret->epo.field = e->field;
	ret->epo.issues = e->issues;
	ret->epo.page = e->page;
	ret->epo.interval = e->interval;
	ret->epo.full_every = e->full;
	ret->epo.timeout = e->timeout;
	ret->epo.retry_most = e->retry_most;
	ret->epo.help = help_of;
	return 0;
}

void
upstream_conf_clear(struct upstream_conf *u)
{
	free(u->texts);
	buf_free(&u->ca);
	memset(u, 0, sizeof(*u));
}
