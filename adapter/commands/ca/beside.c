/* A template of ours and one of the forest, fact by fact. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca.h"
#include "cli.h"
#include "clock.h"
#include "commands_ca_internal.h"
#include "hygiene.h"
#include "mem.h"
#include "port.h"
#include "profile.h"
#include "str.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Of the forest's; usages and problem are owned. */
struct theirs {
	const char *name;
	bool found;
	struct hygiene_ad_template t;
	char *usages, *problem;
};

static int
take_theirs(void *cookie, const struct hygiene_ad_template *t, struct err *err)
{
	struct theirs *to = cookie;

	(void)err;
	if (to->found || !str_eq(t->name, to->name))
		return 0;
	to->found = true;
	to->t = *t;
	to->usages = mem_dup(t->usages);
	to->problem = mem_dup(t->problem);
	return 0;
}

/* Are all of a in b? Words by comma. */
static bool
holds_all(const char *a, const char *b)
{
	size_t len, there;
	const char *at;
	bool found;

	for (; *a != '\0'; a += len + (a[len] == ',')) {
		len = strcspn(a, ",");
		found = false;
		for (at = b; *at != '\0' && !found;
		     at += there + (at[there] == ',')) {
			there = strcspn(at, ",");
			found = there == len && memcmp(a, at, len) == 0;
		}
		if (!found)
			return false;
	}
	return true;
}

static void
put_fact(
    struct table *table, const char *fact, const char *ours, const char *theirs)
{
	table_text(table, fact);
	table_text(table, ours);
	table_text(table, theirs);
}

static void
put_span(struct table *table, const char *fact, int64_t ours, int64_t theirs)
{
	char a[CLOCK_TEXT], b[CLOCK_TEXT];

	put_fact(table, fact, clock_span(ours, a), clock_span(theirs, b));
	table_int(table, ours == theirs);
	table_row(table);
}

static void
put_facts(struct cli *c, const struct profile_template *ours,
    const struct theirs *theirs, struct table *table)
{
	const struct ca_template template = port_template(ours);
	struct ca_template_facts facts;
	char key[48];

	ca_template_facts(c->daemon.ca, &template, clock_now(), &facts);
	(void)snprintf(key, sizeof(key), "at least %lld bits",
	    (long long)theirs->t.key_bits);
	put_fact(table, "name", ours->name, theirs->name);
	table_nothing(table);
	table_row(table);
	put_span(table, "validity", ours->validity, theirs->t.validity);
	put_span(
	    table, "renew_before", ours->renew_before, theirs->t.renew_before);
	put_fact(table, "key", facts.key, key);
	table_nothing(table);
	table_row(table);
	put_fact(table, "usages", ours->usages, theirs->usages);
	table_int(table,
	    holds_all(ours->usages, theirs->usages) &&
		holds_all(theirs->usages, ours->usages));
	table_row(table);
	put_fact(table, "a person must agree", "no",
	    theirs->t.approval ? "yes" : "no");
	table_int(table, !theirs->t.approval);
	table_row(table);
	put_fact(table, "for devices", "yes",
	    theirs->problem == NULL ? "yes" : theirs->problem);
	table_int(table, theirs->problem == NULL);
	table_row(table);
}

int
cmd_ca_template_beside(
    struct cli *c, const struct profile_template *ours, const char *name)
{
	static const struct table_column columns[] = {
	    {"fact", TABLE_STRING, 0, 0}, {"profile", TABLE_STRING, 0, 16},
	    {"directory", TABLE_STRING, 0, 16}, {"same", TABLE_BOOL, 0, 0}};
	struct theirs theirs = {.name = name};
	struct err err = {.kind = ERR_NONE};
	struct table *table;
	int rc;

	rc = hygiene_ad_templates(&c->daemon, take_theirs, &theirs, &err);
	if (rc == 0 && !theirs.found)
		return cli_complain(
		    CODE_NOTHING, "the forest has no template named %s", name);
	table = cli_table(c, columns, COUNT(columns));
	if (rc == 0)
		put_facts(c, ours, &theirs, table);
	free(theirs.usages);
	free(theirs.problem);
	return cli_listed(c, table, rc, &err);
}
