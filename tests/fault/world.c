#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "buf.h"
#include "clock.h"
#include "err.h"
#include "fault.h"
#include "loop.h"
#include "mem.h"
#include "ports.h"
#include "str.h"

static struct loop *answer_loop;

struct world *
world_new(void)
{
	struct world *w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert(w != MAP_FAILED);
	return w;
}

void
world_free(struct world *w)
{
	(void)munmap(w, sizeof(*w));
}

const char *
world_next_text(struct world *w, const char *what, char *out)
{
	char plain[64];
	struct buf b;

	(void)snprintf(plain, sizeof(plain), "%s-%d", what, ++w->serial);
	buf_init(&b, WORLD_TEXT);
	str_base64(&b, (const uint8_t *)plain, strlen(plain));
	(void)snprintf(out, WORLD_TEXT, "%s", buf_text(&b));
	buf_free(&b);
	return out;
}

/* Not from our CA, and about to end. */
static void
add_foreign_certificate(struct world *w, bool read_only)
{
	struct world_cert *c = &w->certs[0];

	(void)world_next_text(w, "key", w->keys[0]);
	(void)world_next_text(w, "cert", c->der);
	(void)strcpy(c->spki, w->keys[0]);
	(void)strcpy(c->names, "dns:pc1.corp.example");
	(void)strcpy(c->serial, "f0");
	c->not_after = clock_now() + 5 * CLOCK_DAY;
	c->read_only = read_only;
	w->tls_slot = 0;
}

static void
add_root(struct world_cert *c, const char *der)
{
	(void)strcpy(c->der, der);
	(void)strcpy(c->serial, "r");
	c->root = true;
}

/* A host that was renamed, a clock 17 minutes ahead, no AD object. */
void
world_reset(struct world *w, enum world_kind kind)
{
	memset(w, 0, sizeof(*w));
	(void)strcpy(w->admin_password, "Old-Passw0rd!");
	w->clock_offset_ms = 17 * 60 * 1000;
	(void)strcpy(w->host, "pc1");
	(void)strcpy(w->domain, "corp.example");
	(void)strcpy(w->os_fqdn, "new-pc1.corp.example");
	(void)strcpy(w->ddns, "off");
	w->dhcp = true;
	(void)strcpy(w->version, kind == WORLD_AMT22 ? "22.0.0" : "15.0.23");
	w->least_bits = kind == WORLD_AMT22 ? 3072 : 2048;
	w->tls = kind != WORLD_PLAIN;
	w->tls_slot = -1;
	if (w->tls)
		add_foreign_certificate(w, kind == WORLD_FACTORY);
	add_root(&w->certs[WORLD_SLOTS - 1], WORLD_ROOT_FOREIGN);
	add_root(&w->certs[WORLD_SLOTS - 2], WORLD_ROOT_OLD);
}

bool
world_has_root(const struct world *w, const char *der)
{
	int i;

	for (i = 0; i < WORLD_SLOTS; i++)
		if (w->certs[i].root && strcmp(w->certs[i].der, der) == 0)
			return true;
	return false;
}

void
world_leaf(const struct world *w, char out[65])
{
	(void)str_base64_sha256(w->certs[w->tls_slot].der, WORLD_TEXT, out);
}

struct answer {
	world_done_fn *done;
	void *cookie;
	struct err err;
};

static void
deliver(void *cookie)
{
	struct answer *a = cookie;

	a->done(a->cookie, &a->err);
	free(a);
}

void
world_answer(
    struct world *w, world_done_fn *done, void *cookie, const struct err *err)
{
	struct answer *a = mem_alloc(sizeof(*a));

	(void)w;
	a->done = done;
	a->cookie = cookie;
	a->err = *err;
	loop_defer(answer_loop, deliver, a);
}

bool
world_change(struct world *w, struct err *ret_err)
{
	w->mutations++;
	fault_point("world.before");
	if (w->loss == WORLD_NO_LOSS || w->mutations != w->loss_at ||
	    w->loss == WORLD_LOSE_AFTER || w->loss == WORLD_LDAP_GOES)
		return true;
	if (w->loss == WORLD_REFUSE_LINK)
		(void)err_set(ret_err, ERR_UNREACHABLE, "connection refused");
	else
		(void)err_set(ret_err, ERR_UNKNOWN, "closed without answer");
	return false;
}

void
world_changed(struct world *w, struct err *ret_err)
{
	fault_point("world.after");
	if (w->mutations != w->loss_at)
		return;
	if (w->loss == WORLD_LOSE_AFTER)
		(void)err_set(ret_err, ERR_UNKNOWN, "the answer was lost");
	else if (w->loss == WORLD_LDAP_GOES)
		w->no_ldap = true;
}

void
world_ports(struct world *w, struct loop *loop, struct ports *ports)
{
	answer_loop = loop;
	memset(ports, 0, sizeof(*ports));
	world_device_port(w, ports);
	world_back_ports(w, ports);
}
