#ifndef API_JOBS_INTERNAL_H_
#define API_JOBS_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access_identity;
struct err;
struct jobs;
struct loop;

/*
 * What takes its time, asked of other machines (a directory, another CA) or of
 * all of the store: done by this program as a process of its own, which has its
 * own connections, can be killed, and holds up no request.  Jobs are kept here,
 * for who began them and those that manage users, until a while after their
 * end; a restart forgets them.  Any thread may call what is below, but for
 * those that say otherwise.
 */
#define JOBS_MAX 16	/* kept at once: the oldest that ended goes first */
#define JOBS_USER 4	/* of these a user's that have not ended */
#define JOBS_PARALLEL 2 /* at work at once */
#define JOBS_KEEP_S 900 /* after the end */
#define JOBS_ROWS_MAX ((size_t)8 << 20) /* bytes of rows */
#define JOBS_SAID_MAX ((size_t)64 << 10)
#define JOBS_WORDS 12

struct jobs_conf { /* borrowed for its life */
	struct loop *loop;
	const char *conf_file; /* of the program's configuration */
};
int api_jobs_new(
    const struct jobs_conf *conf, struct jobs **ret, struct err *err);

/* On the loop: none is begun any more, and those at work are killed. True when
 * there is none, else done() is called from the loop. */
bool api_jobs_stop(struct jobs *j, void (*done)(void *cookie), void *cookie);
void api_jobs_free(struct jobs *j); /* after that; NULL is allowed */

/* A command of this program, and what it is about; copied. */
struct jobs_order {
	const char *kind;	       /* "directory-audit" */
	const char *subject;	       /* or NULL */
	const char *words[JOBS_WORDS]; /* "directory", "audit", "--ou", ... */
	const char *argument; /* behind them, whatever it is; or NULL */
	int64_t seconds;      /* then it is killed */
};
/* It waits for api_jobs_go(). ERR_LIMIT: there are too many. */
int api_jobs_add(struct jobs *j, const struct jobs_order *order,
    const struct access_identity *who, int64_t now, int64_t *ret_id,
    struct err *err);
void api_jobs_go(struct jobs *j, int64_t id); /* on the loop */

enum jobs_state { JOBS_WAITING, JOBS_RUNNING, JOBS_ENDED, JOBS_FAILED };
const char *api_jobs_state_name(enum jobs_state s);
/* As it is at the moment; texts are borrowed for the call. */
struct jobs_view {
	int64_t id;
	const char *kind, *subject, *owner;
	enum jobs_state state;
	int64_t created_at, started_at, ended_at;
	int64_t code; /* the command's exit code; -1: it has none */
	int64_t rows; /* -1: it wrote none */
	const char *said, *text;
	const char *json; /* its rows, an array; NULL */
};
typedef int jobs_fn(
    void *cookie, const struct jobs_view *view, struct err *err);
/* fn is called with the jobs locked: it asks for nothing here. ERR_NOTFOUND,
 * also when it is another's. */
int api_jobs_see(struct jobs *j, int64_t id, const struct access_identity *who,
    int64_t now, jobs_fn *fn, void *cookie, struct err *err);
/* All that this one may see, the oldest first. */
int api_jobs_scan(struct jobs *j, const struct access_identity *who,
    int64_t now, jobs_fn *fn, void *cookie, struct err *err);
/* One at work is killed, any other forgotten. ERR_NOTFOUND. */
int api_jobs_drop(struct jobs *j, int64_t id, const struct access_identity *who,
    struct err *err);
/* One that was just added is not to be. */
void api_jobs_undo(struct jobs *j, int64_t id);
#endif
