#ifndef ACCESS_H_
#define ACCESS_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct access;
struct err;
struct loop;
struct secret;
struct store;
struct vault;

/*
 * Who may do what from outside, over whatever interface.  A user has permission
 * sets, a set is a list of rights, and every command names the one it needs.
 * Users come with a password (HTTP Basic), a token (Bearer), a session's cookie
 * or a client certificate.  Users are made by access_user.h.
 *
 * Lives on the loop; passwords are judged one after the other on a worker.
 */

/* One table (rights.c) has their names: "device.read". */
enum access_right {
	ACCESS_DEVICE_READ,
	ACCESS_DEVICE_WRITE,
	ACCESS_QUERY_RUN,
	ACCESS_QUERY_WRITE,
	ACCESS_TAG_WRITE,
	ACCESS_TASK_READ,
	ACCESS_TASK_WRITE,
	ACCESS_TASK_RUN,
	ACCESS_RUN_READ,
	ACCESS_RUN_CONTROL,
	ACCESS_RUN_PURGE,
	ACCESS_SCHEDULE_READ,
	ACCESS_SCHEDULE_WRITE,
	ACCESS_EVENT_READ,
	ACCESS_REPORT_WRITE, /* files in report.folder */
	ACCESS_MESSAGE_SEND, /* mail, and to places under "forward" */
	ACCESS_CA_READ,
	ACCESS_CA_ADMIN,
	ACCESS_USER_READ,
	ACCESS_USER_ADMIN,
	ACCESS_METRICS_READ,
	ACCESS_RIGHTS /* how many */
};
#define ACCESS_BIT(right) (UINT64_C(1) << (right))
#define ACCESS_ALL (ACCESS_BIT(ACCESS_RIGHTS) - 1)
const char *access_right_name(enum access_right right);
/* Those of a set of bits by comma; given. */
char *access_rights_text(uint64_t rights);

/* A permission set that comes with the program; by index, NULL after the last.
 */
struct access_set {
	const char
	    *name; /* "administrator", "operator", "auditor", "monitor" */
	const char *help;
	uint64_t rights; /* a bit each */
};
const struct access_set *access_set(size_t index);
/* The rights of sets by comma. ERR_INVALID names the one that is none. */
int access_set_rights(const char *sets, uint64_t *ret_rights, struct err *err);

/* --- who is it? --- */
#define ACCESS_NAME 256
enum access_means {
	ACCESS_PASSWORD,
	ACCESS_TOKEN,
	ACCESS_SESSION,
	ACCESS_CERTIFICATE
};
struct access_identity {
	int64_t user;
	char name[ACCESS_NAME];
	uint64_t rights;
	enum access_means means;
	int64_t key; /* of the token or session; 0 */
};
bool access_may(const struct access_identity *who, enum access_right right);

/* What a request came with; all borrowed for the call. */
struct access_proof {
	const char *peer;	   /* the client's address */
	const char *authorization; /* that header; NULL */
	const char *cookie;	   /* likewise */
	/* A verified certificate's names: "subject:CN=...", "upn:..."; NULL */
	const char *const *names;
	size_t name_count;
};

enum access_verdict {
	ACCESS_GRANTED,
	ACCESS_ABSENT,	   /* nothing was shown: ask for it (401) */
	ACCESS_REFUSED,	   /* what was shown is not good (401) */
	ACCESS_TOO_OFTEN,  /* from this address, or for this user (429) */
	ACCESS_UNAVAILABLE /* too many at once, or no store (503) */
};
struct access_result {
	enum access_verdict verdict;
	struct access_identity who; /* when granted */
	unsigned retry_after;	    /* seconds; 0: no matter */
};
typedef void access_done_fn(void *cookie, const struct access_result *result);

/* Named limits. A password is judged at most so often per address: */
#define ACCESS_TRIES 10	     /* at once, */
#define ACCESS_TRY_EVERY_S 6 /* then one in; a right one does not count */
/* A name is locked after so many wrong passwords in a row, whether or not there
 * is such a user: for LOCK_S, doubled with each further one up to LOCK_MAX_S.
 */
#define ACCESS_FAILURES 5
#define ACCESS_LOCK_S 30
#define ACCESS_LOCK_MAX_S 3600
#define ACCESS_WAITING_MAX 32 /* passwords that wait to be judged */
#define ACCESS_SESSION_IDLE_S 1800
#define ACCESS_SESSION_S 43200
#define ACCESS_PASSWORD_MIN 12
#define ACCESS_PASSWORD_MAX 1024

struct access_conf {
	struct loop *loop;    /* borrowed, as all here */
	struct store *store;  /* read on the loop */
	const char *database; /* opened once more, for the worker */
	struct vault *vault;
	int64_t rate; /* requests a second from one address, and of one user;
			 0: any number */
};
int access_new(
    const struct access_conf *conf, struct access **ret, struct err *err);
/* done() exactly once, from the loop, never from inside. */
void access_login(struct access *a, const struct access_proof *proof,
    access_done_fn *done, void *cookie);
/* Begin nothing more: all that wait get ACCESS_UNAVAILABLE. done() once nothing
 * is under way. */
void access_stop(struct access *a, void (*done)(void *cookie), void *cookie);
void access_free(struct access *a); /* after that; NULL is allowed */

/* --- sessions: a browser's, or who wants to log in once --- */
/* token is NULL when there is none: err says why. */
typedef void access_session_fn(
    void *cookie, const char *token, const struct err *err);
#define ACCESS_COOKIE "amtkeeper_session"
void access_session_begin(struct access *a, const struct access_identity *who,
    const char *peer, access_session_fn *done, void *cookie);
/* The one that who came by. */
void access_session_end(struct access *a, const struct access_identity *who);

/* What proves that a request was meant: browsers send cookies and passwords
 * with requests of other pages too, but not this. Bound to user and session;
 * ePO's orion.user.security.token. */
#define ACCESS_SECURITY 65
void access_security(const struct access *a, const struct access_identity *who,
    char out[ACCESS_SECURITY]);
bool access_security_good(const struct access *a,
    const struct access_identity *who, const char *token);
#endif
