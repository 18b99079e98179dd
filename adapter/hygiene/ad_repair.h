#ifndef AD_REPAIR_H_
#define AD_REPAIR_H_
#include <stdbool.h>
#include <stddef.h>

#include "ad_audit.h"

struct daemon;
struct err;

/*
 * Findings of the hygiene run that a machine can put right.  The object of a
 * device is the engine's: the task REPAIR_TASK, with its journal.  Any
 * other change is one write to one object, and of that the audit chain tells
 * twice: what is about to be written, before it is, and what was seen after.
 * A write holds only while the values that were found are still there, so that
 * doing it again does nothing.
 */
#define REPAIR_TASK "sync-ad-object"
enum repair_way {
	REPAIR_BY_TASK,
	REPAIR_VALUES, /* of one attribute */
	REPAIR_DISABLE,
	REPAIR_DELETE /* never with others below it */
};

struct repair {
	enum repair_way way;
	char *code, *object, *account, *device, *evidence;
	const char *attribute; /* NULL: not one alone */
	char *add, *drop;
	char *mark; /* its description, when that is ours; NULL: not ours */
};
/* What would put it right; copied. false when a person must. Of an orphan that
 * is disabled already nothing is left to do but to delete it. */
bool repair_make(
    const struct ad_audit_finding *f, bool delete_orphans, struct repair *ret);
void repair_clear(struct repair *r);
/* "servicePrincipalName + HTTP/a:623", given. */
char *repair_words(const struct repair *r);

/* how: ERR_NONE when it was seen to be so. -1 ends it. */
typedef int repair_fn(void *cookie, const struct repair *r,
    const struct err *how, struct err *err);
struct repair_job {
	const struct repair *list;
	size_t count;
	const char *actor; /* in events */
	repair_fn *done;
	void *cookie;
};
/* Each is reported once. Blocking, with all parts open. Fails when the store
 * does, and leaves the rest undone. */
int repair_run(struct daemon *d, const struct repair_job *job, struct err *err);
#endif
