#ifndef RECORDS_H_
#define RECORDS_H_
#include <stddef.h>
#include <stdint.h>

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

struct conf;
struct server_action;
struct server_task;
extern const struct record_kind record_server_kind, record_action_kind,
    record_flow_kind, record_sort_kind;

void record_server(struct record *r, const struct server_task *t);
/* What became of one. under, run: 0, there is none; rows: -1, those of the one
 * it is under. */
void record_action(struct record *r, const struct server_action *a);
/* What one would be given; rows: -1, it has none. runnable: not when it is of
 * ePO alone, or conf lacks what it needs. */
void record_flow(struct record *r, const struct server_action *a, int64_t rows,
    const struct conf *conf);
/* What actions there are: an enum action_kind. */
void record_sort(struct record *r, int number);

/* --- events --- */

struct conf_forward;
struct forward_status;
struct journal_intent;
struct store;
struct store_dead;
struct store_event;
extern const struct record_kind record_event_kind, record_intent_kind,
    record_place_kind, record_letter_kind;

void record_event(struct record *r, const struct store_event *e);
/* Its device's name is looked up in s. */
void record_intent(
    struct record *r, struct store *s, const struct journal_intent *i);
void record_place(struct record *r, const struct conf_forward *f,
    const struct forward_status *is);
void record_letter(struct record *r, const struct store_dead *dead);

/* --- users --- */

struct access_set;
struct store_key;
struct store_user;
extern const struct record_kind record_user_kind, record_set_kind,
    record_token_kind, record_new_token_kind;

void record_user(struct record *r, const struct store_user *u);
void record_set(struct record *r, const struct access_set *set);
void record_token(
    struct record *r, const char *user, const struct store_key *k);
/* With its text, which is shown once. */
void record_new_token(struct record *r, const char *user,
    const struct store_key *k, const char *token);

/* --- queries --- */

struct query_column;
struct query_operator;
struct query_table;
struct store_saved;
struct store_tag;
extern const struct record_kind record_query_kind, record_column_kind,
    record_operator_kind, record_tag_kind;

void record_query(struct record *r, const struct store_saved *s);
void record_column(struct record *r, const struct query_table *t,
    const struct query_column *c);
/* Of "where" or "select". */
void record_operator(
    struct record *r, const char *clause, const struct query_operator *op);
void record_tag(struct record *r, const struct store_tag *t);

/* --- consoles above us --- */

struct conf_epo;
struct upstream;
struct upstream_counts;
extern const struct record_kind record_upstream_kind;

void record_upstream(struct record *r, const struct conf_epo *e,
    const struct upstream *u, const struct upstream_counts *n);
#endif
