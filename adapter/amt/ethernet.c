#include <string.h>

#include "amt.h"
#include "err.h"
#include "mem.h"
#include "op_internal.h"
#include "str.h"

#define CLASS "AMT_EthernetPortSettings"
/* Settings 1 is the wireless port. The order of the instances is not fixed. */
#define WIRED "Intel(r) AMT Ethernet Port Settings 0"

static const struct field fields[] = {
    FIELD(FIELD_TEXT, struct amt_ethernet, mac, "MACAddress"),
    FIELD(FIELD_TEXT, struct amt_ethernet, ip, "IPAddress"),
    FIELD(FIELD_TEXT, struct amt_ethernet, mask, "SubnetMask"),
    FIELD(FIELD_TEXT, struct amt_ethernet, gateway, "DefaultGateway"),
    FIELD(FIELD_TEXT, struct amt_ethernet, dns1, "PrimaryDNS"),
    FIELD(FIELD_TEXT, struct amt_ethernet, dns2, "SecondaryDNS"),
    FIELD(FIELD_BOOL, struct amt_ethernet, dhcp, "DHCPEnabled"),
    FIELD(FIELD_BOOL, struct amt_ethernet, ip_sync, "IpSyncEnabled"),
    FIELD(FIELD_BOOL, struct amt_ethernet, shared_static, "SharedStaticIp"),
    FIELD(FIELD_BOOL, struct amt_ethernet, link_up, "LinkIsUp"),
};

struct ethernet {
	struct amt_ethernet *ret;
	struct amt_ethernet got, wish;
	struct buf put;
};

/* The wired port, NULL on machines without one: these list no such instance, or
 * one without a MAC address. */
static const struct xml_node *
wired_port(const struct wsman_reply *reply)
{
	const struct xml_node *item = field_item(reply, WIRED);
	const char *mac;

	if (item == NULL)
		return NULL;
	mac = xml_child_text(item, "MACAddress");
	if (str_empty(mac) || str_eq(mac, "00-00-00-00-00-00"))
		return NULL;
	return item;
}

static enum op_turn
take_port(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct ethernet *e = state;
	const struct xml_node *item = wired_port(reply);

	if (item == NULL)
		return OP_END;
	if (field_read(fields, COUNT(fields), item, &e->got, err) != 0)
		return OP_FAIL;
	e->got.present = true;
	return OP_NEXT;
}

static void
finish(void *state)
{
	struct ethernet *e = state;

	*e->ret = e->got;
}

int
amt_ethernet_read(struct amt *a, struct amt_ethernet *ret, amt_done_fn *done,
    void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_ENUMERATE, CLASS, NULL, NULL, take_port, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, finish, NULL);
	struct ethernet *e = mem_alloc(sizeof(*e));

	e->ret = ret;
	return op_start(a, &kind, e, done, cookie, err);
}

/* --- writing --- */

#define PATCHES 8

static bool
is_dedicated(const struct amt_ethernet *w)
{
	return !w->dhcp && !w->ip_sync;
}

/* Addresses are only for a dedicated static address; with DHCP or copied from
 * the host they must be absent, or the Put is refused. */
static void
make_patches(const struct amt_ethernet *w, struct patch out[PATCHES])
{
	enum patch_how address = is_dedicated(w) ? PATCH_SET : PATCH_DROP;
	const struct patch patches[PATCHES] = {
	    {"DHCPEnabled", PATCH_SET, patch_bool(w->dhcp)},
	    {"DefaultGateway", address, w->gateway},
	    {"IPAddress", address, w->ip},
	    {"IpSyncEnabled", PATCH_IF_THERE, patch_bool(w->ip_sync)},
	    {"PrimaryDNS", address, w->dns1},
	    {"SecondaryDNS", address, w->dns2},
	    {"SharedStaticIp", PATCH_IF_THERE, patch_bool(w->shared_static)},
	    {"SubnetMask", address, w->mask},
	};

	memcpy(out, patches, sizeof(patches));
}

static enum op_turn
take_before(void *state, const struct wsman_reply *reply, struct err *err)
{
	struct ethernet *e = state;
	const struct xml_node *item = wired_port(reply);
	struct patch patches[PATCHES];

	if (item == NULL) {
		err_set(err, ERR_NOTFOUND, "device has no wired port");
		return OP_FAIL;
	}
	make_patches(&e->wish, patches);
	if (patch_holds(patches, PATCHES, item))
		return OP_END;
	patch_write(patches, PATCHES, item, &e->put);
	return OP_NEXT;
}

static int
put_port(void *state, struct op_message *m, struct err *err)
{
	struct ethernet *e = state;

	(void)err;
	m->selectors[0] = "InstanceID";
	m->selectors[1] = WIRED;
	buf_add(&m->body, e->put.data, e->put.len);
	return 0;
}

static int
check(const struct amt_ethernet *w, struct err *err)
{
	if (w->dhcp && w->shared_static)
		return err_set(err, ERR_INVALID,
		    "DHCP and a shared static address exclude each other");
	if (!w->dhcp && w->ip_sync != w->shared_static)
		return err_set(err, ERR_INVALID,
		    "a static address is either copied from the host and "
		    "shared, or neither");
	if (is_dedicated(w) && (w->ip[0] == '\0' || w->mask[0] == '\0'))
		return err_set(err, ERR_INVALID,
		    "a dedicated static address needs address and mask");
	return 0;
}

static void
clear(void *state)
{
	struct ethernet *e = state;

	buf_free(&e->put);
}

int
amt_ethernet_write(struct amt *a, const struct amt_ethernet *wish,
    amt_done_fn *done, void *cookie, struct err *err)
{
	static const struct op_exchange exchanges[] = {
	    {WSMAN_ENUMERATE, CLASS, NULL, NULL, take_before, NULL},
	    {WSMAN_PUT, CLASS, NULL, put_port, NULL, NULL},
	};
	static const struct op_kind kind = OP_KIND(exchanges, NULL, clear);
	struct ethernet *e;

	if (check(wish, err) != 0)
		return -1;
	e = mem_alloc(sizeof(*e));
	e->wish = *wish;
	buf_init(&e->put, OP_MAX_BODY);
	return op_start(a, &kind, e, done, cookie, err);
}
