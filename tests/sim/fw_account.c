#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "fw_internal.h"

/* Who may log in, and as what: the transport asks here. */

#define ACCESS_LOCAL 0 /* only from the host: never over the network */

static void
md5(const struct fw_text *t, uint8_t ret[16])
{
	unsigned len = 0;

	if (EVP_Digest(t->p, t->len, ret, &len, EVP_md5(), NULL) != 1)
		abort();
	assert(len == 16);
}

void
fw_ha1(
    const char *user, const char *realm, const char *password, uint8_t ret[16])
{
	struct fw_text t = {NULL, 0, 0};

	fw_add(&t, user);
	fw_add(&t, ":");
	fw_add(&t, realm);
	fw_add(&t, ":");
	fw_add(&t, password);
	md5(&t, ret);
	OPENSSL_cleanse(t.p, t.len);
	fw_text_free(&t);
}

int
sim_account(const struct sim_device *d, const char *user, uint8_t ret_ha1[16],
    struct sim_login *ret_login)
{
	const struct sim_acl *a;
	size_t i;

	if (user[0] == '\0')
		return -1;
	if (strcmp(user, d->state.admin_user) == 0) {
		memcpy(ret_ha1, d->state.admin_ha1, 16);
		ret_login->admin = true;
		ret_login->realms = 0;
		return 0;
	}
	for (i = 0; i < SIM_MAX_ACL; i++) {
		a = &d->state.acl[i];
		if (!a->used || !a->enabled || a->access == ACCESS_LOCAL ||
		    strcmp(a->user, user) != 0)
			continue;
		memcpy(ret_ha1, a->ha1, 16);
		ret_login->admin = false;
		ret_login->realms = a->realms;
		return 0;
	}
	return -1;
}

static bool
among(const struct sim_acl *a, const uint8_t *const *sids, const size_t *lens,
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (lens[i] == a->sid_len &&
		    memcmp(sids[i], a->sid, a->sid_len) == 0)
			return true;
	}
	return false;
}

int
sim_account_sids(const struct sim_device *d, const uint8_t *const *sids,
    const size_t *lens, size_t count, struct sim_login *ret_login)
{
	const struct sim_acl *a;
	uint32_t realms = 0;
	bool found = false;
	size_t i;

	if (!d->state.krb_enabled)
		return -1;
	for (i = 0; i < SIM_MAX_ACL; i++) {
		a = &d->state.acl[i];
		if (!a->used || !a->enabled || a->sid_len == 0 ||
		    a->access == ACCESS_LOCAL || !among(a, sids, lens, count))
			continue;
		found = true;
		realms |= a->realms;
	}
	if (!found)
		return -1;
	ret_login->admin = false; /* the admin account is Digest only */
	ret_login->realms = realms;
	return 0;
}
