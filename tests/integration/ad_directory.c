/* Every call of directory.h against a real controller, and its failures. */
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <ldap.h>

#include "ad_lab.h"
#include "buf.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "file.h"
#include "krb.h"
#include "mem.h"
#include "secret.h"

#define MAX_AGE (INT64_C(42) * 86400)
#define PSO_AGE (INT64_C(7) * 86400)
#define DNS_PORT 53
#define DNS_HEADER 12
#define SCHEMA_CLASSES_MIN 1000 /* more than one page, and than AD's limit */

#define assert_kind(call, expected)                                            \
	do {                                                                   \
		struct err e_;                                                 \
		memset(&e_, 0, sizeof(e_));                                    \
		err_ = &e_;                                                    \
		assert_int_equal((call), -1);                                  \
		if (e_.kind != (expected))                                     \
			fail_msg("%s: %s", err_kind_name(e_.kind), e_.text);   \
		snprintf(said, sizeof(said), "%s", e_.text);                   \
	} while (0)
#define assert_ok(call)                                                        \
	do {                                                                   \
		struct err e_;                                                 \
		err_ = &e_;                                                    \
		if ((call) != 0)                                               \
			fail_msg("%s: %s", err_kind_name(e_.kind), e_.text);   \
	} while (0)

static struct err *err_;
static char said[256];
static struct krb *k;
static struct directory *d;

static int
setup(void **state)
{
	(void)state;
	k = ad_krb("", AD_DEADLINE);
	d = ad_directory(k);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	directory_close(d);
	krb_close(k);
	return 0;
}

/* What a device is, with texts of its own. */
struct device {
	struct directory_wish wish;
	char *account, *fqdn, *spns, *description, *dn;
};

static char *
spns_of(const char *fqdn)
{
	return mem_printf("HTTP/%s:16993 HTTP/%s:664", fqdn, fqdn);
}

static struct device
device_new(const char *host)
{
	struct device v;

	v.account = mem_printf("%s-iME$", host);
	v.fqdn = mem_printf("%s.%s", host, ad_env("LAB_DOMAIN"));
	v.spns = spns_of(v.fqdn);
	v.description = mem_printf("Intel AMT device of %s", host);
	v.dn = mem_printf("CN=%s-iME,%s", host, ad_env("LAB_OU"));
	v.wish = (struct directory_wish){.ou = ad_env("LAB_OU"),
	    .account = v.account,
	    .fqdn = v.fqdn,
	    .spns = v.spns,
	    .enctypes = 24,
	    .description = v.description};
	return v;
}

static void
device_clear(struct device *v)
{
	free(v->account);
	free(v->fqdn);
	free(v->spns);
	free(v->description);
	free(v->dn);
}

static int
ensure(const struct device *v)
{
	struct secret *password = ad_secret("First-Passw0rd-1");
	int result = directory_ensure(d, &v->wish, password, err_);

	secret_free(password);
	return result;
}

static int
set_password(struct directory *by, const char *dn, const char *text)
{
	struct secret *password = ad_secret(text);
	int result = directory_password_set(by, dn, password, err_);

	secret_free(password);
	return result;
}

static void
the_clock(void **state)
{
	int64_t offset = INT64_MAX;

	(void)state;
	assert_ok(directory_time(d, &offset, err_));
	assert_in_range(offset + 2000, 0, 4000);
}

static void
controllers_by_dns(void **state)
{
	char *dcs = NULL;

	(void)state;
	assert_ok(directory_locate(
	    ad_env("LAB_DOMAIN"), NULL, AD_DEADLINE, &dcs, err_));
	assert_string_equal(dcs, ad_env("LAB_DC"));
	free(dcs);
	dcs = NULL;
	/* it is in both lists, and named once; a site without any has these */
	assert_ok(directory_locate(ad_env("LAB_DOMAIN"),
	    "Default-First-Site-Name", AD_DEADLINE, &dcs, err_));
	assert_string_equal(dcs, ad_env("LAB_DC"));
	free(dcs);
	dcs = NULL;
	assert_ok(directory_locate(
	    ad_env("LAB_DOMAIN"), "Nowhere", AD_DEADLINE, &dcs, err_));
	assert_string_equal(dcs, ad_env("LAB_DC"));
	free(dcs);
	dcs = NULL;
	assert_kind(directory_locate(
			"nowhere.ad.example.test", NULL, AD_SHORT, &dcs, err_),
	    ERR_NOTFOUND);
	assert_null(dcs);
}

static void
use_dns(const char *address)
{
	char *file = ad_path("resolv.conf"); /* over the system's */
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	fprintf(f, "nameserver %s\noptions timeout:1 attempts:1\n", address);
	assert_int_equal(fclose(f), 0);
	free(file);
}

static void
locate_fails(enum err_kind kind, const char *words)
{
	char *dcs = NULL;

	assert_kind(directory_locate(
			ad_env("LAB_DOMAIN"), "Branch", AD_SHORT, &dcs, err_),
	    kind);
	if (strstr(said, words) == NULL)
		fail_msg("no '%s' in: %s", words, said);
	assert_null(dcs);
}

/* Answers every question with the question: no records, or rubbish. */
static void *
echo(void *cookie)
{
	int fd = *(int *)cookie, spoil = 0;
	struct sockaddr_in from;
	socklen_t len;
	uint8_t b[512];
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(
		    fd, b, sizeof(b), 0, (struct sockaddr *)&from, &len);
		if (n < DNS_HEADER)
			return NULL;
		b[2] |= 0x80;			       /* an answer */
		b[7] = (uint8_t)(spoil++ > 1 ? 9 : 0); /* records in it */
		(void)sendto(
		    fd, b, (size_t)n, 0, (struct sockaddr *)&from, len);
	}
}

/* No server, one that is silent, one that says nothing useful. */
static void
without_dns(void **state)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	static int fd;
	pthread_t thread;

	(void)state;
	use_dns("127.0.0.98");
	locate_fails(ERR_UNREACHABLE, "(directory.dc)");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(inet_pton(AF_INET, "127.0.0.98", &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	locate_fails(ERR_UNREACHABLE, "resolv.conf");
	assert_int_equal(pthread_create(&thread, NULL, echo, &fd), 0);
	locate_fails(ERR_NOTFOUND, "does this machine use the domain's DNS?");
	locate_fails(ERR_NOTFOUND, "SRV");
	shutdown(fd, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(fd);
	use_dns(ad_env("LAB_DC_ADDRESS"));
}

static void
life_of_an_object(void **state)
{
	struct device v = device_new("pc001");
	struct directory_object o;
	int64_t usn;

	(void)state;
	assert_kind(directory_read(d, v.account, &o, err_), ERR_NOTFOUND);
	assert_ok(ensure(&v));
	assert_ok(directory_read(d, v.account, &o, err_));
	assert_string_equal(o.dn, v.dn);
	assert_string_equal(o.account, v.account);
	assert_string_equal(o.dns_host, v.fqdn);
	assert_string_equal(o.spns, v.spns);
	assert_int_equal(o.enctypes, 24);
	assert_int_equal(o.uac & 0x1000, 0x1000);
	assert_int_equal(o.kvno, 1);
	assert_int_equal(o.max_age, MAX_AGE);
	assert_true(o.password_at > 0);
	directory_object_clear(&o);

	/* Already so: nothing is written. */
	usn = ad_number(d, v.dn, "uSNChanged");
	assert_true(usn > 0);
	assert_ok(ensure(&v));
	assert_int_equal(ad_number(d, v.dn, "uSNChanged"), usn);

	assert_ok(set_password(d, v.dn, "Second-Passw0rd-2"));
	assert_ok(directory_read(d, v.account, &o, err_));
	assert_int_equal(o.kvno, 2);
	directory_object_clear(&o);
	device_clear(&v);
}

static void
follows_the_name(void **state)
{
	struct device v = device_new("pc010");
	struct directory_object o;

	(void)state;
	assert_ok(ensure(&v));
	free(v.fqdn);
	free(v.spns);
	v.fqdn = mem_printf("renamed.%s", ad_env("LAB_DOMAIN"));
	v.spns = spns_of(v.fqdn);
	v.wish.fqdn = v.fqdn;
	v.wish.spns = v.spns;
	v.wish.enctypes = 4;
	assert_ok(ensure(&v));
	assert_ok(directory_read(d, v.account, &o, err_));
	assert_string_equal(o.dn, v.dn);
	assert_string_equal(o.dns_host, v.fqdn);
	assert_string_equal(o.spns, v.spns);
	assert_int_equal(o.enctypes, 4);
	assert_int_equal(o.kvno, 1); /* the password was left alone */
	directory_object_clear(&o);
	device_clear(&v);
}

static void
names_with_special_characters(void **state)
{
	struct device v = device_new("pc011");
	struct directory_object o;

	(void)state;
	free(v.account);
	v.account = mem_dup("pc011(x)&#$iME$");
	v.wish.account = v.account;
	assert_ok(ensure(&v));
	assert_ok(directory_read(d, v.account, &o, err_));
	assert_string_equal(o.account, v.account);
	assert_ok(set_password(d, o.dn, "Second-Passw0rd-2"));
	directory_object_clear(&o);
	assert_kind(directory_read(d, "*", &o, err_), ERR_NOTFOUND);
	device_clear(&v);
}

static void
a_service_name_has_one_holder(void **state)
{
	struct device first = device_new("pc020"), second = device_new("pc021");

	(void)state;
	assert_ok(ensure(&first));
	second.wish.fqdn = first.fqdn;
	second.wish.spns = first.spns;
	assert_kind(ensure(&second), ERR_CONFLICT);
	assert_non_null(strstr(said, first.dn));
	/* also when an object that exists would get it */
	second.wish.fqdn = second.fqdn;
	second.wish.spns = second.spns;
	assert_ok(ensure(&second));
	second.wish.fqdn = first.fqdn;
	second.wish.spns = first.spns;
	assert_kind(ensure(&second), ERR_CONFLICT);
	assert_non_null(strstr(said, first.dn));
	device_clear(&first);
	device_clear(&second);
}

/* What no search of the domain finds: an account in another partition. */
static void
a_service_name_in_the_forest(void **state)
{
	struct directory *admin = ad_administrator();
	struct device v = device_new("pc025");
	char *far = mem_printf(
	    "CN=far,CN=Services,CN=Configuration,%s", ad_env("LAB_BASE"));
	char *spn = mem_printf("HTTP/%s:664", v.fqdn);

	(void)state;
	ad_add(admin, far, "computer");
	ad_set(admin, far, "servicePrincipalName", spn);
	assert_kind(ensure(&v), ERR_CONFLICT);
	assert_non_null(strstr(said, far));
	assert_non_null(strstr(said, "forest"));
	ad_set(admin, far, "servicePrincipalName", "HTTP/elsewhere:1");
	assert_ok(ensure(&v));
	device_clear(&v);
	free(spn);
	free(far);
	directory_close(admin);
}

static void
others_objects_are_left_alone(void **state)
{
	struct directory *admin = ad_administrator();
	struct device v = device_new("pc030");
	char *other = mem_printf("OU=Other,%s", ad_env("LAB_BASE"));
	struct secret *password = ad_secret("First-Passw0rd-1");

	(void)state;
	/* elsewhere */
	v.wish.ou = other;
	assert_ok(directory_ensure(admin, &v.wish, password, err_));
	v.wish.ou = ad_env("LAB_OU");
	assert_kind(ensure(&v), ERR_CONFLICT);
	assert_non_null(strstr(said, other));
	device_clear(&v);

	/* here, but someone else's */
	v = device_new("pc031");
	assert_ok(ensure(&v));
	ad_set(admin, v.dn, "description", "the printer");
	assert_kind(ensure(&v), ERR_CONFLICT);
	assert_non_null(strstr(said, "the printer"));

	/* disabled by an administrator */
	ad_set(admin, v.dn, "description", v.description);
	ad_set(admin, v.dn, "userAccountControl", "4098");
	assert_kind(ensure(&v), ERR_REFUSED);
	device_clear(&v);

	/* the OU is not there */
	v = device_new("pc032");
	v.wish.ou = "OU=Nowhere,DC=ad,DC=example,DC=test";
	assert_kind(ensure(&v), ERR_NOTFOUND);
	device_clear(&v);
	secret_free(password);
	free(other);
	directory_close(admin);
}

/* Only with our mark, only where we may; its password and key stay. */
static void
to_another_ou(void **state)
{
	struct directory *admin = ad_administrator();
	struct device v = device_new("pc035");
	char *branch = mem_printf("OU=Branch\\, west,%s", ad_env("LAB_OU"));
	char *other = mem_printf("OU=Other,%s", ad_env("LAB_BASE"));
	struct directory_object o;

	(void)state;
	ad_add(admin, branch, "organizationalUnit");
	assert_ok(ensure(&v));
	v.wish.ou = other; /* no right there */
	assert_kind(directory_move(d, &v.wish, err_), ERR_DENIED);
	v.wish.ou = branch;
	v.wish.description = "Intel AMT device of another";
	assert_kind(directory_move(d, &v.wish, err_), ERR_CONFLICT);
	assert_non_null(strstr(said, v.dn));
	v.wish.former_description = v.description;
	assert_ok(directory_move(d, &v.wish, err_));
	assert_ok(directory_move(d, &v.wish, err_)); /* done already */
	assert_ok(directory_read(d, v.account, &o, err_));
	assert_string_equal(directory_parent(o.dn), branch);
	assert_int_equal(o.kvno, 1);
	directory_object_clear(&o);
	v.wish.ou = "OU=Nowhere,DC=ad,DC=example,DC=test";
	assert_kind(directory_move(d, &v.wish, err_), ERR_NOTFOUND);
	v.wish.account = "nobody-iME$";
	v.wish.ou = branch;
	assert_kind(directory_move(d, &v.wish, err_), ERR_NOTFOUND);
	device_clear(&v);
	free(branch);
	free(other);
	directory_close(admin);
}

static int
retire(const struct device *v, enum directory_end_of end)
{
	char *dn = NULL;
	int result = directory_retire(d, &v->wish, end, &dn, err_);

	if (result == 0)
		assert_string_equal(dn, v->dn);
	free(dn);
	return result;
}

/* A device leaves: what is not marked as its, or has others below, stays. */
static void
disabled_and_deleted(void **state)
{
	struct directory *admin = ad_administrator();
	struct device v = device_new("pc036");
	struct directory_object o;
	char *below = mem_printf("CN=below,%s", v.dn);

	(void)state;
	assert_ok(ensure(&v));
	ad_set(admin, v.dn, "description", "the printer");
	assert_kind(retire(&v, DIRECTORY_DISABLED), ERR_CONFLICT);
	assert_kind(retire(&v, DIRECTORY_DELETED), ERR_CONFLICT);
	ad_set(admin, v.dn, "description", v.description);
	assert_ok(retire(&v, DIRECTORY_DISABLED));
	assert_ok(retire(&v, DIRECTORY_DISABLED));
	assert_ok(directory_read(d, v.account, &o, err_));
	assert_int_equal(o.uac, 4096 | 2);
	directory_object_clear(&o);

	ad_add(admin, below, "serviceConnectionPoint");
	assert_kind(retire(&v, DIRECTORY_DELETED), ERR_REFUSED);
	assert_non_null(strstr(said, "no tree is deleted"));
	assert_int_equal(
	    ldap_delete_ext_s(admin->ld, below, NULL, NULL), LDAP_SUCCESS);
	assert_ok(retire(&v, DIRECTORY_DELETED));
	assert_kind(retire(&v, DIRECTORY_DELETED), ERR_NOTFOUND);
	device_clear(&v);
	free(below);
	directory_close(admin);
}

static void
no_right_no_change(void **state)
{
	struct krb *other = ad_krb("NONE_", AD_DEADLINE);
	struct device v = device_new("pc040"), next = device_new("pc041");
	struct secret *password = ad_secret("First-Passw0rd-1");
	struct directory *weak;

	(void)state;
	assert_ok(ensure(&v));
	weak = ad_directory(other);
	assert_kind(set_password(weak, v.dn, "Second-Passw0rd-2"), ERR_DENIED);
	assert_kind(
	    directory_ensure(weak, &next.wish, password, err_), ERR_DENIED);
	assert_true(directory_alive(weak));
	assert_kind(set_password(d, "CN=nobody,DC=ad,DC=example,DC=test", "x"),
	    ERR_NOTFOUND);
	directory_close(weak);
	krb_close(other);
	/* closing took this thread's tickets away */
	assert_ok(krb_login(k, err_));
	secret_free(password);
	device_clear(&v);
	device_clear(&next);
}

static void
wishes_that_make_no_sense(void **state)
{
	struct device v = device_new("pc050");

	(void)state;
	v.wish.account = "nodollar";
	assert_kind(ensure(&v), ERR_INVALID);
	v.wish.account = v.account;
	v.wish.fqdn = "no host name";
	assert_kind(ensure(&v), ERR_INVALID);
	v.wish.fqdn = NULL;
	assert_kind(ensure(&v), ERR_INVALID);
	v.wish.fqdn = v.fqdn;
	v.wish.spns = NULL;
	assert_kind(ensure(&v), ERR_INVALID);
	v.wish.spns = v.spns;
	v.wish.ou = NULL;
	assert_kind(ensure(&v), ERR_INVALID);
	v.wish.ou = ad_env("LAB_OU");
	v.wish.description = "";
	assert_kind(ensure(&v), ERR_INVALID);
	device_clear(&v);
}

static void
policies(void **state)
{
	struct directory *admin = ad_administrator();
	struct directory_object o;

	(void)state;
	/* a user object obeys its password settings object */
	assert_ok(directory_read(d, "amt-user", &o, err_));
	assert_int_equal(o.max_age, PSO_AGE);
	assert_int_equal(o.expires_at, o.password_at + PSO_AGE);
	assert_true(strncmp(o.settings, "CN=AMT-Users,", 13) == 0);
	assert_kind(set_password(admin, o.dn, "abc"), ERR_REFUSED);
	assert_non_null(strstr(said, "policy"));
	directory_object_clear(&o);
	/* an ordinary user obeys the domain */
	assert_ok(directory_read(d, "operator", &o, err_));
	assert_int_equal(o.max_age, MAX_AGE);
	assert_null(o.settings);
	assert_int_equal(o.expires_at, 0); /* its flags say so */
	directory_object_clear(&o);
	directory_close(admin);
}

static int
count(void *cookie, struct directory *by, LDAPMessage *entry, struct err *err)
{
	(void)by;
	(void)entry;
	(void)err;
	++*(int *)cookie;
	return 0;
}

static void
more_than_a_page(void **state)
{
	static const char *const attributes[] = {"cn", NULL};
	char *schema =
	    mem_printf("CN=Schema,CN=Configuration,%s", ad_env("LAB_BASE"));
	struct directory_query q = {.base = schema,
	    .scope = LDAP_SCOPE_ONELEVEL,
	    .filter = "(objectClass=*)",
	    .attributes = attributes};
	int n = 0;

	(void)state;
	assert_ok(directory_search(d, &q, count, &n, err_));
	assert_true(n > SCHEMA_CLASSES_MIN);
	free(schema);
}

static struct directory_conf
ldaps_conf(void)
{
	static char who[128];

	snprintf(who, sizeof(who), "svc-amt@%s", ad_env("LAB_DOMAIN"));
	return (struct directory_conf){.dc = ad_env("LAB_DC"),
	    .base = ad_env("LAB_BASE"),
	    .ldaps = true,
	    .ca_file = ad_env("LAB_CA"),
	    .bind_dn = who,
	    .password_file = ad_env("LAB_PASSWORD_FILE"),
	    .deadline_ms = AD_DEADLINE};
}

/* What it says of itself and of us. */
static void
where_we_are(void **state)
{
	(void)state;
	assert_true(directory_writable(d));
	assert_true(directory_near(d));
	assert_string_equal(directory_site(d), "Default-First-Site-Name");
	assert_string_equal(directory_controller(d), ad_env("LAB_DC"));
}

static void
over_tls(bool starttls, const char *host)
{
	struct directory_conf conf = ldaps_conf();
	struct directory *tls = NULL;
	struct directory_object o;
	struct device v = device_new(host);

	conf.ldaps = !starttls;
	conf.starttls = starttls;
	assert_ok(directory_open(&conf, &tls, err_));
	assert_ok(ensure(&v));
	assert_ok(set_password(tls, v.dn, "Second-Passw0rd-2"));
	assert_ok(directory_read(tls, v.account, &o, err_));
	assert_int_equal(o.kvno, 2);
	directory_object_clear(&o);
	directory_close(tls);
	device_clear(&v);
}

static void
over_ldaps(void **state)
{
	(void)state;
	over_tls(false, "pc060");
}

static void
over_starttls(void **state)
{
	(void)state;
	over_tls(true, "pc061");
}

/* A CA that signed nothing here. */
static char *
foreign_ca(void)
{
	char *file = ad_path("foreign.pem");
	char *command = mem_printf("openssl req -x509 -newkey ec -pkeyopt "
				   "ec_paramgen_curve:P-256 -nodes -subj "
				   "/CN=Foreign -keyout /dev/null -out %s "
				   "2>/dev/null",
	    file);

	assert_int_equal(system(command), 0);
	free(command);
	return file;
}

static void
tls_to_the_wrong_party(void **state)
{
	struct directory_conf conf = ldaps_conf();
	struct directory *tls = NULL;
	char *ca = foreign_ca();

	(void)state;
	conf.ca_file = ca;
	assert_kind(directory_open(&conf, &tls, err_), ERR_UNTRUSTED);
	conf.ldaps = false;
	conf.starttls = true;
	assert_kind(directory_open(&conf, &tls, err_), ERR_UNTRUSTED);
	conf = ldaps_conf();
	conf.dc =
	    "dc1"; /* the right address, a name it has no certificate for */
	assert_kind(directory_open(&conf, &tls, err_), ERR_UNTRUSTED);
	conf = ldaps_conf();
	conf.ca_file = "/nonexistent/ca.pem";
	assert_kind(directory_open(&conf, &tls, err_), ERR_INVALID);
	assert_null(tls);
	free(ca);
}

static void
wrong_credentials(void **state)
{
	struct directory_conf conf = ldaps_conf();
	char *file = ad_path("wrong.password");
	struct directory *by = NULL;

	(void)state;
	assert_ok(file_write(file, "wrong\n", 6, 0600, false, err_));
	conf.password_file = file;
	assert_kind(directory_open(&conf, &by, err_), ERR_DENIED);
	assert_non_null(strstr(said, "wrong password"));
	conf = ldaps_conf();
	conf.ldaps = false;
	assert_kind(directory_open(&conf, &by, err_), ERR_INVALID);
	assert_null(by);
	free(file);
}

static void
nobody_listens(void **state)
{
	struct directory_conf conf = {
	    .dc = "localhost", .deadline_ms = AD_SHORT};
	struct directory *by = NULL;

	(void)state;
	assert_kind(directory_open(&conf, &by, err_), ERR_UNREACHABLE);
	assert_null(by);
}

/*
 * A controller that accepts and says nothing.  Each of these would wait for
 * ever, or for half a minute; the test's own limit is what would notice.
 */
static void
silent_controller(void **state)
{
	struct directory_conf plain = {
	    .dc = ad_env("LAB_DC"), .deadline_ms = AD_SHORT};
	struct directory_conf tls = ldaps_conf();
	struct device v = device_new("pc070");
	struct directory *by = NULL;
	struct directory_object o;

	(void)state;
	assert_ok(ensure(&v));
	tls.deadline_ms = AD_SHORT;
	d->deadline_ms = AD_SHORT;
	ad_stop();
	assert_kind(directory_open(&tls, &by, err_), ERR_UNREACHABLE);
	assert_non_null(strstr(said, "did not answer"));
	tls.ldaps = false;
	tls.starttls = true;
	assert_kind(directory_open(&tls, &by, err_), ERR_UNREACHABLE);
	assert_non_null(strstr(said, "did not answer"));
	assert_kind(directory_open(&plain, &by, err_), ERR_UNREACHABLE);
	assert_non_null(strstr(said, "did not answer"));
	assert_null(by);
	assert_true(directory_alive(d));
	/* the request has left, so what became of it is not known */
	assert_kind(set_password(d, v.dn, "Second-Passw0rd-2"), ERR_UNKNOWN);
	assert_false(directory_alive(d));
	assert_kind(directory_read(d, v.account, &o, err_), ERR_UNREACHABLE);
	ad_continue();
	directory_close(d);
	d = ad_directory(k);
	assert_ok(directory_read(d, v.account, &o, err_));
	directory_object_clear(&o);
	device_clear(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_clock),
	    cmocka_unit_test(controllers_by_dns),
	    cmocka_unit_test(without_dns),
	    cmocka_unit_test(life_of_an_object),
	    cmocka_unit_test(follows_the_name),
	    cmocka_unit_test(names_with_special_characters),
	    cmocka_unit_test(a_service_name_has_one_holder),
	    cmocka_unit_test(a_service_name_in_the_forest),
	    cmocka_unit_test(others_objects_are_left_alone),
	    cmocka_unit_test(to_another_ou),
	    cmocka_unit_test(disabled_and_deleted),
	    cmocka_unit_test(no_right_no_change),
	    cmocka_unit_test(wishes_that_make_no_sense),
	    cmocka_unit_test(policies),
	    cmocka_unit_test(more_than_a_page),
	    cmocka_unit_test(where_we_are),
	    cmocka_unit_test(over_ldaps),
	    cmocka_unit_test(over_starttls),
	    cmocka_unit_test(tls_to_the_wrong_party),
	    cmocka_unit_test(wrong_credentials),
	    cmocka_unit_test(nobody_listens),
	    cmocka_unit_test(silent_controller),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
