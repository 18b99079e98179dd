#ifndef API_INTERNAL_H_
#define API_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "access.h"
#include "api.h"
#include "buf.h"
#include "err.h"
#include "record.h"

struct api_call;
struct ca;
struct jobs;
struct json_object;
struct store;

/* --- what goes in and out: one description for check and document --- */

enum api_type {
	API_TEXT,
	API_INT,
	API_BOOL,
	API_TEXTS, /* an array of texts */
	API_SECRET /* a text that is shown nowhere */
};
/* A parameter of a query string, or a member of a body. */
struct api_field {
	const char *name;
	enum api_type type;
	bool required;
	int64_t min, max;	  /* of numbers; bytes of texts; of how many */
	const char *const *words; /* NULL-ended: one of these; NULL: any */
	const char *help;
};
/* A request's body. */
struct api_form {
	const char *name;
	const struct api_field *fields;
	size_t count;
};
/* An object of an answer. */
struct api_row {
	const char *name;
	const struct record_kind *kind;
	/* In its place, when it is made of another table; to be freed. */
	struct record_kind *(*make)(void);
	const char *help;
};

/* --- routes --- */

enum api_answer {
	API_NOTHING,  /* 204 */
	API_ROW,      /* an object */
	API_PAGE_OF,  /* {"items": [...], "next": cursor or null} */
	API_REPORT,   /* {"rows": [...], "cut": bool}, or CSV */
	API_ROWS,     /* the same, JSON alone */
	API_DOCUMENT, /* OpenAPI */
	API_EVENTS,   /* text/event-stream */
	API_XML,      /* a file, as are those below */
	API_PEM,
	API_CRL
};
struct api_route;
/* The media type of a body that is no form; NULL: there is none. */
const char *api_takes(const struct api_route *r);
/* The media type of a file; NULL: it is none. */
const char *api_file_type(enum api_answer answer);
typedef int api_fn(struct api_call *c, struct err *err);

struct api_route {
	const char *method, *path; /* below API_PATH; "{x}" is a segment */
	const char *id, *group;	   /* operationId, tag */
	enum access_right right;
	const char *help;
	const char *params; /* of the query string, by blanks; NULL: none */
	const struct api_form *form;
	enum api_answer answer;
	const struct api_row *row;
	int status;	/* of success */
	unsigned flags; /* API_TAGGED, ... */
	api_fn *run;	/* on a worker; of API_EVENTS: see stream.c */
};
#define API_ANYBODY ACCESS_RIGHTS /* as a right: whoever is known */
#define API_TAGGED 1u		  /* its answer has an ETag */
#define API_MATCHED 2u		  /* takes If-Match, If-None-Match */
#define API_KEYED 4u		  /* takes Idempotency-Key */
#define API_LOCATED 8u		  /* its answer has a Location */
#define API_CA 16u		  /* is done with the CA at hand */
#define API_TAKES_CSV 64u	  /* a body that is no form, and is needed */
#define API_TAKES_XML 128u
#define API_TOLD 32u /* is written down though it changes nothing here */

#define API_SEGMENTS 4
/* NULL behind the last. */
const struct api_route *api_route_at(size_t i);
/* The route of a path, its variable segments copied, given; NULL with a status
 * of 404, or 405 with the methods that there are. */
struct api_match {
	const struct api_route *route;
	char *segments[API_SEGMENTS];
	char allow[64];
};
int api_route_find(const char *method, const char *path, struct api_match *ret);
void api_match_clear(struct api_match *m);

/* --- parameters and body (input.c) --- */

/* By name; NULL. */
const struct api_field *api_param(const char *name);
#define API_PARAMS_MAX 16
struct api_given {
	const struct api_field *field;
	char *text;
	int64_t number;
};
struct http_arg;
/* Checked against the route; ERR_INVALID. */
int api_params_read(struct api_call *c, const struct http_arg *args,
    size_t count, struct err *err);
/* ERR_INVALID; c->status is 400 when it is no JSON. */
int api_body_read(
    struct api_call *c, const uint8_t *bytes, size_t len, struct err *err);

/* --- one request under way; on one thread at a time --- */
struct api_call {
	const struct api_route *route;
	struct api_match match;
	struct access_identity who;
	char actor[ACCESS_NAME + 8]; /* "api:NAME" */
	struct api_given params[API_PARAMS_MAX];
	size_t param_count;
	struct json_object *body; /* checked; NULL: none */
	/* Headers; NULL. */
	const char *if_match, *if_none_match, *accept, *key, *last_event;
	const uint8_t *bytes; /* the body as it came */
	size_t len;
	struct store *store;
	struct ca *ca; /* held; NULL: there is none */
	int64_t now;
	const char *version;
	const struct policy *policy; /* as in api_conf */
	int64_t parallel;
	const struct conf *conf;
	struct vault *vault;
	struct jobs *jobs;
	/* The answer: */
	int status; /* 0: as the route or the error says */
	struct buf text;
	FILE *out; /* into text */
	const char *type;
	char *location;
	char etag[72]; /* with quotes; "" */
	bool wake;     /* a run was made */
	int64_t job;   /* was added, to be begun; 0 */
	bool kept;     /* what came is an answer given before */
	/* of which rows are being written: */
	const struct record_kind *kind;
	struct record_kind *made; /* the same, given; or NULL */
	struct record row;
	size_t rows;
};

/* call.c: reading */
const char *api_text(const struct api_call *c, const char *param); /* NULL */
int64_t api_int(const struct api_call *c, const char *param, int64_t fallback);
/* A parameter as a time, *ret as it is without; ERR_INVALID with 400. */
int api_time(
    struct api_call *c, const char *param, int64_t *ret, struct err *err);
const char *api_body_text(const struct api_call *c, const char *name);
int64_t api_body_int(
    const struct api_call *c, const char *name, int64_t fallback);
bool api_body_bool(const struct api_call *c, const char *name, bool fallback);
/* Of API_TEXTS: how many, and each. */
size_t api_body_count(const struct api_call *c, const char *name);
const char *api_body_at(const struct api_call *c, const char *name, size_t i);
bool api_body_has(const struct api_call *c, const char *name);
/* Of API_SECRET: given; wiped where it came from. NULL: it was left out. */
struct secret;
struct secret *api_body_secret(struct api_call *c, const char *name);
/* A segment as a number; ERR_NOTFOUND. */
int api_number(
    const struct api_call *c, size_t segment, int64_t *ret, struct err *err);

/* The output of a zeroed call, and the end of all it owns. */
void api_call_open(struct api_call *c);
void api_call_close(struct api_call *c);

/* call.c: writing. Each row is made in c->row, by a function of records.h, or
 * cell by cell where nobody else shows it; then it is ended. */
void api_row_begin(struct api_call *c, const struct api_row *row);
void api_put_text(struct api_call *c, const char *text);
void api_put_int(struct api_call *c, int64_t number); /* times, bools too */
/* The row is written and cleared; -1 when the answer is too large. */
int api_row_end(struct api_call *c, struct err *err);
/* Before and behind the rows of a page; next may be NULL. */
void api_page_begin(struct api_call *c, const struct api_row *row);
void api_page_end(struct api_call *c, const char *next);
size_t api_limit(const struct api_call *c);

/* The rows of a page, as a scan meets them; one more than there is room for
 * tells that there is another page. */
struct api_page {
	struct api_call *c;
	size_t left;
	char *last; /* key of the last row on it */
	bool more;
};
struct api_page api_page_new(struct api_call *c);
/* Is the row of this key on it? */
bool api_page_takes(struct api_page *p, const char *key);
bool api_page_takes_id(struct api_page *p, int64_t id);
/* In a scan of all by name, of which the cursor is one: not those up to it. */
bool api_page_takes_name(struct api_page *p, const char *name);
/* After the scan, which returned rc: behind the rows. Returns rc. */
int api_page_close(struct api_page *p, int rc);
/* The cursor of a list by number, *ret as it is without; ERR_INVALID with 400.
 */
int api_cursor_id(struct api_call *c, int64_t *ret, struct err *err);
/* The ETag of what is written now. */
void api_tag(struct api_call *c);
/* Does If-Match have that tag, and If-None-Match not? ERR_CONFLICT with 412. */
int api_matches(struct api_call *c, struct err *err);
/* Forget what was written. */
void api_discard(struct api_call *c);
void api_locate(struct api_call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* An event of this caller about a device (NULL: none), {key: value}. */
struct device;
int api_event(struct api_call *c, const struct device *d, const char *kind,
    const char *key, const char *value, struct err *err);

/* The device of a segment by name, UUID or number; ERR_NOTFOUND. Given. */
int api_device(
    struct api_call *c, size_t segment, struct device **ret, struct err *err);
/* Those of a saved query's name or a condition, by number, above `after`, at
 * most so many; given. */
struct api_ids {
	int64_t *ids;
	size_t count;
};
int api_ids_by_query(struct api_call *c, const char *word, int64_t after,
    size_t limit, struct api_ids *ret, struct err *err);
/* Those that member "devices" of the body names. */
int api_ids_named(struct api_call *c, struct api_ids *ret, struct err *err);
/* Whom it is for, by the members of the body: one of devices, group, tag, query
 * or all; ERR_INVALID. ids are given, either way. */
struct api_aim {
	int target; /* enum task_target */
	int64_t id;
	const char *query;
	struct api_ids devices;
};
int api_aim(struct api_call *c, struct api_aim *ret, struct err *err);
/* The device that the parameter of this name is, by number; 0: none is given.
 */
int api_chosen_device(struct api_call *c, int64_t *ret, struct err *err);
/* A page of devices, chosen by the parameters, each written by write(). */
typedef int api_device_fn(
    struct api_call *c, const struct device *d, void *cookie, struct err *err);
int api_devices_page(struct api_call *c, const struct api_row *row,
    api_device_fn *write, void *cookie, struct err *err);
/* The pace of a run, by the members of the body, over what is there. */
struct task_policy;
int api_policy(
    const struct api_call *c, struct task_policy *p, struct err *err);
/* Of API_CA: is it there? ERR_STORAGE. */
int api_need_ca(const struct api_call *c, struct err *err);
/* An event as a row. */
struct store_event;
int api_event_write(
    struct api_call *c, const struct store_event *e, struct err *err);
/* A run as an answer. */
int api_run_row(struct api_call *c, int64_t id, struct err *err);
/* The same of one just made: where it is, and somebody is to begin it. */
int api_run_made(struct api_call *c, int64_t id, struct err *err);

/* Server tasks as this caller may order them. */
struct server_order;
struct server_order api_server_order(const struct api_call *c);

/* work.c: all of a request but its HTTP, on a worker. c->status is set. */
void api_perform(struct api_call *c);
bool api_may(const struct api_route *r, const struct access_identity *who);

/* problem.c */
int api_status_of(const struct api_call *c, const struct err *err);
const char *api_phrase(int status);
void api_problem(
    int status, enum err_kind kind, const char *detail, struct buf *out);

/* --- objects (schema.c, res_*.c) --- */
extern const struct api_row api_device_row, api_query_row, api_task_row,
    api_assignment_row, api_run_answer, api_item_row, api_message_row,
    api_event_row, api_tag_row, api_group_row, api_user_row, api_preview_row,
    api_version_row, api_tagged_row, api_self_row, api_cert_row, api_server_row,
    api_action_row, api_check_row, api_kind_row, api_flow_row, api_imported_row,
    api_finding_row, api_plan_row, api_type_row, api_intent_row, api_purged_row,
    api_column_row, api_operator_row, api_upstream_row, api_issuer_row,
    api_health_row, api_blocked_row, api_blocking_row, api_template_row,
    api_problem_row, api_bridge_row, api_pending_row, api_place_row,
    api_letter_row, api_letters_row, api_set_row, api_token_row,
    api_new_token_row, api_job_row, api_line_row, api_imported_query_row;
extern const struct api_form api_device_form, api_device_change, api_maintain,
    api_query_form, api_query_ask, api_task_form, api_task_change, api_run_form,
    api_assign_form, api_assign_change, api_state_form, api_tag_form,
    api_tagging, api_revocation, api_user_form, api_user_change,
    api_server_form, api_server_change, api_server_check, api_server_file,
    api_check_form, api_work_form, api_purge_form, api_token_form,
    api_letters_form, api_block_form, api_trust_form, api_audit_form,
    api_mail_form;

api_fn api_devices_list, api_devices_add, api_devices_get, api_devices_change,
    api_devices_import, api_devices_remove, api_devices_look,
    api_devices_maintain;
api_fn api_queries_import, api_queries_list, api_queries_get, api_queries_put,
    api_queries_remove, api_queries_run, api_queries_ask;
api_fn api_tasks_list, api_tasks_add, api_tasks_get, api_tasks_change,
    api_tasks_remove, api_tasks_run;
api_fn api_assignments_list, api_assignments_add, api_assignments_get,
    api_assignments_change, api_assignments_remove, api_assignments_run;
api_fn api_runs_list, api_runs_get, api_runs_items, api_runs_messages,
    api_runs_pause, api_runs_resume, api_runs_abort;
api_fn api_servers_list, api_servers_get, api_servers_add, api_servers_change,
    api_servers_remove, api_servers_run, api_servers_runs, api_servers_flow,
    api_servers_check, api_servers_kinds, api_servers_import,
    api_servers_export, api_runs_actions;
api_fn api_findings_list, api_plan_list, api_types_list, api_runs_add,
    api_runs_purge, api_journal_open, api_journal_ended;
api_fn api_places_list, api_letters_list, api_letters_again, api_letters_drop;
api_fn api_sets_list, api_tokens_list, api_tokens_add, api_tokens_remove;
api_fn api_tags_list, api_tags_add, api_tags_remove, api_tags_apply,
    api_tags_clear, api_tags_exclude, api_groups_list, api_events_list;
api_fn api_devices_trust, api_columns_list, api_operators_list,
    api_upstreams_list;
api_fn api_certs_list, api_certs_get, api_certs_pem, api_certs_revoke;
api_fn api_issuers_list, api_ca_chain, api_ca_crl, api_ca_health,
    api_blocks_list, api_blocks_add, api_blocks_remove, api_templates_list,
    api_templates_check, api_bridges_list, api_pending_list, api_pending_hasten;
api_fn api_users_add, api_users_change, api_users_remove;
api_fn api_jobs_list, api_jobs_get, api_jobs_rows, api_jobs_remove,
    api_events_verify, api_directory_audit, api_krb_status, api_bridges_test,
    api_upstreams_test, api_places_test, api_mail_test;
api_fn api_users_list, api_users_get, api_schedules_preview,
    api_schedules_check, api_version_get, api_self_get;
#endif
