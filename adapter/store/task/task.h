#ifndef TASK_H_
#define TASK_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct store;

/*
 * Client tasks as a console has them: a catalogue of what can be done to
 * devices, and who gets it when.  What a type means and which settings it has
 * is adapter/task's business; here they are texts.  Runs are in task_run.h.
 *
 * Structs own their texts; *_clear() frees those and leaves it zeroed, which is
 * safe on a zeroed one.  Writes join the store's transaction.
 */
#define TASK_TYPE_MAX 64
#define TASK_SETTINGS_MAX 4096 /* bytes of JSON */
#define TASK_NOTE_MAX 1024
#define TASKS_MAX 10000
#define TASK_ASSIGNMENTS_MAX 100000

struct task {
	int64_t id;
	char *name;	/* unique without regard to ASCII case, no number */
	char *type;	/* "amt-maintenance", "collect-properties", ... */
	char *note;	/* or NULL */
	char *settings; /* JSON object */
	int64_t created_at, changed_at;
};
void task_clear(struct task *t);

/* id and times are set here. ERR_CONFLICT when the name is taken. */
int task_add(struct store *s, const struct task *t, int64_t now,
    int64_t *ret_id, struct err *err);
/* All but id and created_at. ERR_NOTFOUND, ERR_CONFLICT. */
int task_save(
    struct store *s, const struct task *t, int64_t now, struct err *err);
/* By name, "-" in it standing for a blank too, or number; ERR_NOTFOUND. */
int task_find(
    struct store *s, const char *name, struct task *ret, struct err *err);
int task_get(struct store *s, int64_t id, struct task *ret, struct err *err);
/* With its assignments; its runs stay. ERR_NOTFOUND. */
int task_remove(struct store *s, int64_t id, struct err *err);
typedef int task_fn(void *cookie, const struct task *t, struct err *err);
/* By name. Of this and all scans here: fn may not write, its -1 stops and
 * returns. */
int task_scan(struct store *s, task_fn *fn, void *cookie, struct err *err);

/* How a run goes about its devices; 0 where it does not. */
struct task_policy {
	int64_t canary; /* so many first; the others once all of them went well
			 */
	/* Then so many at once, or of a hundred; the next after those. */
	int64_t wave, wave_percent;
	/* Stop at so many failures, or of a hundred devices. */
	int64_t max_failures, max_failure_percent;
	int64_t stop_after; /* seconds from its begin */
	int64_t parallel;   /* devices at once, within what is configured */
	/* A device that is offline, or held by another worker, is tried so
	 * often again, after so many seconds, doubled each time. */
	int64_t retries, retry_wait;
};
#define TASK_RETRIES 3
#define TASK_RETRY_WAIT 60
/* The above two, and nothing else. */
struct task_policy task_policy_default(void);
#define TASK_NAMED_MAX 10000	  /* devices that one order names */
#define TASK_DEVICES_MAX 10000000 /* more than any fleet */
#define TASK_STOP_AFTER_MAX (INT64_C(366) * 86400)
#define TASK_PARALLEL_MAX 4000
#define TASK_RETRIES_MAX 100
#define TASK_RETRY_WAIT_MAX 86400
/* Its members in order: as the API and the store name them, settings of an
 * action, and the option that says it; from 0 to most. */
struct task_policy_field {
	const char *name, *setting, *option;
	int64_t most;
};
#define TASK_POLICY_FIELDS 9
extern const struct task_policy_field task_policy_fields[TASK_POLICY_FIELDS];
int64_t *task_policy_at(struct task_policy *p, size_t i);
int64_t task_policy_get(const struct task_policy *p, size_t i);
/* Ranges, and that "or" is no "and": ERR_INVALID says which. */
int task_policy_check(const struct task_policy *p, struct err *err);

/* --- assignments: a task for devices, by a schedule --- */

enum task_target {
	TASK_ALL,
	TASK_GROUP, /* and all groups below */
	TASK_TAG,
	TASK_QUERY,  /* a saved one's name, or a condition over EPOLeafNode */
	TASK_DEVICES /* those listed */
};
/* "all", "group", "tag", "query", "devices". */
const char *task_target_name(enum task_target t);

struct task_assignment {
	int64_t id, task;
	enum task_target target;
	int64_t target_id; /* group or tag; 0 when that one is gone */
	char *query;
	char *schedule;	 /* as schedule.h writes it; NULL: by hand only */
	int64_t trigger; /* enum schedule_trigger of that; 0 */
	bool enabled;
	int64_t next_due; /* its next occurrence; 0: none */
	struct task_policy policy;
	int64_t created_at, last_at;
	int64_t last_run; /* number of the last run made for it; 0 */
	/* Read only: the task's name, and the group's path or the tag's name.
	 */
	char *task_name, *target_name;
};
void task_assignment_clear(struct task_assignment *a);

/* With these devices (TASK_DEVICES alone, at least one). id, created_at, last_*
 * are set here. Devices that are gone are left out. ERR_NOTFOUND: no such task,
 * group, tag. */
int task_assign(struct store *s, const struct task_assignment *a,
    const int64_t *devices, size_t count, int64_t now, int64_t *ret_id,
    struct err *err);
int task_assignment_get(
    struct store *s, int64_t id, struct task_assignment *ret, struct err *err);
/* Schedule, trigger, enabled, next_due, policy. ERR_NOTFOUND. */
int task_assignment_save(
    struct store *s, const struct task_assignment *a, struct err *err);
int task_unassign(struct store *s, int64_t id, struct err *err);
typedef int task_assignment_fn(
    void *cookie, const struct task_assignment *a, struct err *err);
/* Those of a task, 0: all; by number. */
int task_assignment_scan(struct store *s, int64_t task, task_assignment_fn *fn,
    void *cookie, struct err *err);
/* Enabled ones with next_due up to now, the oldest first, at most room. */
int task_assignment_due(struct store *s, int64_t now, int64_t *ids, size_t room,
    size_t *ret_count, struct err *err);
/* Enabled ones of this trigger (not 0), by number, at most room. */
int task_assignment_triggered(struct store *s, int64_t trigger, int64_t *ids,
    size_t room, size_t *ret_count, struct err *err);
#endif
