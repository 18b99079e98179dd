/*
 * Objects of a directory, as a controller may answer: certificate templates and
 * computer accounts with any values.  The answers are encoded as LDAP has it
 * and lie in a socket before they are asked for; libldap takes them apart.
 *
 * First octet: which kind.  Then one attribute after the other: its number, the
 * length of the value, the value; the same number again is a further value.
 */
#include <assert.h>
#include <lber.h>
#include <ldap.h>
#include <openldap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "directory.h"
#include "directory_internal.h"
#include "err.h"

#define ANSWERS 4 /* more than either kind asks for */
#define VALUES_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const attributes[] = {"cn", "flags", "pKIExtendedKeyUsage",
    "pKIExpirationPeriod", "pKIOverlapPeriod", "msPKI-Minimal-Key-Size",
    "msPKI-RA-Signature", "msPKI-Certificate-Name-Flag",
    "msPKI-Enrollment-Flag", "configurationNamingContext", "sAMAccountName",
    "dNSHostName", "servicePrincipalName", "msDS-SupportedEncryptionTypes",
    "userAccountControl", "msDS-KeyVersionNumber", "pwdLastSet", "description",
    "userPrincipalName", "objectSid", "maxPwdAge", "msDS-ResultantPSO",
    "msDS-MaximumPasswordAge"};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

struct value {
	size_t attribute, len;
	const uint8_t *bytes;
};

static size_t
take_values(const uint8_t *data, size_t size, struct value *ret)
{
	size_t count = 0;

	while (size >= 2 && count < VALUES_MAX) {
		struct value *v = &ret[count++];

		v->attribute = data[0] % ATTRIBUTES;
		v->len = data[1] < size - 2 ? data[1] : size - 2;
		v->bytes = data + 2;
		data += 2 + v->len;
		size -= 2 + v->len;
	}
	return count;
}

/* A SearchResultEntry with them all, and the end of the search. */
static void
put_answer(BerElement *ber, int id, const struct value *values, size_t count)
{
	size_t a, i;

	(void)ber_printf(ber, "{it{s{", id, LDAP_RES_SEARCH_ENTRY,
	    "CN=pc1-iME,OU=AMT,DC=ad,DC=example");
	for (a = 0; a < ATTRIBUTES; a++) {
		(void)ber_printf(ber, "{s[", attributes[a]);
		for (i = 0; i < count; i++)
			if (values[i].attribute == a)
				(void)ber_printf(ber, "o",
				    (const char *)values[i].bytes,
				    (ber_len_t)values[i].len);
		(void)ber_printf(ber, "]}");
	}
	(void)ber_printf(ber, "}}}");
	(void)ber_printf(
	    ber, "{it{ess}}", id, LDAP_RES_SEARCH_RESULT, 0, "", "");
}

static int
listed(void *cookie, const struct directory_template *t, struct err *err)
{
	(void)cookie;
	(void)err;
	assert(t->name != NULL && t->usages != NULL);
	assert(t->validity >= 0 && t->renew_before >= 0);
	return 0;
}

static void
ask(struct directory *d, uint8_t kind)
{
	struct directory_object o;
	struct err err;

	err_clear(&err);
	if ((kind & 1) == 0)
		(void)directory_templates(d, listed, NULL, &err);
	else if (directory_read(d, "pc1-iME$", &o, &err) == 0) {
		assert(o.dn != NULL);
		assert(o.sid == NULL || strncmp(o.sid, "S-1-", 4) == 0);
		directory_object_clear(&o);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct watchdog *dog;
	struct directory d = {.dc = (char[]){"dc"},
	    .base = (char[]){"DC=ad,DC=example"},
	    .deadline_ms = 5000};
	struct value values[VALUES_MAX];
	struct berval *bytes = NULL;
	size_t count;
	BerElement *ber;
	int pair[2], id, version = LDAP_VERSION3;

	if (size == 0 || size > 8192)
		return 0;
	if (dog == NULL)
		dog = watchdog_new();
	d.dog = dog;
	count = take_values(data + 1, size - 1, values);
	ber = ber_alloc_t(LBER_USE_DER);
	for (id = 1; id <= ANSWERS; id++)
		put_answer(ber, id, values, count);
	assert(ber_flatten(ber, &bytes) == 0);
	ber_free(ber, 1);
	assert(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	assert(write(pair[1], bytes->bv_val, bytes->bv_len) ==
	    (ssize_t)bytes->bv_len);
	(void)shutdown(pair[1], SHUT_WR);
	ber_bvfree(bytes);
	assert(ldap_init_fd(pair[0], 1, NULL, &d.ld) == LDAP_SUCCESS);
	(void)ldap_set_option(d.ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ask(&d, data[0]);
	(void)ldap_unbind_ext(d.ld, NULL, NULL);
	(void)close(pair[1]);
	return 0;
}
