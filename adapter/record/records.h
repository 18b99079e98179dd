#ifndef RECORDS_H_
#define RECORDS_H_
#include "record.h"

/*
 * What is shown of each kind of thing (record.h).  record_X() fills a record of
 * record_X_kind, to be cleared; texts of its thing are borrowed until then.
 */

/* --- devices --- */

struct device;
struct plan_step;
struct policy;
extern const struct record_kind record_finding_kind, record_step_kind;

/* All fields of a record, id before them, and the deadline that follows from
 * them; to be freed. */
struct record_kind *record_device_kind(void);
void record_device(struct record *r, const struct record_kind *kind,
    const struct device *d, const struct policy *policy);
/* What is wrong with it: a set of reasons, and why it could not be read. */
void record_finding(struct record *r, const struct device *d, unsigned reasons,
    const char *error_kind, const char *error);
/* What a plan would change, and, of the same kind, what it cannot. */
void record_step(
    struct record *r, const struct device *d, const struct plan_step *s);
void record_obstacle(
    struct record *r, const struct device *d, const char *text);

/* --- runs --- */

struct task_item;
struct task_message;
struct task_run;
extern const struct record_kind record_run_kind, record_execution_kind,
    record_item_kind, record_message_kind;

void record_run(struct record *r, const struct task_run *run);
/* A run of a server task: of actions, not devices. */
void record_execution(struct record *r, const struct task_run *run);
void record_item(struct record *r, const struct task_item *i);
void record_message(struct record *r, const struct task_message *m);

/* --- tasks --- */

struct play;
struct task;
extern const struct record_kind record_task_kind, record_type_kind;

void record_task(struct record *r, const struct task *t);
void record_type(struct record *r, const struct play *play);
#endif
