/* Keys and certificates of a device. */
#include "buf.h"
#include "conf.h"
#include "err.h"
#include "port_device_internal.h"
#include "str.h"

#define PT_DUPLICATE 2058

struct handle_state {
	char handle[AMT_HANDLE];
};

static int
run_key_generate(struct visit *v, struct err *err)
{
	const struct amt_keygen how = {.bits = v->job.args.bits,
	    .timeout_ms = (unsigned)(v->port->conf->keygen_timeout * 1000)};
	struct amt *a = visit_session(v, err);
	struct handle_state *s;

	if (a == NULL)
		return -1;
	s = visit_state(v, sizeof(*s), NULL);
	return amt_key_generate(a, &how, s->handle, visit_end, v, err);
}

static void
key_generate(
    void *self, struct visit *v, int64_t bits, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_key_generate, &(struct job_args){.bits = bits}, done,
	    cookie);
}

/* SHA-384 goes with the keys of firmware that demands both. */
#define SHA384_KEY_BITS 3072

static int
run_csr_make(struct visit *v, struct err *err)
{
	const struct port_csr *wish = &v->job.args.csr;
	const char *names[] = {
	    wish->subject.fqdn, wish->subject.short_name, NULL};
	struct amt *a = visit_session(v, err);
	struct amt_csr csr = {.key_handle = wish->key_handle,
	    .common_name = wish->subject.fqdn,
	    .dns_names = names,
	    .address = wish->subject.address};
	struct buf spki;
	int rc = -1;

	buf_init(&spki, MAX_DER);
	if (a == NULL)
		goto out;
	if (str_unbase64(&spki, wish->spki) != 0 || spki.over) {
		err_set(err, ERR_INVALID, "the key on record is no base64");
		goto out;
	}
	csr.spki = spki.data;
	csr.spki_len = spki.len;
	csr.hash_bits =
	    amt_spki_bits(spki.data, spki.len) < SHA384_KEY_BITS ? 256 : 384;
	rc = amt_csr_make(a, &csr, v->job.args.ret_bytes, visit_end, v, err);
out:
	buf_free(&spki);
	return rc;
}

static void
csr_make(void *self, struct visit *v, const struct port_csr *csr,
    struct buf *ret_der, port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_csr_make,
	    &(struct job_args){.csr = *csr, .ret_bytes = ret_der}, done,
	    cookie);
}

/* The same bytes are there already: what was wanted. */
static void
on_cert_add(void *cookie, const struct err *err)
{
	struct err own = *err;

	if (own.domain == ERR_PT && own.native == PT_DUPLICATE)
		err_clear(&own);
	visit_end(cookie, &own);
}

typedef int add_fn(struct amt *a, const struct buf *der,
    char ret_handle[AMT_HANDLE], amt_done_fn *done, void *cookie,
    struct err *err);

static int
run_add(struct visit *v, add_fn *add, struct err *err)
{
	struct amt *a = visit_session(v, err);
	struct handle_state *s;
	struct buf der;
	int rc = -1;

	buf_init(&der, MAX_DER);
	if (a == NULL)
		goto out;
	if (str_unbase64(&der, v->job.args.der) != 0 || der.over) {
		err_set(
		    err, ERR_INVALID, "the certificate on record is no base64");
		goto out;
	}
	s = visit_state(v, sizeof(*s), NULL);
	rc = add(a, &der, s->handle, on_cert_add, v, err);
out:
	buf_free(&der);
	return rc;
}

static int
run_cert_add(struct visit *v, struct err *err)
{
	return run_add(v, amt_cert_add, err);
}

static int
run_root_add(struct visit *v, struct err *err)
{
	return run_add(v, amt_root_add, err);
}

static void
cert_add(void *self, struct visit *v, const char *der, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_cert_add, &(struct job_args){.der = der}, done, cookie);
}

static void
root_add(void *self, struct visit *v, const char *der, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(
	    v, run_root_add, &(struct job_args){.der = der}, done, cookie);
}

/* Gone already: what was wanted. */
static void
on_delete(void *cookie, const struct err *err)
{
	struct err own = *err;

	if (own.kind == ERR_NOTFOUND)
		err_clear(&own);
	visit_end(cookie, &own);
}

static int
run_cert_delete(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);

	return a == NULL
	    ? -1
	    : amt_cert_delete(a, v->job.args.handle, on_delete, v, err);
}

static void
cert_delete(void *self, struct visit *v, const char *handle, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(v, run_cert_delete, &(struct job_args){.handle = handle},
	    done, cookie);
}

static int
run_key_delete(struct visit *v, struct err *err)
{
	struct amt *a = visit_session(v, err);

	return a == NULL
	    ? -1
	    : amt_key_delete(a, v->job.args.handle, on_delete, v, err);
}

static void
key_delete(void *self, struct visit *v, const char *handle, port_done_fn *done,
    void *cookie)
{
	(void)self;
	visit_start(v, run_key_delete, &(struct job_args){.handle = handle},
	    done, cookie);
}

void
port_device_keys(struct port_device *port)
{
	port->key_generate = key_generate;
	port->csr_make = csr_make;
	port->cert_add = cert_add;
	port->root_add = root_add;
	port->cert_delete = cert_delete;
	port->key_delete = key_delete;
}
