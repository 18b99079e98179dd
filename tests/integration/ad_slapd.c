/*
 * What no Active Directory controller can be made to show, by a real LDAP
 * server that is none (tests/lab/labslapd): each fault has its own error, which
 * says what to do, and what was written or not can be told afterwards.
 */
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <ldap.h>

#include "ad_lab.h"
#include "audit.h"
#include "conf.h"
#include "daemon.h"
#include "desk.h"
#include "directory.h"
#include "directory_internal.h"
#include "err.h"
#include "mem.h"
#include "secret.h"

#define OBJECTS 40
#define LIMIT 5
#define PORT 636
#define CHUNK 4096
#define ALL INT64_MAX

static struct directory *d;
static struct err err;

/* --- a way to it that breaks -------------------------------------------------
 */

static struct {
	pthread_mutex_t lock;
	int64_t up, down; /* bytes that may still pass, to it and back */
} wire = {PTHREAD_MUTEX_INITIALIZER, ALL, ALL};

static void
wire_allow(int64_t up, int64_t down)
{
	pthread_mutex_lock(&wire.lock);
	wire.up = up;
	wire.down = down;
	pthread_mutex_unlock(&wire.lock);
}

static struct sockaddr_in
address_of(const char *name)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(PORT)};

	assert_int_equal(inet_pton(AF_INET, ad_env(name), &a.sin_addr), 1);
	return a;
}

/* Some of what has come; false at the end, of it or of what may pass. */
static bool
carry(int from, int to, int64_t *left)
{
	char bytes[CHUNK];
	ssize_t n = recv(from, bytes, sizeof(bytes), 0);
	bool ends;

	if (n <= 0)
		return false;
	pthread_mutex_lock(&wire.lock);
	ends = n >= *left;
	if (ends)
		n = (ssize_t)*left;
	if (*left != ALL)
		*left -= n;
	pthread_mutex_unlock(&wire.lock);
	if (n > 0 && send(to, bytes, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	return !ends;
}

static void
join(int client, int server)
{
	struct pollfd p[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
	bool open = true;

	while (open && poll(p, 2, -1) > 0) {
		if (p[0].revents != 0)
			open = carry(client, server, &wire.up);
		if (open && p[1].revents != 0)
			open = carry(server, client, &wire.down);
	}
}

/* One connection after the other. */
static void *
carrier(void *cookie)
{
	struct sockaddr_in to = address_of("LAB_SLAPD_ADDRESS");
	int listener = *(int *)cookie, client, server;

	while ((client = accept(listener, NULL, NULL)) >= 0) {
		server = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(server, (struct sockaddr *)&to, sizeof(to)) == 0)
			join(client, server);
		close(server);
		close(client);
	}
	return NULL;
}

static void
start_carrier(void)
{
	struct sockaddr_in at = address_of("LAB_SLAPD_CUT_ADDRESS");
	static int listener;
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 16), 0);
	assert_int_equal(pthread_create(&thread, NULL, carrier, &listener), 0);
	pthread_detach(thread);
}

/* --- words ------------------------------------------------------------------
 */

static struct directory *
open_as(const char *host, const char *who)
{
	struct directory_conf conf = {.dc = ad_env(host),
	    .ldaps = true,
	    .ca_file = ad_env("LAB_CA"),
	    .bind_dn = ad_env(who),
	    .password_file = ad_env("LAB_SLAPD_PASSWORD_FILE"),
	    .deadline_ms = AD_DEADLINE};
	struct directory *by = NULL;

	if (directory_open(&conf, &by, &err) != 0)
		fail_msg("%s: %s", host, err.text);
	return by;
}

static int
setup(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN); /* as the program does */
	start_carrier();
	d = open_as("LAB_SLAPD", "LAB_SLAPD_BIND");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	directory_close(d);
	return 0;
}

static void
is_told(int result, enum err_kind kind, const char *words)
{
	assert_int_equal(result, -1);
	if (err.kind != kind || strstr(err.text, words) == NULL)
		fail_msg("%s, '%s', not %s: %s", err_kind_name(kind), words,
		    err_kind_name(err.kind), err.text);
	err_clear(&err);
}

/* Of an object, or of a fault. */
static char *
dn_of(const char *name)
{
	bool object = strncmp(name, "pc", 2) == 0;

	return mem_printf("cn=%s,ou=%s,%s", name, object ? "AMT" : "Faults",
	    ad_env("LAB_SLAPD_BASE"));
}

/* One value of an object is another; of a fault's object, the fault. */
static int
amend(struct directory *by, const char *name, const char *attribute,
    const char *drop, const char *add)
{
	char *dn = dn_of(name);
	const struct directory_amendment a = {
	    .dn = dn, .attribute = attribute, .drop = drop, .add = add};
	int result = directory_amend(by, &a, &err);

	free(dn);
	return result;
}

static bool
is_so(const char *name, const char *attribute, const char *value)
{
	char *dn = dn_of(name);
	const struct directory_amendment a = {
	    .dn = dn, .attribute = attribute, .add = value};
	bool so = false;

	if (directory_amended(d, &a, &so, &err) != 0)
		fail_msg("%s", err.text);
	free(dn);
	return so;
}

static int
set_password(struct directory *by, const char *name)
{
	struct secret *password = ad_secret("Second-Passw0rd-2");
	char *dn = dn_of(name);
	int result = directory_password_set(by, dn, password, &err);

	secret_free(password);
	free(dn);
	return result;
}

static int
find(struct directory *by, const char *name)
{
	char *dn = dn_of(name), *found = NULL;
	int result = directory_dn(by, dn, &found, &err);

	free(found);
	free(dn);
	return result;
}

static int
count(void *cookie, const struct directory_audit_object *o, struct err *e)
{
	(void)o;
	(void)e;
	++*(int *)cookie;
	return 0;
}

static int
scan(struct directory *by, int *ret_seen)
{
	*ret_seen = 0;
	return directory_scan(
	    by, ad_env("LAB_SLAPD_BASE"), count, ret_seen, &err);
}

/* --- faults -----------------------------------------------------------------
 */

/* Else nothing here shows anything. */
static void
without_a_fault(void **state)
{
	struct directory_object o;
	int seen;

	(void)state;
	assert_string_equal(d->base, ad_env("LAB_SLAPD_BASE"));
	assert_int_equal(directory_read(d, "pc1$", &o, &err), 0);
	assert_int_equal(o.kvno, 1);
	assert_int_equal(o.max_age, 42 * 86400);
	directory_object_clear(&o);
	assert_int_equal(scan(d, &seen), 0); /* past a referral */
	assert_int_equal(seen, OBJECTS + 1);
	assert_int_equal(set_password(d, "pc1"), 0);
}

static void
limits(void **state)
{
	struct directory *limited = open_as("LAB_SLAPD", "LAB_SLAPD_LIMITED");
	int seen;

	(void)state;
	is_told(scan(limited, &seen), ERR_LIMIT, "raise its limit");
	assert_in_range(seen, 0, LIMIT);
	/* what is below it works on */
	assert_int_equal(find(limited, "pc3"), 0);
	is_told(find(d, "timelimit"), ERR_LIMIT, "raise its limit");
	is_told(find(d, "adminlimit"), ERR_LIMIT, "raise its limit");
	assert_true(directory_alive(d));
	directory_close(limited);
}

/* Certainly not done, so that another controller may be asked. */
static void
busy(void **state)
{
	(void)state;
	is_told(find(d, "busy"), ERR_UNREACHABLE, "busy");
	is_told(set_password(d, "busy"), ERR_UNREACHABLE, "busy");
	assert_true(directory_alive(d));
	is_told(set_password(d, "unavailable"), ERR_UNREACHABLE, "shutting");
	assert_false(directory_alive(d));
	directory_close(d);
	d = open_as("LAB_SLAPD", "LAB_SLAPD_BIND");
}

static void
referrals(void **state)
{
	const struct directory_amendment elsewhere = {
	    .dn = "cn=pc1,dc=elsewhere",
	    .attribute = "description",
	    .add = "x"};

	(void)state;
	is_told(set_password(d, "referral"), ERR_REFUSED, "writable");
	is_told(directory_amend(d, &elsewhere, &err), ERR_REFUSED, "writable");
}

static void
refusals(void **state)
{
	struct directory *limited = open_as("LAB_SLAPD", "LAB_SLAPD_LIMITED");

	(void)state;
	is_told(amend(d, "pc2", "unheardOf", NULL, "1"), ERR_REFUSED,
	    "the schema of the directory has no such attribute");
	is_told(amend(d, "pc2", "userAccountControl", "4096", "many"),
	    ERR_REFUSED, "the schema does not allow this form");
	is_told(amend(d, "pc2", "ou", NULL, "there"), ERR_REFUSED,
	    "the schema does not allow this");
	assert_true(is_so("pc2", "userAccountControl", "4096"));
	is_told(amend(limited, "pc2", "description", NULL, "x"), ERR_DENIED,
	    "delegate it");
	is_told(set_password(d, "unwilling"), ERR_REFUSED, "will not do this");
	is_told(set_password(d, "pcx"), ERR_NOTFOUND, "no such object");
	is_told(amend(d, "pc2", "description", "another", "x"), ERR_CONFLICT,
	    "not there any more");
	/* what it is nobody can say, so it is no success either */
	is_told(set_password(d, "other"), ERR_PROTOCOL, "");
	assert_true(directory_alive(d));
	directory_close(limited);
}

/* Of its threads, are all stopped? A signal takes its time. */
static bool
is_stopped(pid_t pid)
{
	char *pattern = mem_printf("/proc/%d/task/*/stat", (int)pid);
	char line[256], *state;
	bool stopped = true;
	glob_t tasks;
	size_t i;
	FILE *f;

	assert_int_equal(glob(pattern, 0, NULL, &tasks), 0);
	for (i = 0; i < tasks.gl_pathc; i++) {
		f = fopen(tasks.gl_pathv[i], "r");
		if (f == NULL)
			continue;
		state = fgets(line, sizeof(line), f) == NULL
		    ? NULL
		    : strrchr(line, ')');
		stopped = stopped && state != NULL && state[2] == 'T';
		(void)fclose(f);
	}
	globfree(&tasks);
	free(pattern);
	return stopped;
}

/* It answers, but later than anybody waits; or is silent, and does it then. */
static void
slow(void **state)
{
	struct directory *brief = open_as("LAB_SLAPD", "LAB_SLAPD_BIND");
	pid_t pid = (pid_t)atoi(ad_env("LAB_SLAPD_PID"));

	(void)state;
	brief->deadline_ms = AD_SHORT; /* now that it has answered */
	is_told(set_password(brief, "slow"), ERR_UNKNOWN, "did not answer");
	assert_false(directory_alive(brief));
	directory_close(brief);
	brief = open_as("LAB_SLAPD", "LAB_SLAPD_BIND");
	brief->deadline_ms = AD_SHORT;
	assert_true(pid > 1 && kill(pid, SIGSTOP) == 0);
	while (!is_stopped(pid))
		usleep(1000);
	is_told(amend(brief, "pc4", "description", NULL, "late"), ERR_UNKNOWN,
	    "did not answer within");
	assert_int_equal(kill(pid, SIGCONT), 0);
	directory_close(brief);
	/* unknown, and found out: it was done */
	while (!is_so("pc4", "description", "late"))
		usleep(10000);
}

/* The request is lost, the answer is, or its end; at every length of them. */
static void
cut_in_the_middle(void **state)
{
	struct directory *by;
	char value[24];
	int64_t at;
	int done = 0, lost = 0;

	(void)state;
	for (at = 0; at < 240; at += 30) {
		wire_allow(ALL, ALL);
		by = open_as("LAB_SLAPD_CUT", "LAB_SLAPD_BIND");
		/* some 90 octets there, and some 40 back */
		wire_allow(at < 120 ? at : ALL, at < 120 ? ALL : at / 6 - 20);
		snprintf(value, sizeof(value), "cut-%lld", (long long)at);
		is_told(amend(by, "pc5", "description", NULL, value),
		    ERR_UNKNOWN, "before it answered");
		assert_false(directory_alive(by));
		if (is_so("pc5", "description", value))
			done++;
		else
			lost++;
		directory_close(by);
	}
	/* both happen, and which it was is found out */
	assert_true(done >= 3);
	assert_true(lost >= 3);
}

/* A page that does not come whole is none. */
static void
half_a_list(void **state)
{
	struct directory *by;
	int seen;

	(void)state;
	wire_allow(ALL, ALL);
	by = open_as("LAB_SLAPD_CUT", "LAB_SLAPD_BIND");
	wire_allow(ALL, 5000);
	is_told(scan(by, &seen), ERR_UNREACHABLE, "cannot be reached");
	assert_int_equal(seen, 0);
	directory_close(by);
	wire_allow(ALL, ALL);
	by = open_as("LAB_SLAPD_CUT", "LAB_SLAPD_BIND");
	assert_int_equal(scan(by, &seen), 0);
	assert_int_equal(seen, OBJECTS + 1);
	directory_close(by);
}

static void
hung_up(void **state)
{
	struct directory *by = open_as("LAB_SLAPD", "LAB_SLAPD_BIND");

	(void)state;
	is_told(set_password(by, "cut"), ERR_UNKNOWN, "before it answered");
	assert_false(directory_alive(by));
	directory_close(by);
}

/* --- what the desks make of it ----------------------------------------------
 */

struct work {
	const char *name;
	int calls;
};

static int
write_once(
    void *cookie, struct krb *krb, struct directory *directory, struct err *e)
{
	struct work *w = cookie;
	int result;

	(void)krb;
	w->calls++;
	result = set_password(directory, w->name);
	*e = err;
	return result;
}

/* Not done: again, with a new connection. Perhaps done: never by itself. */
static void
again_or_never(void **state)
{
	struct conf conf = {.domain = mem_dup(ad_env("LAB_DOMAIN")),
	    .realm = mem_dup(ad_env("LAB_REALM")),
	    .principal = mem_dup(ad_env("LAB_PRINCIPAL")),
	    .keytab = mem_dup(ad_env("LAB_KEYTAB")),
	    .dc = mem_dup(ad_env("LAB_SLAPD")),
	    .transport = mem_dup("ldaps"),
	    .ldap_ca = mem_dup(ad_env("LAB_CA")),
	    .bind_dn = mem_dup(ad_env("LAB_SLAPD_BIND")),
	    .bind_password_file = mem_dup(ad_env("LAB_SLAPD_PASSWORD_FILE")),
	    .directory_timeout = AD_DEADLINE / 1000};
	static const struct {
		const char *name;
		int calls;
		enum err_kind kind;
	} cases[] = {{"pc6", 1, ERR_NONE}, {"cut", 1, ERR_UNKNOWN},
	    {"unwilling", 1, ERR_REFUSED}, {"busy", 2, ERR_UNREACHABLE}};
	struct office *office = office_new(&conf);
	struct desk *desk = desk_new(office);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct work w = {.name = cases[i].name};
		struct desk_job job = {
		    .need = DESK_DIRECTORY, .fn = write_once, .cookie = &w};
		struct err e;

		err_clear(&err);
		(void)desk_work(desk, &job, &e);
		if (e.kind != cases[i].kind || w.calls != cases[i].calls)
			fail_msg("%s: %d calls, %s: %s", w.name, w.calls,
			    err_kind_name(e.kind), e.text);
	}
	desk_free(desk);
	office_free(office);
	free(conf.domain);
	free(conf.realm);
	free(conf.principal);
	free(conf.keytab);
	free(conf.dc);
	free(conf.transport);
	free(conf.ldap_ca);
	free(conf.bind_dn);
	free(conf.bind_password_file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(without_a_fault),
	    cmocka_unit_test(limits),
	    cmocka_unit_test(busy),
	    cmocka_unit_test(referrals),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(slow),
	    cmocka_unit_test(cut_in_the_middle),
	    cmocka_unit_test(half_a_list),
	    cmocka_unit_test(hung_up),
	    cmocka_unit_test(again_or_never),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
