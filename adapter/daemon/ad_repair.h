#ifndef AD_REPAIR_H_
#define AD_REPAIR_H_
#include <stdbool.h>
#include <stddef.h>

#include "ad_audit.h"

struct daemon;
struct err;

/*
 * Findings of the hygiene run that a machine can put right.  The object of a
 * device is the engine's: the task DAEMON_REPAIR_TASK, with its journal.  Any
 * other change is one write to one object, and of that the audit chain tells
 * twice: what is about to be written, before it is, and what was seen after.
 * A write holds only while the values that were found are still there, so that
 * doing it again does nothing.
 */
#define DAEMON_REPAIR_TASK "sync-ad-object"
enum daemon_repair_way {
	DAEMON_REPAIR_BY_TASK,
	DAEMON_REPAIR_VALUES, /* of one attribute */
	DAEMON_REPAIR_DISABLE,
	DAEMON_REPAIR_DELETE /* never with others below it */
};

struct daemon_repair {
	enum daemon_repair_way way;
	char *code, *object, *account, *device, *evidence;
	const char *attribute; /* NULL: not one alone */
	char *add, *drop;
	char *mark; /* its description, when that is ours; NULL: not ours */
};
/* What would put it right; copied. false when a person must. Of an orphan that
 * is disabled already nothing is left to do but to delete it. */
bool daemon_repair_make(const struct daemon_audit_finding *f,
    bool delete_orphans, struct daemon_repair *ret);
void daemon_repair_clear(struct daemon_repair *r);
/* "servicePrincipalName + HTTP/a:623", given. */
char *daemon_repair_words(const struct daemon_repair *r);

/* how: ERR_NONE when it was seen to be so. -1 ends it. */
typedef int daemon_repair_fn(void *cookie, const struct daemon_repair *r,
    const struct err *how, struct err *err);
struct daemon_repair_job {
	const struct daemon_repair *list;
	size_t count;
	const char *actor; /* in events */
	daemon_repair_fn *done;
	void *cookie;
};
/* Each is reported once. Blocking, with all parts open. Fails when the store
 * does, and leaves the rest undone. */
int daemon_ad_repair(
    struct daemon *d, const struct daemon_repair_job *job, struct err *err);
#endif
