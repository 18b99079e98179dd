#include <string.h>

#include "pac_internal.h"

#define NDR_HEADERS 16	 /* MS-RPCE 2.2.6.1 and 2.2.6.2 */
#define MAX_NAME 4096	 /* UTF-16 units of a string */
#define STRINGS_BEFORE 6 /* between the times and the counts */

struct ndr {
	const uint8_t *data;
	size_t len, at;
	int bad;
};

static const uint8_t *
take(struct ndr *n, size_t len)
{
	const uint8_t *p = n->data + n->at;

	if (n->bad || n->len - n->at < len) {
		n->bad = 1;
		return NULL;
	}
	n->at += len;
	return p;
}

static uint32_t
take_u32(struct ndr *n)
{
	const uint8_t *p;

	(void)take(n, (4 - n->at % 4) % 4);
	p = take(n, 4);
	return p == NULL ? 0
			 : (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		(uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* RPC_UNICODE_STRING: two lengths and a pointer. */
static uint32_t
take_string_pointer(struct ndr *n)
{
	(void)take_u32(n);
	return take_u32(n);
}

static void
skip_string(struct ndr *n, uint32_t pointer)
{
	uint32_t units;

	if (pointer == 0)
		return;
	(void)take_u32(n);
	(void)take_u32(n);
	units = take_u32(n);
	if (units > MAX_NAME)
		n->bad = 1;
	(void)take(n, 2 * (size_t)units);
}

/* A conformant SID. Longer than PAC_SID_SIZE: length 0, for no entry of an
 * ACL can name it. */
static void
take_sid(struct ndr *n, uint8_t sid[PAC_SID_SIZE], size_t *ret_len)
{
	uint32_t count = take_u32(n);
	size_t len = 8 + 4 * (size_t)count;
	const uint8_t *p;

	*ret_len = 0;
	if (count > 15)
		n->bad = 1;
	p = take(n, len);
	if (p == NULL || p[1] != count || len > PAC_SID_SIZE)
		return;
	memcpy(sid, p, len);
	*ret_len = len;
}

struct info { /* what is needed of KERB_VALIDATION_INFO */
	uint32_t strings[STRINGS_BEFORE], server, domain_name;
	uint32_t user, group_count, groups, domain;
	uint32_t extra_count, extra;
	uint32_t resource_domain, resource_count, resources;
};

static void
take_info(struct ndr *n, struct info *i)
{
	size_t k;

	(void)take(n, 6 * 8); /* times */
	for (k = 0; k < STRINGS_BEFORE; k++)
		i->strings[k] = take_string_pointer(n);
	(void)take_u32(n); /* logon and bad password counts */
	i->user = take_u32(n);
	(void)take_u32(n); /* primary group: among the groups */
	i->group_count = take_u32(n);
	i->groups = take_u32(n);
	(void)take_u32(n); /* flags */
	(void)take(n, 16); /* session key */
	i->server = take_string_pointer(n);
	i->domain_name = take_string_pointer(n);
	i->domain = take_u32(n);
	(void)take(n, 2 * 4); /* reserved */
	(void)take(n, 2 * 4); /* account control, sub-authentication */
	(void)take(n, 2 * 8); /* interactive logons */
	(void)take(n, 2 * 4); /* failed ones, reserved */
	i->extra_count = take_u32(n);
	i->extra = take_u32(n);
	i->resource_domain = take_u32(n);
	i->resource_count = take_u32(n);
	i->resources = take_u32(n);
}

/* An array of GROUP_MEMBERSHIP; only relative ids are kept. */
static size_t
take_rids(
    struct ndr *n, uint32_t pointer, uint32_t count, uint32_t ret[PAC_MAX_SIDS])
{
	uint32_t i;

	if (pointer == 0)
		return 0;
	if (take_u32(n) != count || count > PAC_MAX_SIDS) {
		n->bad = 1;
		return 0;
	}
	for (i = 0; i < count; i++) {
		ret[i] = take_u32(n);
		(void)take_u32(n);
	}
	return count;
}

static void
add(struct pac_sids *to, const uint8_t *sid, size_t len)
{
	if (len == 0 || to->count == PAC_MAX_SIDS)
		return;
	memcpy(to->sid[to->count], sid, len);
	to->len[to->count++] = len;
}

/* The domain's SID with one more sub-authority. */
static void
add_relative(
    struct pac_sids *to, const uint8_t *domain, size_t len, uint32_t rid)
{
	uint8_t sid[PAC_SID_SIZE];

	if (len == 0 || len + 4 > PAC_SID_SIZE)
		return;
	memcpy(sid, domain, len);
	sid[1]++;
	sid[len] = (uint8_t)rid;
	sid[len + 1] = (uint8_t)(rid >> 8);
	sid[len + 2] = (uint8_t)(rid >> 16);
	sid[len + 3] = (uint8_t)(rid >> 24);
	add(to, sid, len + 4);
}

static void
take_extra(struct ndr *n, const struct info *info, struct pac_sids *ret)
{
	uint32_t pointers[PAC_MAX_SIDS];
	uint8_t sid[PAC_SID_SIZE];
	size_t count = take_rids(n, info->extra, info->extra_count, pointers);
	size_t i, len;

	for (i = 0; i < count; i++) {
		if (pointers[i] == 0)
			continue;
		take_sid(n, sid, &len);
		add(ret, sid, len);
	}
}

int
pac_sids(const uint8_t *data, size_t len, struct pac_sids *ret)
{
	struct ndr n = {.data = data, .len = len, .at = 0};
	uint32_t rids[PAC_MAX_SIDS];
	struct info info = {.user = 0};
	uint8_t domain[PAC_SID_SIZE];
	size_t count, domain_len = 0, i;

	ret->count = 0;
	(void)take(&n, NDR_HEADERS);
	if (take_u32(&n) == 0)
		return -1;
	take_info(&n, &info);
	for (i = 0; i < STRINGS_BEFORE; i++)
		skip_string(&n, info.strings[i]);
	count = take_rids(&n, info.groups, info.group_count, rids);
	skip_string(&n, info.server);
	skip_string(&n, info.domain_name);
	if (info.domain != 0)
		take_sid(&n, domain, &domain_len);
	add_relative(ret, domain, domain_len, info.user);
	for (i = 0; i < count; i++)
		add_relative(ret, domain, domain_len, rids[i]);
	take_extra(&n, &info, ret);
	domain_len = 0;
	if (info.resource_domain != 0)
		take_sid(&n, domain, &domain_len);
	count = take_rids(&n, info.resources, info.resource_count, rids);
	for (i = 0; i < count; i++)
		add_relative(ret, domain, domain_len, rids[i]);
	return n.bad ? -1 : 0;
}
