#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "device.h"
#include "err.h"
#include "mem.h"
#include "ports.h"
#include "secret.h"
#include "str.h"
#include "world.h"

/* The fake back-ends: a CA that is idempotent by key, a directory with one
 * object, a KDC that knows its password. */

static void
hand_out(const struct world_cert *c, struct port_issued *ret)
{
	ret->der = mem_dup(c->der);
	ret->serial = mem_dup(c->serial);
	ret->sha256 = mem_dup("");
}

static int
issued_under(const struct world *w, const char *key)
{
	int i;

	for (i = 0; i < w->issued_count; i++)
		if (strcmp(w->issued[i].key, key) == 0)
			return i;
	return -1;
}

/* The CSR of the fake device is "spki fqdn". */
static void
issue_new(struct world *w, const struct port_request *request)
{
	struct world_cert *c = &w->issued[w->issued_count].cert;
	size_t len = request->csr_len;

	(void)snprintf(
	    w->issued[w->issued_count].key, WORLD_TEXT, "%s", request->key);
	(void)world_next_text(w, "cert", c->der);
	(void)snprintf(
	    c->serial, sizeof(c->serial), "%02x", (unsigned)w->serial);
	len = len < WORLD_TEXT ? len : WORLD_TEXT - 1;
	memcpy(c->spki, request->csr, len);
	c->spki[len] = '\0';
	c->spki[strcspn(c->spki, " ")] = '\0';
	(void)snprintf(
	    c->names, sizeof(c->names), "dns:%s", request->subject.fqdn);
	c->not_after = clock_now() + 365 * CLOCK_DAY;
	c->ours = true;
	w->issued_count++;
}

/* It has the request and has not decided; to be asked again at once. */
static void
hold_up(struct world *w, const char *key, struct port_issued *ret)
{
	(void)snprintf(w->ca_waiting, sizeof(w->ca_waiting), "%s", key);
	ret->waiting = true;
	ret->retry_at = clock_now();
	ret->why = mem_dup("the fake CA has not decided");
}

static void
fake_issue(void *self, const struct port_request *request,
    struct port_issued *ret, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int at;

	err_clear(&err);
	if (world_change(w, &err)) {
		at = issued_under(w, request->key);
		if (at < 0 && w->ca_delay > 0) {
			w->ca_delay--;
			hold_up(w, request->key, ret);
		} else if (at < 0) {
			issue_new(w, request);
			at = issued_under(w, request->key);
		}
		world_changed(w, &err);
		if (err.kind == ERR_NONE && at >= 0)
			hand_out(&w->issued[at].cert, ret);
	}
	world_answer(w, done, cookie, &err);
}

static void
fake_ca_look(void *self, const char *key, struct port_issued *ret,
    port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int at = issued_under(w, key);

	err_clear(&err);
	if (at < 0 && strcmp(w->ca_waiting, key) == 0)
		hold_up(w, key, ret);
	else if (at < 0)
		(void)err_set(&err, ERR_NOTFOUND, "nothing under this key");
	else
		hand_out(&w->issued[at].cert, ret);
	world_answer(w, done, cookie, &err);
}

static void
fake_revoke(void *self, const char *serial, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;
	int i;

	err_clear(&err);
	if (world_change(w, &err)) {
		for (i = 0; i < w->issued_count; i++)
			if (strcmp(w->issued[i].cert.serial, serial) == 0)
				w->issued[i].revoked = true;
		world_changed(w, &err);
	}
	world_answer(w, done, cookie, &err);
}

static void
fake_look_revoked(
    void *self, const char *serial, bool *ret, port_done_fn *done, void *cookie)
{
	static const struct err none;
	struct world *w = self;
	int i;

	*ret = false;
	for (i = 0; i < w->issued_count; i++)
		if (strcmp(w->issued[i].cert.serial, serial) == 0)
			*ret = w->issued[i].revoked;
	world_answer(w, done, cookie, &none);
}

/* --- directory --- */

/* Does the controller that is asked answer? NULL is any. */
static bool
reached(const struct world *w, const char *dc, struct err *ret_err)
{
	err_clear(ret_err);
	if (dc == NULL || strcmp(dc, w->away) != 0)
		return true;
	(void)err_set(ret_err, ERR_UNREACHABLE, "%s does not answer", dc);
	return false;
}

static void
fake_pick(void *self, const char *wish, char **ret_dc, port_done_fn *done,
    void *cookie)
{
	static const struct err none;
	struct world *w = self;

	if (wish == NULL || strcmp(wish, w->away) == 0)
		wish = strcmp("dc1", w->away) == 0 ? "dc2" : "dc1";
	mem_replace(ret_dc, wish);
	world_answer(w, done, cookie, &none);
}

/* The same for what needs LDAP. */
static bool
reached_ldap(const struct world *w, const char *dc, struct err *ret_err)
{
	if (!reached(w, dc, ret_err))
		return false;
	if (!w->no_ldap)
		return true;
	(void)err_native(
	    ret_err, ERR_UNREACHABLE, ERR_LDAP, -1, "no LDAP answers");
	return false;
}

/* May our account write? If so, the frame of every change. */
static bool
directory_change(struct world *w, const char *dc, struct err *ret_err)
{
	if (!reached(w, dc, ret_err))
		return false;
	if (w->denied) {
		(void)err_native(ret_err, ERR_DENIED, ERR_LDAP, 50,
		    "our account lacks the right");
		return false;
	}
	return world_change(w, ret_err);
}

static void
fake_dir_look(void *self, const char *account, const char *dc, struct device *d,
    bool *ret_by_ticket, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	char dn[300];
	struct err err;

	if (!reached(w, dc, &err)) {
		/* err says so */
	} else if (w->no_ldap && str_empty(d->ad_dn)) {
		(void)reached_ldap(w, dc, &err);
	} else if (!w->ad.object || strcmp(account, w->ad.account) != 0) {
		(void)err_set(&err, ERR_NOTFOUND, "no such object");
	} else if (w->no_ldap) {
		d->ad_kvno = w->ad.kvno;
	} else {
		(void)snprintf(dn, sizeof(dn), "CN=pc,%s", w->ad.ou);
		mem_replace(&d->ad_dn, dn);
		mem_replace(&d->ad_account, w->ad.account);
		mem_replace(&d->ad_dns_host, w->ad.dns_host);
		mem_replace(&d->ad_spns, w->ad.spns);
		d->ad_enctypes = w->ad.enctypes;
		d->ad_kvno = w->ad.kvno;
		d->ad_password_at = w->ad.password_at;
		d->ad_max_age = 42 * CLOCK_DAY;
		d->ad_read_at = clock_now();
	}
	if (err.kind == ERR_NONE)
		*ret_by_ticket = w->no_ldap;
	world_answer(w, done, cookie, &err);
}

static void
fake_look_others(void *self, const struct port_password *password,
    char **ret_behind, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (reached_ldap(w, password->dc, &err) && w->behind > 0) {
		w->behind--;
		mem_replace(ret_behind, "dc2");
	}
	world_answer(w, done, cookie, &err);
}

static void
set_ad_password(struct world *w, const struct secret *password)
{
	(void)snprintf(w->ad.password, sizeof(w->ad.password), "%s",
	    secret_text(password));
	w->ad.kvno++;
	/* Never the same date twice, however fast it goes here. */
	w->ad.password_at = w->ad.password_at < clock_now()
	    ? clock_now()
	    : w->ad.password_at + 1;
}

static void
fake_ensure(void *self, const struct port_object *object, port_done_fn *done,
    void *cookie)
{
	struct world *w = self;
	struct err err;

	if (reached_ldap(w, object->dc, &err) &&
	    directory_change(w, object->dc, &err)) {
		(void)snprintf(w->ad.account, sizeof(w->ad.account), "%s",
		    object->account);
		(void)snprintf(
		    w->ad.dns_host, sizeof(w->ad.dns_host), "%s", object->fqdn);
		(void)snprintf(
		    w->ad.spns, sizeof(w->ad.spns), "%s", object->spns);
		w->ad.enctypes = object->enctypes;
		if (!w->ad.object && object->password_if_new != NULL)
			set_ad_password(w, object->password_if_new);
		if (!w->ad.object)
			(void)snprintf(
			    w->ad.ou, sizeof(w->ad.ou), "%s", object->ou);
		w->created += !w->ad.object;
		w->ad.object = true;
		world_changed(w, &err);
	}
	world_answer(w, done, cookie, &err);
}

static void
fake_move(void *self, const struct port_object *object, port_done_fn *done,
    void *cookie)
{
	struct world *w = self;
	struct err err;

	if (reached_ldap(w, object->dc, &err) &&
	    directory_change(w, object->dc, &err)) {
		(void)snprintf(w->ad.ou, sizeof(w->ad.ou), "%s", object->ou);
		world_changed(w, &err);
	}
	world_answer(w, done, cookie, &err);
}

static void
fake_dir_password(void *self, const struct port_password *where,
    const struct secret *password, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (directory_change(w, where->dc, &err)) {
		set_ad_password(w, password);
		world_changed(w, &err);
	}
	world_answer(w, done, cookie, &err);
}

/* --- KDC --- */

static void
fake_time(void *self, int64_t *ret, port_done_fn *done, void *cookie)
{
	static const struct err none;

	*ret = 0;
	world_answer(self, done, cookie, &none);
}

static void
fake_check_password(void *self, const char *account, const char *dc,
    const struct secret *password, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (!reached(w, dc, &err)) {
		/* err says so */
	} else if (!w->ad.object || strcmp(account, w->ad.account) != 0)
		(void)err_set(&err, ERR_NOTFOUND, "no such account");
	else if (strcmp(secret_text(password), w->ad.password) != 0)
		(void)err_set(&err, ERR_DENIED, "preauthentication failed");
	world_answer(w, done, cookie, &err);
}

static void
fake_salt(void *self, const char *account, const char *dc, char **ret_salt,
    int64_t *ret_iterations, port_done_fn *done, void *cookie)
{
	struct err err;

	if (reached(self, dc, &err)) {
		free(*ret_salt);
		*ret_salt = mem_printf("SALT%s", account);
		*ret_iterations = 4096;
	}
	world_answer(self, done, cookie, &err);
}

/* A ticket is the key it is made with; the answer to it names that key. */
struct port_proof {
	char key[256];
};

static void
fake_token(void *self, const char *spn, const char *dc, struct buf *ret_token,
    struct port_proof **ret_proof, port_done_fn *done, void *cookie)
{
	struct world *w = self;
	struct err err;

	if (!reached(w, dc, &err)) {
		/* err says so */
	} else if (w->no_tickets || strstr(w->ad.spns, spn) == NULL) {
		(void)err_set(&err, ERR_NOTFOUND, "no such SPN: %s", spn);
	} else {
		buf_str(ret_token, w->ad.password);
		*ret_proof = mem_alloc(sizeof(**ret_proof));
		(void)snprintf((*ret_proof)->key, sizeof((*ret_proof)->key),
		    "%s", w->ad.password);
	}
	world_answer(w, done, cookie, &err);
}

static void
fake_verify(void *self, struct port_proof *proof, const char *answer,
    port_done_fn *done, void *cookie)
{
	struct err err;

	err_clear(&err);
	if (strcmp(proof->key, answer) != 0)
		(void)err_set(
		    &err, ERR_UNTRUSTED, "the answer does not fit the ticket");
	world_answer(self, done, cookie, &err);
}

static void
fake_decoy(void *self, const char *spn, struct buf *ret_token,
    port_done_fn *done, void *cookie)
{
	static const struct err none;

	(void)spn;
	buf_str(ret_token, "a ticket that no key opens");
	world_answer(self, done, cookie, &none);
}

static void
fake_proof_free(void *self, struct port_proof *proof)
{
	(void)self;
	free(proof);
}

static const struct port_roots *
fake_roots(void *self)
{
	static char now[] = WORLD_ROOT_NEW, before[] = WORLD_ROOT_CROSS,
		    name[] = "CN=Root";
	static struct port_root root[] = {
	    {.der = now, .name = name}, {.der = before, .name = name}};
	static const struct port_roots roots = {root, 2};
	size_t i;

	(void)self;
	for (i = 0; i < roots.count; i++)
		(void)str_base64_sha256(
		    root[i].der, WORLD_TEXT, root[i].sha256);
	return &roots;
}

void
world_back_ports(struct world *w, struct ports *ports)
{
	ports->ca = (struct port_ca){
	    .self = w,
	    .issue = fake_issue,
	    .look = fake_ca_look,
	    .revoke = fake_revoke,
	    .look_revoked = fake_look_revoked,
	    .roots = fake_roots,
	};
	ports->directory = (struct port_directory){
	    .self = w,
	    .pick = fake_pick,
	    .look = fake_dir_look,
	    .look_others = fake_look_others,
	    .ensure = fake_ensure,
	    .move = fake_move,
	    .password_set = fake_dir_password,
	};
	ports->kdc = (struct port_kdc){
	    .self = w,
	    .look_time = fake_time,
	    .check_password = fake_check_password,
	    .look_salt = fake_salt,
	    .token = fake_token,
	    .verify = fake_verify,
	    .decoy = fake_decoy,
	    .proof_free = fake_proof_free,
	};
}
