#ifndef STEP_INTERNAL_H_
#define STEP_INTERNAL_H_
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "ports.h"

struct json_object;
struct run;
struct step;

#define STEP_DER_MAX 8192 /* a certificate; AMT takes 4100 bytes */

/* What looking at the world found. */
enum seen {
	SEEN_APPLIED,
	SEEN_NOT_APPLIED,
	SEEN_CANNOT_TELL,
	/* One of two credentials was refused, and a run sends no second one:
	 * the next run's turn. */
	SEEN_REFUSED_ONE,
	/* What was ours to do is done and on record elsewhere under a key that
	 * this step will use again; the rest is another's decision, and not for
	 * this run. The record says when to ask. */
	SEEN_WAITING
};

/*
 * One kind of effect on the outside world: a row of the step table.  Each of
 * the calls ends in exactly one step_*() call below, from the loop or at once.
 * A crash may come after any line: observe() must find out what happened from
 * the intent (args, secret) and the world alone, and act() may run twice.
 */
struct step_kind {
	const char *name;
	/* How long after act() the world may stay unclear before the step is
	 * parked, milliseconds. */
	int64_t patience_ms;
	/* Its failure does not end the run, which is a failed one all the same:
	 * no step of another kind depends on it, but for the next one. */
	bool soft;
	/* Of the AD object and the key made from it, each building on the one
	 * before: once one has failed the rest is for the next run. */
	bool directory;
	bool authority; /* made at the CA of the profile's TLS template */
	/* Parts of the device (enum port_part) that are other ones after act();
	 * the last look of a run reads them again. */
	unsigned touches;
	/* Fill step->args and step->secret; changes nothing anywhere. Ends in
	 * step_prepared(). NULL: nothing to prepare. */
	void (*prepare)(struct step *step);
	/* Make the change; its intent is durable. Ends in step_acted(). */
	void (*act)(struct step *step);
	/* Find out, without changing anything, whether it is so. Ends in
	 * step_seen(). */
	void (*observe)(struct step *step);
	/* It was seen: update the record, which is committed together with the
	 * settlement. */
	void (*settled)(struct step *step);
};

struct step {
	struct run *run;
	const struct step_kind *kind;
	int64_t intent;
	int64_t attempts;
	struct json_object *args; /* no secrets */
	struct secret *secret;	  /* candidate, or NULL */
	struct secret *borrowed;  /* a stored one, while a call needs it */
	bool skip;		  /* prepare(): nothing to do after all */
	struct err act_err; /* how act() ended; ERR_UNKNOWN from the journal */
	int64_t first_seen_ms;	 /* when this process began to observe */
	int64_t opened_at;	 /* the intent */
	int64_t spread_since_ms; /* since when other controllers are waited for
				  */
	/* observe(): the controller that would know does not answer, and others
	 * are asked. */
	bool elsewhere;

	/* Room for what calls in flight return. */
	port_done_fn *then; /* who waits for it, where one call is two */
	struct port_pki pki;
	size_t cert_at, key_at; /* places in it, while it is gone through */
	struct port_issued issued;
	struct port_proof *proof; /* given; a ticket being shown */
	struct buf bytes;
	char *text;
	char leaf[65];
	int64_t number;
	bool flag;
};

const struct step_kind *step_kind_find(const char *name);
/* Position in the order in which every plan runs them. */
size_t step_kind_order(const struct step_kind *kind);

void step_init(
    struct step *step, struct run *run, const struct step_kind *kind);
void step_clear(struct step *step);
/* Args; NULL and 0 when missing. */
const char *step_arg(const struct step *step, const char *name);
int64_t step_arg_int(const struct step *step, const char *name);
void step_arg_set(struct step *step, const char *name, const char *value);
void step_arg_set_int(struct step *step, const char *name, int64_t value);
/* A list of texts; one that was never added to is empty. */
void step_arg_add(struct step *step, const char *list, const char *value);
bool step_arg_has(const struct step *step, const char *list, const char *value);
/* The i-th; NULL past the last. */
const char *step_arg_at(const struct step *step, const char *list, size_t i);

const struct ports *step_ports(const struct step *step);
const struct profile *step_profile(const struct step *step);
/* What kinds ask of the device: the port, and a read of some of its parts (enum
 * port_part) into the record. */
const struct port_device *step_device(const struct step *step);
void step_look(struct step *step, unsigned parts, port_done_fn *then);
/* What a key is called in args: a hash of its public part (base64). */
void step_key_hash(const char *spki, char out[65]);
/* Its stores (enum port_store) into step->pki. */
void step_look_pki(struct step *step, unsigned parts, port_done_fn *then);

/* Delete from its stores what lists "certs" (SHA-256) and "keys" (hash) name:
 * act() and observe() (step_remove.c). */
void step_delete_act(struct step *step);
void step_delete_observe(struct step *step);

/* The AD account into argument "account", and a read of its object into the
 * record. */
void step_arg_account(struct step *step);
void step_look_object(struct step *step, port_done_fn *then);
/* After that: was it LDAP that said what the object is? Else *err says that
 * none answers, and it cannot be told. */
bool step_object_read(const struct step *step, struct err *err);

/*
 * A step that writes to AD stays with one domain controller from prepare() to
 * its end, over restarts too: others know what it wrote only after replication.
 *
 *   asked there --> it is so; it is not
 *       |
 *    no answer --> asked elsewhere --> it is so
 *                        |
 *                  it is not --> cannot tell, until replication had its time
 */
/* One that answers, into argument "dc". */
void step_pick_controller(struct step *step, port_done_fn *then);
/* The one to ask now; NULL: any. */
const char *step_controller(const struct step *step);
/* Was that no answer, and is there another to ask? Then so from now on, and
 * observe() is to ask again. */
bool step_turns_elsewhere(struct step *step, const struct err *err);
/* An end of observe(): not so, as far as who was asked knows. */
void step_seen_missing(struct step *step, const struct err *err);
/* The record's word that AD was changed, in the settlement's transaction. */
void step_changed_object(struct step *step);

/* --- proof.c --- */
/* Can the device be asked to prove its key? Only one whose ACL lets our own
 * account in can. */
bool step_can_prove(const struct step *step);
/* Let it prove that it holds the key of its AD object: an end of observe(). */
void step_prove(struct step *step);

/* --- spread.c --- */
/* An end of observe(): it is so, once other controllers know the new password
 * too, or were waited for long enough. */
void step_spread(struct step *step);

/* How the calls of a kind end. */
void step_prepared(struct step *step, const struct err *err);
void step_acted(struct step *step, const struct err *err);
/* err says why it cannot be told, is not so (never ERR_DENIED: that is about
 * our credentials), the refusal, or what is waited for; NULL else. */
void step_seen(struct step *step, enum seen seen, const struct err *err);
/* The common end of an observe(): err, else whether it holds. */
void step_seen_if(struct step *step, const struct err *err, bool holds);
/* Port callbacks that do just that; cookie is the step. */
void step_prepared_port(void *cookie, const struct err *err);
void step_acted_port(void *cookie, const struct err *err);
/* Call observe() again in a moment, from inside observe(). */
void step_pause(struct step *step, int64_t ms, void (*then)(struct step *step));

/* The kinds, by file. */
extern const struct step_kind step_clock_set, step_names_set, step_ad_move,
    step_ad_object, step_ad_password, step_kerberos_set, step_acl_set,
    step_certificate_clean, step_key_generate, step_certificate_issue,
    step_certificate_add, step_tls_switch, step_certificate_remove,
    step_certificate_revoke, step_root_add, step_root_remove,
    step_admin_password, step_ip_set;
#endif
