#ifndef EPO_SYNC_INTERNAL_H_
#define EPO_SYNC_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "epo_client.h"
#include "session_internal.h"
#include "upstream.h"
#include "upstream_push.h"

struct epo_rows;
struct json_object;
struct secret;

#define EPO_REMARKS_MAX 1000

/* Systems that get the same change. */
enum epo_change { EPO_TAG_ON, EPO_TAG_OFF, EPO_TEXT };
struct epo_item {
	int64_t link, remote;
};
struct epo_list {
	enum epo_change change;
	char *word; /* the tag, or the text */
	struct epo_item *items;
	size_t count, room;
	size_t done;
	size_t batch;	 /* so many at once */
	size_t refusals; /* of single systems */
};
#define EPO_LISTS_MAX 4096 /* different texts at once; the rest in the next */
#define EPO_REFUSALS_MAX 10

struct epo_sync {
	const struct epo_conf *conf;
	struct store *store;
	char *owner, *actor;
	struct upstream u;
	char *user;
	struct secret *password;
	struct epo_session *session;
	size_t phase;
	struct epo_report report;
	struct buf remarks;
	/* pull */
	char *condition;  /* of the saved query */
	int64_t query_id; /* it is run by this; 0: by its condition */
	bool old_path;
	/* push */
	bool planned;
	char *tags_there; /* names, by ", "; NULL: not known */
	struct epo_list *lists;
	size_t list_count, list_at;
	/* issues */
	struct epo_rows *rows;
	size_t row_at, issue_changes;
	struct json_object *issue_list; /* as the server has it; or NULL */
};

void epo_rows_free(struct epo_rows *r); /* issues.c; NULL is allowed */
void epo_issue_list_free(struct epo_sync *y);

/* Phases: one exchange, or nothing to do. *ret_again: not done yet. */
typedef int epo_phase_fn(struct epo_sync *y, bool *ret_again, struct err *err);
epo_phase_fn epo_phase_meet, epo_phase_find, epo_phase_pull, epo_phase_tags,
    epo_phase_push, epo_phase_issues;

/* What this server cannot do for us, once, for a person. */
void epo_remark(struct epo_sync *y, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- meet.c --- */

struct epo_identity {
	char *version, *unique_id; /* NULL: it does not say */
};
int epo_meet(struct epo_session *s, struct epo_identity *ret, struct err *err);
void epo_identity_clear(struct epo_identity *i);
/* The saved query of this name: its condition, in parentheses (given), or its
 * number when that cannot be used. ERR_NOTFOUND. */
int epo_find_query(struct epo_session *s, const char *name,
    char **ret_condition, int64_t *ret_id, struct err *err);
/* Names of all tags there, by ", "; given. */
int epo_find_tags(struct epo_session *s, char **ret_names, struct err *err);

/* --- plan.c: what should be there; pure --- */

/* Is one of the codes (by blanks) in the reasons (by commas), or the last
 * error's? */
bool epo_has_code(const struct upstream_published *p, const char *codes);
/* What the custom field should say; out has EPO_SHOWN_MAX. */
#define EPO_SHOWN_MAX 250
void epo_shown(const struct upstream_published *p, char out[EPO_SHOWN_MAX]);
/* The difference to what is there, into the lists. A tag that the server has
 * not is left out, and remarked. */
void epo_plan(struct epo_sync *y, const struct upstream_published *p);
void epo_lists_free(struct epo_sync *y);
#endif
