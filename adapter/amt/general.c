#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"

#define CLASS "AMT_GeneralSettings"
#define MAX_HOST 63
#define MAX_DOMAIN 191

static const struct field fields[] = {
    FIELD(FIELD_TEXT, struct amt_general, host, "HostName"),
    FIELD(FIELD_TEXT, struct amt_general, domain, "DomainName"),
    FIELD(FIELD_TEXT, struct amt_general, os_fqdn, "HostOSFQDN"),
    FIELD(FIELD_TEXT, struct amt_general, realm, "DigestRealm"),
    FIELD(FIELD_BOOL, struct amt_general, shared_fqdn, "SharedFQDN"),
    FIELD(FIELD_BOOL, struct amt_general, ping, "PingResponseEnabled"),
    FIELD(FIELD_BOOL, struct amt_general, ddns_client, "DDNSUpdateEnabled"),
    FIELD(FIELD_BOOL, struct amt_general, ddns_dhcp,
	"DDNSUpdateByDHCPServerEnabled"),
    FIELD(FIELD_INT, struct amt_general, ddns_interval,
	"DDNSPeriodicUpdateInterval"),
    FIELD(FIELD_INT, struct amt_general, ddns_ttl, "DDNSTTL"),
};

struct general {
	struct amt_general *ret; /* NULL: writing */
	struct amt_general got, wish;
	char interval[24], ttl[24];
	struct buf put; /* body, "" when nothing is to be written */
};

static enum op_turn
take_settings(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct general *g = state;
	const struct xml_node *i = field_instance(reply, CLASS, err);

	if (i == NULL || field_read(fields, COUNT(fields), i, &g->got, err))
		return OP_FAIL;
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct general *g = state;

	*g->ret = g->got;
}

int
amt_general_read(struct amt *a, struct amt_general *ret, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_GET, CLASS, NULL, NULL, take_settings, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct general *g = mem_alloc(sizeof(*g));

	g->ret = ret;
	return op_start(a, &kind, g, done, cookie, err);
}

/* --- writing --- */

#define PATCHES 8

static void
make_patches(struct general *g, struct patch out[PATCHES])
{
	const struct amt_general *w = &g->wish;
	/* DDNS and the shared name came with AMT 6: only where they are. An
	 * empty domain is reported as none. */
	const struct patch patches[PATCHES] = {
	    {"DDNSPeriodicUpdateInterval", PATCH_IF_THERE, g->interval},
	    {"DDNSTTL", PATCH_IF_THERE, g->ttl},
	    {"DDNSUpdateByDHCPServerEnabled", PATCH_IF_THERE,
		patch_bool(w->ddns_dhcp)},
	    {"DDNSUpdateEnabled", PATCH_IF_THERE, patch_bool(w->ddns_client)},
	    {"DomainName", PATCH_SET, w->domain},
	    {"HostName", PATCH_SET, w->host},
	    {"PingResponseEnabled", PATCH_SET, patch_bool(w->ping)},
	    {"SharedFQDN", PATCH_IF_THERE, patch_bool(w->shared_fqdn)},
	};

	(void)snprintf(
	    g->interval, sizeof(g->interval), "%" PRId64, w->ddns_interval);
	(void)snprintf(g->ttl, sizeof(g->ttl), "%" PRId64, w->ddns_ttl);
	memcpy(out, patches, sizeof(patches));
}

static enum op_turn
take_before(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct general *g = state;
	const struct xml_node *i = field_instance(reply, CLASS, err);
	struct patch patches[PATCHES];

	if (i == NULL)
		return OP_FAIL;
	make_patches(g, patches);
	if (patch_holds(patches, PATCHES, i))
		return OP_END;
	patch_write(patches, PATCHES, i, &g->put);
	return OP_NEXT;
}

static int
put_settings(void *state, struct op_message *m, struct err *err)
{
	struct general *g = state;

	(void)err;
	buf_add(&m->body, g->put.data, g->put.len);
	return 0;
}

/* A second Get: the answer to a Put may echo the old values. */
static enum op_turn
take_after(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct general *g = state;
	const struct xml_node *i = field_instance(reply, CLASS, err);
	struct patch patches[PATCHES];

	if (i == NULL)
		return OP_FAIL;
	make_patches(g, patches);
	if (patch_holds(patches, PATCHES, i))
		return OP_NEXT;
	err_set(err, ERR_REFUSED, "device took the settings but kept others");
	return OP_FAIL;
}

static int
check(const struct amt_general *w, struct err *err)
{
	if (w->host[0] == '\0' || strlen(w->host) > MAX_HOST ||
	    strlen(w->domain) > MAX_DOMAIN)
		return err_set(err, ERR_INVALID,
		    "AMT host name must have 1 to %d characters, the domain "
		    "at most %d",
		    MAX_HOST, MAX_DOMAIN);
	if (w->ddns_interval != 0 && w->ddns_interval < 20)
		return err_set(err, ERR_INVALID,
		    "DDNS interval must be 0 or at least 20 minutes");
	if (w->ddns_ttl < 0 || w->ddns_ttl > INT32_MAX)
		return err_set(err, ERR_INVALID, "DDNS TTL is out of range");
	return 0;
}

static void
clear(void *state)
{
	struct general *g = state;

	buf_free(&g->put);
}

int
amt_general_write(struct amt *a, const struct amt_general *wish,
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_GET, CLASS, NULL, NULL, take_before, NULL},
	    {WSMAN_PUT, CLASS, NULL, put_settings, NULL, NULL},
	    {WSMAN_GET, CLASS, NULL, NULL, take_after, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);
	struct general *g;

	if (check(wish, err) != 0)
		return -1;
	g = mem_alloc(sizeof(*g));
	g->wish = *wish;
	buf_init(&g->put, OP_MAX_BODY);
	return op_start(a, &kind, g, done, cookie, err);
}
