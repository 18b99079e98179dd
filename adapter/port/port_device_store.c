#include <string.h>

#include "buf.h"
#include "err.h"
#include "mem.h"
#include "port_device_internal.h"
#include "str.h"

/* What the device's key and certificate stores hold. */

#define MAX_BASE64 ((size_t)32 * 1024)

static char *
base64(const uint8_t *bytes, size_t len)
{
	struct buf b;
	char *text;

	buf_init(&b, MAX_BASE64);
	str_base64(&b, bytes, len);
	text = mem_dup(buf_text(&b));
	buf_free(&b);
	return text;
}

static int
copy_certs(struct device_port *port, const struct amt_pki *from,
    struct port_pki *to, struct err *err)
{
	struct cert_facts facts;
	struct port_cert *c;
	size_t i;

	to->certs = mem_array(from->cert_count + 1, sizeof(*to->certs));
	for (i = 0; i < from->cert_count; i++) {
		memset(&facts, 0, sizeof(facts));
		if (cert_describe(port, from->certs[i].der,
			from->certs[i].der_len, NULL, &facts, err) != 0)
			return -1;
		c = &to->certs[to->cert_count++];
		memcpy(c->handle, from->certs[i].handle, sizeof(c->handle));
		c->der = base64(from->certs[i].der, from->certs[i].der_len);
		c->sha256 = mem_dup(facts.sha256);
		c->serial = mem_dup(facts.serial);
		c->ours = facts.ours;
		c->read_only = from->certs[i].read_only;
		c->trusted_root = from->certs[i].trusted_root;
		cert_facts_clear(&facts);
	}
	return 0;
}

static bool
has_cert(const struct amt_pki *pki, const char *key_handle)
{
	size_t i;

	for (i = 0; i < pki->cert_count; i++)
		if (str_eq(amt_pki_key_of(pki, &pki->certs[i]), key_handle))
			return true;
	return false;
}

/* Keys of other kinds than RSA are not ours to look after. */
static int
copy_keys(const struct amt_pki *from, struct port_pki *to, struct err *err)
{
	const struct amt_key *key;
	struct port_key *k;
	size_t i;

	to->keys = mem_array(from->key_count + 1, sizeof(*to->keys));
	for (i = 0; i < from->key_count; i++) {
		key = &from->keys[i];
		if (key->pending)
			return err_set(
			    err, ERR_LIMIT, "device is still generating a key");
		if (key->spki == NULL)
			continue;
		k = &to->keys[to->key_count++];
		memcpy(k->handle, key->handle, sizeof(k->handle));
		k->spki = base64(key->spki, key->spki_len);
		k->in_use = has_cert(from, key->handle);
	}
	return 0;
}

static void
on_pki(void *cookie, const struct err *err)
{
	struct visit *v = cookie;
	const struct amt_pki *got = v->job.state;
	struct port_pki pki = {0};
	struct err own = *err;

	if (own.kind == ERR_NONE && copy_certs(v->port, got, &pki, &own) == 0 &&
	    copy_keys(got, &pki, &own) == 0) {
		memcpy(pki.tls_cert, got->tls_cert, sizeof(pki.tls_cert));
		*v->job.args.ret_pki = pki;
	} else {
		port_pki_clear(&pki);
	}
	visit_end(v, &own);
}

static void
free_pki(void *state)
{
	amt_pki_clear(state);
}

static int
run_look_pki(struct visit *v, struct err *err)
{
	static const struct {
		unsigned port, amt;
	} words[] = {
	    {PORT_KEYS, AMT_PKI_KEYS},
	    {PORT_CERTS, AMT_PKI_CERTS},
	    {PORT_TLS_CERT, AMT_PKI_TLS_CERT},
	};
	struct amt *a = visit_session(v, err);
	unsigned parts = 0;
	struct amt_pki *got;
	size_t i;

	if (a == NULL)
		return -1;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((v->job.args.parts & words[i].port) != 0)
			parts |= words[i].amt;
	got = visit_state(v, sizeof(*got), free_pki);
	return amt_pki_read(a, parts, got, on_pki, v, err);
}

static void
look_pki(void *self, struct visit *v, unsigned parts, struct port_pki *ret,
    port_done_fn *done, void *cookie)
{
	(void)self;
	visit_start(v, run_look_pki,
	    &(struct job_args){.parts = parts, .ret_pki = ret}, done, cookie);
}

void
port_device_stores(struct port_device *port)
{
	port->look_pki = look_pki;
}
