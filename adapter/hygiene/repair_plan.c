/* Which findings a machine can put right, and how. */
#include <stdlib.h>
#include <string.h>

#include "ad_repair.h"
#include "mem.h"
#include "str.h"

#define UAC "userAccountControl"
#define SPN "servicePrincipalName"
#define TYPES "msDS-SupportedEncryptionTypes"

static const struct way {
	const char *code;
	bool task; /* of a device's object */
	const char *attribute;
	bool add, drop; /* which values of the finding are this one's */
} ways[] = {
    {"spn-missing", true, SPN, true, false},
    {"spn-foreign", true, SPN, false, true},
    {"dns-host-differs", true, NULL, false, false},
    {"encryption-weak", true, TYPES, true, true},
    {"encryption-differs", true, NULL, false, false},
    {"encryption-unset", true, TYPES, true, true},
    {"wrong-ou", true, NULL, false, false},
    {"password-never-expires", false, UAC, true, true},
    {"orphan", false, UAC, true, true},
};

static const struct way *
find_way(const char *code)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (str_eq(ways[i].code, code))
			return &ways[i];
	return NULL;
}

static bool
has_values(const struct way *w, const struct ad_audit_finding *f)
{
	return w->attribute != NULL &&
	    ((w->add && f->add != NULL) || (w->drop && f->drop != NULL));
}

/* false: nothing can be done about it. */
static bool
choose_orphan(const struct way *w, const struct ad_audit_finding *f,
    bool delete_orphans, enum repair_way *ret)
{
	*ret = delete_orphans ? REPAIR_DELETE : REPAIR_DISABLE;
	return f->mark != NULL && f->account != NULL &&
	    (delete_orphans || has_values(w, f));
}

static bool
choose(const struct way *w, const struct ad_audit_finding *f,
    bool delete_orphans, enum repair_way *ret)
{
	if (str_eq(f->code, "orphan"))
		return choose_orphan(w, f, delete_orphans, ret);
	*ret = REPAIR_VALUES;
	if (!w->task || f->device == NULL)
		return has_values(w, f);
	*ret = REPAIR_BY_TASK;
	return true;
}

bool
repair_make(
    const struct ad_audit_finding *f, bool delete_orphans, struct repair *ret)
{
	const struct way *w = find_way(f->code);
	struct repair r = {.attribute = NULL};

	if (w == NULL || !choose(w, f, delete_orphans, &r.way))
		return false;
	r.code = mem_dup(f->code);
	r.object = mem_dup(f->object);
	r.account = mem_dup(f->account);
	r.device = mem_dup(f->device);
	r.evidence = mem_dup(f->evidence);
	r.attribute = w->attribute;
	r.add = mem_dup(w->add ? f->add : NULL);
	r.drop = mem_dup(w->drop ? f->drop : NULL);
	r.mark = mem_dup(f->mark);
	*ret = r;
	return true;
}

void
repair_clear(struct repair *r)
{
	free(r->code);
	free(r->object);
	free(r->account);
	free(r->device);
	free(r->evidence);
	free(r->add);
	free(r->drop);
	free(r->mark);
	memset(r, 0, sizeof(*r));
}

char *
repair_words(const struct repair *r)
{
	switch (r->way) {
	case REPAIR_BY_TASK:
		return mem_dup("task " REPAIR_TASK);
	case REPAIR_DISABLE:
		return mem_dup("disable");
	case REPAIR_DELETE:
		return mem_dup("delete");
	case REPAIR_VALUES:
		break;
	}
	return mem_printf("%s%s%s%s%s", r->attribute,
	    r->drop != NULL ? " - " : "", r->drop != NULL ? r->drop : "",
	    r->add != NULL ? " + " : "", r->add != NULL ? r->add : "");
}
