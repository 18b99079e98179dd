/* The engine's words for the domain's KDC. */
#include <stdlib.h>

#include "buf.h"
#include "errand.h"
#include "krb.h"
#include "mem.h"
#include "secret.h"

#define TOKEN_MAX 65536 /* base64; a PAC of many groups */
#define TIME_SAMPLES 4

struct port_proof {
	struct krb_proof *krb;
};

/* One call of any kind. */
struct kdc_errand {
	struct errand base;
	char *name; /* account, service or the device's answer; may be NULL */
	struct secret *password;
	struct krb_proof *proof; /* made here, or borrowed */

	struct buf text; /* what came of it */
	int64_t number;

	int64_t *ret_number;
	char **ret_text;
	struct buf *ret_bytes;
	struct port_proof **ret_proof;
};

static struct kdc_errand *
of(void *errand)
{
	return errand;
}

static void
kdc_free(struct errand *base)
{
	struct kdc_errand *e = of(base);

	free(e->name);
	secret_free(e->password);
	buf_free(&e->text);
	free(e);
}

static struct kdc_errand *
kdc_errand(desk_fn *call, const char *name)
{
	struct kdc_errand *e = mem_alloc(sizeof(*e));

	e->base.need = DESK_KDC;
	e->base.call = call;
	e->base.free = kdc_free;
	e->name = mem_dup(name);
	buf_init(&e->text, TOKEN_MAX);
	return e;
}

static void
give_number(struct errand *base)
{
	struct kdc_errand *e = of(base);

	*e->ret_number = e->number;
}

static void
give_bytes(struct errand *base)
{
	struct kdc_errand *e = of(base);

	buf_str(e->ret_bytes, buf_text(&e->text));
}

/* --- the clock --- */

static int
call_time(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct kdc_errand *e = cookie;
	int64_t error_ms;

	(void)directory;
	return krb_time(krb, TIME_SAMPLES, &e->number, &error_ms, err);
}

static void
look_time(void *self, int64_t *ret_offset_ms, port_done_fn *done, void *cookie)
{
	struct kdc_errand *e = kdc_errand(call_time, NULL);

	e->ret_number = ret_offset_ms;
	e->base.give = give_number;
	errand_send(self, &e->base, done, cookie);
}

/* --- passwords and salts --- */

static int
call_check(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct kdc_errand *e = cookie;

	(void)directory;
	return krb_password_check(krb, e->name, e->password, err);
}

static void
check_password(void *self, const char *account, const char *dc,
    const struct secret *password, port_done_fn *done, void *cookie)
{
	struct kdc_errand *e = kdc_errand(call_check, account);

	e->base.dc = mem_dup(dc);
	e->password = secret_copy(password);
	errand_send(self, &e->base, done, cookie);
}

static int
call_salt(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct kdc_errand *e = cookie;

	(void)directory;
	return krb_salt(krb, e->name, &e->text, &e->number, err);
}

static void
give_salt(struct errand *base)
{
	struct kdc_errand *e = of(base);

	mem_replace(e->ret_text, buf_text(&e->text));
	*e->ret_number = e->number;
}

static void
look_salt(void *self, const char *account, const char *dc, char **ret_salt,
    int64_t *ret_iterations, port_done_fn *done, void *cookie)
{
	struct kdc_errand *e = kdc_errand(call_salt, account);

	e->base.dc = mem_dup(dc);
	e->ret_text = ret_salt;
	e->ret_number = ret_iterations;
	e->base.give = give_salt;
	errand_send(self, &e->base, done, cookie);
}

/* --- tickets --- */

static int
call_token(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct kdc_errand *e = cookie;

	(void)directory;
	return krb_token(krb, e->name, &e->text, &e->proof, err);
}

static void
give_token(struct errand *base)
{
	struct kdc_errand *e = of(base);

	give_bytes(base);
	*e->ret_proof = mem_alloc(sizeof(**e->ret_proof));
	(*e->ret_proof)->krb = e->proof;
}

static void
token(void *self, const char *spn, const char *dc, struct buf *ret_token,
    struct port_proof **ret_proof, port_done_fn *done, void *cookie)
{
	struct kdc_errand *e = kdc_errand(call_token, spn);

	e->base.dc = mem_dup(dc);
	e->ret_bytes = ret_token;
	e->ret_proof = ret_proof;
	e->base.give = give_token;
	errand_send(self, &e->base, done, cookie);
}

static int
call_decoy(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct kdc_errand *e = cookie;

	(void)directory;
	return krb_decoy(krb, e->name, &e->text, err);
}

static void
decoy(void *self, const char *spn, struct buf *ret_token, port_done_fn *done,
    void *cookie)
{
	struct kdc_errand *e = kdc_errand(call_decoy, spn);

	e->ret_bytes = ret_token;
	e->base.give = give_bytes;
	errand_send(self, &e->base, done, cookie);
}

static int
call_verify(
    void *cookie, struct krb *krb, struct directory *directory, struct err *err)
{
	struct kdc_errand *e = cookie;

	(void)krb;
	(void)directory;
	return krb_proof_verify(e->proof, e->name, err);
}

static void
verify(void *self, struct port_proof *proof, const char *answer,
    port_done_fn *done, void *cookie)
{
	struct kdc_errand *e = kdc_errand(call_verify, answer);

	e->base.need = DESK_NONE;
	e->proof = proof->krb;
	errand_send(self, &e->base, done, cookie);
}

static void
proof_free(void *self, struct port_proof *proof)
{
	(void)self;
	if (proof == NULL)
		return;
	krb_proof_free(proof->krb);
	free(proof);
}

void
port_kdc_fill(struct port_kdc *port, struct errands *q)
{
	*port = (struct port_kdc){
	    .self = q,
	    .look_time = look_time,
	    .check_password = check_password,
	    .look_salt = look_salt,
	    .token = token,
	    .verify = verify,
	    .decoy = decoy,
	    .proof_free = proof_free,
	};
}
