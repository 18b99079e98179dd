/*
 * What a controller may answer over LDAP: the first octet picks what is asked,
 * the rest is all that comes back before it hangs up.  Answers that were
 * recorded of a real one are the corpus; requests are numbered from 1, as
 * there.
 */
#include <assert.h>
#include <ldap.h>
#include <openldap.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "audit.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "secret.h"
#include "str.h"

#define DEADLINE 1000
#define ANSWER_MAX 65536 /* a socket holds so much without a reader */
#define BASE "DC=ad,DC=example,DC=test"
#define OU "OU=AMT," BASE
#define ACCOUNT "pc001-iME$"
#define FQDN "pc001.ad.example.test"
#define SPNS "HTTP/" FQDN ":16992 HTTP/" FQDN ":16993"
#define DN "CN=pc001-iME," OU
#define OPERATIONS 14

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void); /* NOLINT: its name is given */

/* libldap loses its own record of a request when the answer is damaged in some
 * ways; what we make ourselves is not from there. */
const char *
__lsan_default_suppressions(void) /* NOLINT */
{
	return "leak:libldap\nleak:liblber\n";
}

/* --- what is asked, and must hold of what is understood --- */

static int
look_template(void *cookie, const struct directory_template *t, struct err *err)
{
	(void)cookie;
	(void)err;
	assert(t->name != NULL && t->usages != NULL);
	assert(t->validity >= 0 && t->renew_before >= 0);
	return 0;
}

static int
look_object(
    void *cookie, const struct directory_audit_object *object, struct err *err)
{
	(void)cookie;
	(void)err;
	assert(object->dn != NULL);
	return 0;
}

static int
look_spn(void *cookie, const char *dn, const char *spn, struct err *err)
{
	(void)cookie;
	(void)err;
	assert(dn != NULL && spn != NULL);
	return 0;
}

static int
look_right(void *cookie, const struct directory_right *right, struct err *err)
{
	(void)cookie;
	(void)err;
	assert(right->object != NULL);
	return 0;
}

static int
read_object(struct directory *d, struct err *err)
{
	struct directory_object o;

	if (directory_read(d, ACCOUNT, &o, err) != 0)
		return -1;
	assert(o.dn != NULL && o.spns != NULL);
	assert(o.password_at >= 0 && o.max_age >= 0);
	directory_object_clear(&o);
	return 0;
}

static int
ensure_object(
    struct directory *d, const struct secret *password, struct err *err)
{
	const struct directory_wish wish = {.ou = OU,
	    .account = ACCOUNT,
	    .fqdn = FQDN,
	    .spns = SPNS,
	    .enctypes = 24,
	    .description = "a device"};

	return directory_ensure(d, &wish, password, err);
}

static const struct directory_wish here = {
    .ou = OU, .account = ACCOUNT, .description = "a device"};

static int
retire(struct directory *d, struct err *err)
{
	char *dn = NULL;
	int rc;

	rc = directory_retire(d, &here, DIRECTORY_DISABLED, &dn, err);
	assert((rc == 0) == (dn != NULL));
	free(dn);
	return rc;
}

static int
amended(struct directory *d, struct err *err)
{
	const struct directory_amendment a = {.dn = DN,
	    .attribute = "servicePrincipalName",
	    .drop = "HTTP/" FQDN ":16992",
	    .add = "HTTP/" FQDN ":16993"};
	bool so = false;

	return directory_amended(d, &a, &so, err);
}

static int
max_age(struct directory *d, struct err *err)
{
	int64_t seconds = -1;
	int rc = directory_max_age(d, &seconds, err);

	assert(rc != 0 || seconds >= 0);
	return rc;
}

static int
netlogon(struct directory *d, struct err *err)
{
	int rc = directory_ask_netlogon(d, err);
	const char *site = directory_site(d);

	assert(site == NULL || strpbrk(site, ". ") == NULL);
	return rc;
}

static int
ask(struct directory *d, unsigned operation, struct err *err)
{
	struct secret *password;
	int64_t number = 0;
	int rc = 0;

	password = secret_new("First-Passw0rd-1", 16);
	switch (operation % OPERATIONS) {
	case 0:
		rc = read_object(d, err);
		break;
	case 1:
		rc = ensure_object(d, password, err);
		break;
	case 2:
		rc = directory_password_set(d, DN, password, err);
		break;
	case 3:
		rc = directory_templates(d, look_template, NULL, err);
		break;
	case 4:
		rc = directory_scan(d, OU, look_object, NULL, err);
		break;
	case 5:
		rc = directory_spns(d, NULL, look_spn, NULL, err);
		break;
	case 6:
		rc = directory_rights(d, ACCOUNT, OU, look_right, NULL, err);
		break;
	case 7:
		rc = directory_time(d, &number, err);
		break;
	case 8:
		rc = directory_move(d, &here, err);
		break;
	case 9:
		rc = retire(d, err);
		break;
	case 10:
		rc = amended(d, err);
		break;
	case 11:
		rc = directory_find(d, ACCOUNT, look_object, NULL, err);
		break;
	case 12:
		rc = max_age(d, err);
		break;
	case 13:
		rc = netlogon(d, err);
		break;
	default:
		abort();
	}
	secret_free(password);
	return rc;
}

/* --- the server --- */

/* A connection whose other end has said all this and will say no more. */
static LDAP *
answered(const uint8_t *data, size_t size, int *ret_server)
{
	int ends[2], version = LDAP_VERSION3;
	LDAP *ld = NULL;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
		abort();
	if (size > 0 && send(ends[1], data, size, 0) != (ssize_t)size)
		abort();
	(void)shutdown(ends[1], SHUT_WR);
	if (ldap_init_fd(ends[0], LDAP_PROTO_TCP, NULL, &ld) != LDAP_SUCCESS)
		abort();
	ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	directory_bound(ld);
	*ret_server = ends[1];
	return ld;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char dc[] = "dc1.ad.example.test", base[] = BASE;
	static struct watchdog *dog;
	struct directory d = {.dc = dc, .base = base, .deadline_ms = DEADLINE};
	struct err err = {.kind = ERR_NONE};
	int server;

	if (size == 0 || size > ANSWER_MAX)
		return 0;
	if (dog == NULL)
		dog = watchdog_new();
	d.dog = dog;
	d.ld = answered(data + 1, size - 1, &server);
	if (ask(&d, data[0], &err) != 0)
		assert(err.kind != ERR_NONE && err.text[0] != '\0');
	ldap_unbind_ext(d.ld, NULL, NULL);
	close(server);
	return 0;
}
