/* The forest's certificate templates, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "buf.h"
#include "conf.h"
#include "daemon.h"
#include "directory.h"
#include "errand.h"
#include "hygiene.h"
#include "mem.h"
#include "str.h"

#define TEMPLATES_MAX 1000

struct template_errand {
	struct errand base;
	struct directory_template *list;
	size_t count;
};

/* What the errand leaves, on the loop. */
struct templates {
	struct daemon_wait wait;
	struct directory_template *list;
	size_t count;
};

static void
list_free(struct directory_template *list, size_t count)
{
	while (count > 0)
		directory_template_clear(&list[--count]);
	free(list);
}

static void
template_free(struct errand *base)
{
	struct template_errand *e = (void *)base;

	list_free(e->list, e->count);
	free(e);
}

static int
keep(void *cookie, const struct directory_template *t, struct err *err)
{
	struct template_errand *e = cookie;
	struct directory_template *copy;

	if (e->count == TEMPLATES_MAX)
		return err_set(
		    err, ERR_LIMIT, "more than %d templates", TEMPLATES_MAX);
	copy = &e->list[e->count++];
	*copy = *t;
	copy->name = mem_dup(t->name);
	copy->usages = mem_dup(t->usages);
	return 0;
}

static int
call_templates(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct template_errand *e = cookie;

	(void)krb;
	list_free(e->list, e->count); /* of an attempt before */
	e->count = 0;
	e->list = mem_array(TEMPLATES_MAX, sizeof(*e->list));
	return directory_templates(directory, keep, e, err);
}

static void
give_templates(struct errand *base)
{
	struct template_errand *e = (void *)base;
	struct templates *into = e->base.cookie;

	into->list = e->list;
	into->count = e->count;
	e->list = NULL;
	e->count = 0;
}

/* --- what they are to us --- */

static const struct {
	const char *oid, *word;
} usages[] = {
    {"1.3.6.1.5.5.7.3.1", "server"},
    {"1.3.6.1.5.5.7.3.2", "client"},
    {"2.16.840.1.113741.1.2.1", "amt-remote-console"},
    {"2.16.840.1.113741.1.2.2", "amt-local-console"},
    {"2.16.840.1.113741.1.2.3", "amt-client-setup"},
    {"2.5.29.37.0", "any"},
};
#define USAGES (sizeof(usages) / sizeof(usages[0]))
#define USAGES_TEXT_MAX 4096

static const char *
word_of(const char *oid)
{
	size_t i;

	for (i = 0; i < USAGES; i++)
		if (str_eq(oid, usages[i].oid))
			return usages[i].word;
	return oid;
}

static void
write_usages(const struct directory_template *t, struct buf *out)
{
	char *list = mem_dup(t->usages), *rest = list, *oid;

	while ((oid = strsep(&rest, " ")) != NULL)
		if (*oid != '\0')
			buf_printf(
			    out, "%s%s", out->len > 0 ? "," : "", word_of(oid));
	free(list);
}

/* A certificate without extended key usages is good for all of them. */
static bool
for_servers(const struct directory_template *t)
{
	char *list = mem_dup(t->usages), *rest = list, *oid;
	bool good = t->usages[0] == '\0';

	while (!good && (oid = strsep(&rest, " ")) != NULL)
		good = str_eq(word_of(oid), "server") ||
		    str_eq(word_of(oid), "any");
	free(list);
	return good;
}

/* We ask for devices, with names that only we know. */
static const char *
problem_of(const struct directory_template *t, char text[CA_BRIDGE_PROBLEM])
{
	const struct ca_bridge_template wants = {
	    .supplied = t->supplied,
	    .signatures = t->signatures,
	    .key_bits = t->key_bits,
	};
	const char *why = ca_bridge_template_problem(&wants, text);

	if (why != NULL)
		return why;
	if (!for_servers(t))
		return "not for TLS servers";
	if (t->validity == 0 || t->renew_before >= t->validity)
		return "its periods do not fit each other";
	return NULL;
}

static int
tell(const struct directory_template *t, hygiene_ad_template_fn *fn,
    void *cookie, struct err *err)
{
	char problem[CA_BRIDGE_PROBLEM];
	struct hygiene_ad_template to = {.name = t->name,
	    .validity = t->validity,
	    .renew_before = t->renew_before,
	    .key_bits = t->key_bits,
	    .approval = t->approval,
	    .problem = problem_of(t, problem)};
	struct buf words;
	int rc;

	buf_init(&words, USAGES_TEXT_MAX);
	write_usages(t, &words);
	to.usages = buf_text(&words);
	rc = fn(cookie, &to, err);
	buf_free(&words);
	return rc;
}

/* --- the way there --- */

static int
by_name(const void *a, const void *b)
{
	const struct directory_template *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
hygiene_ad_templates(
    struct daemon *d, hygiene_ad_template_fn *fn, void *cookie, struct err *err)
{
	struct templates got = {.wait = {.loop = d->loop}};
	struct template_errand *e;
	size_t i;
	int rc;

	if (!d->conf->directory)
		return err_set(err, ERR_NOTFOUND,
		    "Active Directory is not configured (directory:)");
	e = mem_alloc(sizeof(*e));
	e->base.need = DESK_DIRECTORY;
	e->base.call = call_templates;
	e->base.give = give_templates;
	e->base.free = template_free;
	errand_send(d->ports->directory.self, &e->base, daemon_waited, &got);
	rc = daemon_await(&got.wait, err);
	if (rc != 0)
		(void)err_context(err, "templates");
	if (got.count > 0)
		qsort(got.list, got.count, sizeof(*got.list), by_name);
	for (i = 0; rc == 0 && i < got.count; i++)
		rc = tell(&got.list[i], fn, cookie, err);
	list_free(got.list, got.count);
	return rc;
}
