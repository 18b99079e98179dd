#ifndef ACTION_H_
#define ACTION_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server_task.h"

struct buf;
struct conf;
struct err;

/*
 * What a server task is made of: a tree of actions, parents first, each given
 * the rows (devices) of the one above it.  As people write it, in YAML or JSON:
 *
 *   - run-query: {query: AMT communication errors}
 *     then:
 *       - run-client-task: {task: Repair renamed systems}
 *         on-failure: continue
 *       - apply-tag: {tag: repaired}
 *
 * An action that fails stops the task, unless it says "on-failure: continue";
 * what hangs on it is left out either way.
 *
 * What a kill in the middle means, action by action:
 *   run-query        its rows are kept with its end; else it is asked again
 *   apply-tag, clear-tag
 *                    in pieces, each with how far it has come: once
 *   run-client-task, enforce-profile
 *                    the run is made together with the note of it: once, and
 *                    waited for
 *   export-report    the old file or the new one, never a part; may be written
 *                    twice, to the same name
 *   send-email       at most once: one that was being sent then is not sent
 *                    again, and counts as failed.  What certainly did not leave
 *                    is tried again
 *   webhook          at least once, under one webhook-id
 *   purge-log        in pieces; what is gone is gone once
 */
enum action_kind {
	ACTION_QUERY,
	ACTION_APPLY_TAG,
	ACTION_CLEAR_TAG,
	ACTION_TASK,
	ACTION_PROFILE,
	ACTION_EXPORT,
	ACTION_MAIL,
	ACTION_WEBHOOK,
	ACTION_PURGE,
	ACTION_NOTHING, /* holds others together */
	ACTION_FOREIGN, /* a command of ePO that is kept, and cannot be run */
	ACTION_KINDS
};
const char *action_kind_name(enum action_kind kind);
const char *action_kind_help(enum action_kind kind);
/* -1: none. */
int action_kind_find(const char *name);
/* What who orders it has to be allowed, a bit each as in access.h. */
uint64_t action_rights(const struct server_action *a);

#define ACTION_DEPTH_MAX 8
#define ACTION_TEXT_MAX 4096 /* of one setting */
#define ACTION_PURGE_MIN (INT64_C(7) * 86400)

struct action_tree {
	struct server_action *actions; /* at, parent, kind, settings */
	size_t count;
};
void action_tree_free(struct action_tree *t); /* a zeroed one is allowed */
/* A list as above, in JSON; values may all be texts. ERR_INVALID, ERR_LIMIT:
 * which action, and what would do. */
int action_tree_parse(
    const char *json, struct action_tree *ret, struct err *err);
/* The same, in the one way it is kept; appended. */
void action_tree_write(const struct action_tree *t, struct buf *out);

/* A setting as text (given) or number; NULL, fallback: not set. */
char *action_text(const struct server_action *a, const char *name);
int64_t action_number(
    const struct server_action *a, const char *name, int64_t fallback);
/* Does the task go on when it fails? */
bool action_goes_on(const struct server_action *a);
/* Does it find in the configuration what it needs?  ERR_INVALID: what is not
 * there. */
int action_lacks(
    const struct server_action *a, const struct conf *conf, struct err *err);
/* For people: "apply-tag repaired"; given. */
char *action_words(const struct server_action *a);
/* The same of a whole task's actions, parted by "; ", those that cannot be run
 * with a mark; appended. None when they cannot be read. */
void action_tree_words(const char *json, struct buf *out);
/* Of actions[at]: the nearest one above of this kind; -1. */
int64_t action_above(
    const struct server_action *actions, int64_t at, enum action_kind kind);
#endif
