#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "ca.h"
#include "conf.h"
#include "daemon.h"
#include "device.h"
#include "engine.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "net.h"
#include "secret.h"
#include "str.h"
#include "wsman.h"

#define FQDN_SIZE 256
#define SHA256_SIZE 32
#define CERT_MAX 8192
#define PEM_MAX ((size_t)512 * 1024)

struct call {
	struct daemon *d;
	struct engine_hold *hold;
	const struct device *device;
	size_t place;  /* next one to look it up under */
	char *address; /* the first that resolves */
	struct secret *password;
	struct buf ca_pem;
	char next_leaf[2 * SHA256_SIZE + 1];
	struct wsman *session;
	daemon_reply_fn *done;
	void *cookie;
	struct err err;
};

/* --- where the device is --- */

static void resolve_next(struct call *c);

static void
resolved(void *cookie, const char *address)
{
	struct call *c = cookie;

	if (address == NULL) {
		resolve_next(c);
		return;
	}
	c->address = mem_dup(address);
	loop_stop(c->d->loop);
}

static void
resolve_next(struct call *c)
{
	char text[FQDN_SIZE];
	const char *name = device_next_place(c->device, &c->place, text);

	if (name != NULL)
		loop_resolve(c->d->loop, name, resolved, c);
	else
		loop_stop(c->d->loop);
}

static int
find_address(struct call *c, struct err *err)
{
	char text[FQDN_SIZE];
	size_t at = 0;

	resolve_next(c);
	loop_run(c->d->loop);
	if (c->address == NULL)
		return err_set(err, ERR_UNREACHABLE,
		    "name does not resolve: %s",
		    device_next_place(c->device, &at, text));
	return 0;
}

/* --- whom we talk to, and as whom --- */

static int
next_leaf(struct call *c, struct err *err)
{
	if (c->device->next_cert != NULL &&
	    str_base64_sha256(c->device->next_cert, CERT_MAX, c->next_leaf) !=
		0)
		return err_set(err, ERR_STORAGE,
		    "%s: the stored certificate is damaged", c->device->name);
	return 0;
}

static int
open_session(struct call *c, struct err *err)
{
	const struct device *d = c->device;
	const struct conf *conf = c->d->conf;
	char fqdn[FQDN_SIZE];
	const char *next = c->next_leaf[0] == '\0' ? NULL : c->next_leaf;
	struct net_trust trust = {
	    .leaf_sha256 = d->leaf_sha256 != NULL ? d->leaf_sha256 : next,
	    .leaf2_sha256 = d->leaf_sha256 != NULL ? next : NULL,
	    .ca_pem = buf_text(&c->ca_pem),
	    .name = device_host_fqdn(d, fqdn)};
	struct wsman_conf how = {.address = c->address,
	    .port = (uint16_t)(d->use_tls ? d->tls_port : d->plain_port),
	    .tls = d->use_tls,
	    .legacy_tls = conf->legacy_tls,
	    .trust = &trust,
	    .realm = d->digest_realm,
	    .user = d->admin_user,
	    .password = c->password,
	    .connect_ms = (unsigned)conf->connect_timeout * 1000,
	    .call_ms = (unsigned)conf->call_timeout * 1000};

	if (d->digest_realm == NULL)
		return err_set(err, ERR_REFUSED,
		    "%s was never read: run \"amtkeeper discover %s\" first",
		    d->name, d->name);
	return wsman_new(c->d->net, &how, &c->session, err);
}

static void
answered(void *cookie, const struct wsman_reply *reply, const struct err *err)
{
	struct call *c = cookie;

	c->err = *err;
	if (err->kind == ERR_NONE)
		c->done(c->cookie, reply);
	loop_stop(c->d->loop);
}

static void
call_free(struct call *c)
{
	wsman_free(c->session);
	secret_free(c->password);
	buf_free(&c->ca_pem);
	free(c->address);
}

/* Up to the answer; c->err says how the device took it. */
static int
make_call(struct call *c, const struct wsman_request *request, struct err *err)
{
	struct daemon *d = c->d;

	if (engine_held_password(c->hold, &c->password, err) != 0 ||
	    ca_trust_pem(d->ca, &c->ca_pem, err) != 0 ||
	    next_leaf(c, err) != 0 || find_address(c, err) != 0 ||
	    open_session(c, err) != 0 ||
	    wsman_call(c->session, request, 0, answered, c, err) != 0)
		return -1;
	loop_run(d->loop);
	*err = c->err;
	return err->kind == ERR_NONE ? 0 : -1;
}

int
daemon_call(struct daemon *d, int64_t device,
    const struct wsman_request *request, daemon_reply_fn *done, void *cookie,
    struct err *err)
{
	struct call c = {.d = d, .done = done, .cookie = cookie};
	struct err own = {.kind = ERR_NONE}, how;
	int rc;

	if (engine_hold(d->engine, device, &c.hold, err) != 0)
		return -1;
	c.device = engine_held(c.hold);
	buf_init(&c.ca_pem, PEM_MAX);
	rc = make_call(&c, request, &own);
	how = own;
	if (wsman_let_in(&how))
		err_clear(&how);
	call_free(&c);
	/* What the device said comes first. */
	if (engine_release(c.hold, &how, rc == 0 ? &own : NULL) != 0)
		rc = -1;
	if (rc != 0 && err != NULL)
		*err = own;
	return rc;
}
