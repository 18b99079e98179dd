#ifndef DESK_H_
#define DESK_H_
#include <stdbool.h>

struct conf;
struct directory;
struct err;
struct krb;

/*
 * Connections to the domain, one set per worker: a desk serves one job at a
 * time.  All desks of an office use the same domain controller, because the
 * steps of one device must meet what the step before wrote, and others know it
 * only after replication.  It is changed when it does not answer, except for
 * jobs that name the one they mean.
 */
struct office;
struct desk;

/* What a job needs; DESK_NONE is for jobs that come to no desk. */
enum desk_need { DESK_NONE, DESK_KDC, DESK_DIRECTORY };

/* conf is borrowed. No I/O. */
struct office *office_new(const struct conf *conf);
void office_free(struct office *office); /* after its desks */
const struct conf *office_conf(const struct office *office);
/* Is it too early to ask this controller (NULL: the one in use) for this again?
 * Then *err is why. Any thread. */
bool office_pauses(struct office *office, enum desk_need need, const char *dc,
    struct err *err);
/* It does not answer: nobody waits for it again in the next moment, but over
 * Kerberos where it was LDAP alone that failed. Any thread. */
void office_avoid(
    struct office *office, const char *controller, const struct err *failure);

/* What desks are made of, for those who ask each controller once; on a worker.
 * The controllers: the configured one, or those that the DNS names, best first,
 * separated by blanks; given. */
int desk_controllers(
    const struct conf *conf, char **ret_names, struct err *err);
/* Those that the DNS names, whatever is configured. */
int desk_others(const struct conf *conf, char **ret_names, struct err *err);
/* keytab NULL: for what needs no login. */
int desk_open_krb(const struct conf *conf, const char *controller,
    const char *keytab, struct krb **ret_krb, struct err *err);
/* Logs krb in, unless LDAP has a password of its own. */
int desk_open_directory(const struct conf *conf, const char *controller,
    struct krb *krb, struct directory **ret_directory, struct err *err);

/* Tickets of conf->principal for services that are none of the domain's own; no
 * I/O until the first.  A ca_bridge_ticket_fn, tickets for its cookie. */
struct buf;
struct desk_tickets;
struct desk_tickets *desk_tickets_new(const struct conf *conf);
void desk_tickets_free(struct desk_tickets *t); /* NULL is allowed */
int desk_ticket(void *tickets, const char *spn, const struct buf *binding,
    struct buf *ret_token, struct err *err);

struct desk *desk_new(struct office *office);
void desk_free(struct desk *desk); /* NULL is allowed */

/* What a job does; for DESK_KDC, directory is NULL. */
typedef int desk_fn(void *cookie, struct krb *krb, struct directory *directory,
    struct err *err);

struct desk_job {
	enum desk_need need;
	const char *dc;	 /* the controller to ask; NULL: the office's */
	bool or_another; /* the office's, when that one does not answer */
	bool instead;	 /* of one that LDAP failed: whom it does not reach is
			  * not avoided for that, and LDAP's failure stays */
	desk_fn *fn;
	void *cookie;
};
/* Do it, on a worker, connecting first where that is needed. Done again once,
 * with another controller if there is one and the job names none, when
 * certainly nothing happened (ERR_UNREACHABLE). After a failure to connect all
 * desks fail at once with the same error for some seconds, for that controller
 * or, when the job named none, for all; after a refused login for a quarter of
 * an hour. */
int desk_work(struct desk *desk, const struct desk_job *job, struct err *err);
#endif
