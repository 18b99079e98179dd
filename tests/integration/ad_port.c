/* The engine's ports over directory and krb, through loop and workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ad_conf.h"
#include "ad_lab.h"
#include "buf.h"
#include "conf.h"
#include "daemon.h"
#include "device.h"
#include "directory.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "secret.h"
#include "str.h"

#define TOKEN_MAX 65536
#define MANY 40
#define TRIES 400
#define PAUSE_US 50000

static struct loop *loop;
static struct conf conf;
static struct ports ports;
static bool by_ticket; /* the last look */

/* How many done() are still to come, and what the last one said. */
static int waiting;
static struct err last;

static void
done(void *cookie, const struct err *err)
{
	(void)cookie;
	last = *err;
	if (--waiting == 0)
		loop_stop(loop);
}

static void
wait_for(int count)
{
	waiting += count;
	loop_run(loop);
	assert_int_equal(waiting, 0);
}

static void
wait_kind(enum err_kind kind)
{
	wait_for(1);
	if (last.kind != kind)
		fail_msg("%s: %s", err_kind_name(last.kind), last.text);
}

static int
setup(void **state)
{
	struct err err;

	(void)state;
	ad_conf(&conf);
	loop = loop_new(&err);
	return loop != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	ad_conf_clear(&conf);
	loop_free(loop);
	return 0;
}

static int
plug(void **state)
{
	struct err err;

	(void)state;
	memset(&ports, 0, sizeof(ports));
	return port_directory_new(loop, &conf, &ports, &err);
}

static int
unplug(void **state)
{
	(void)state;
	port_directory_free(&ports);
	return ports.kdc.self == NULL ? 0 : -1;
}

/* What an object is to be, with texts of its own. */
struct wanted {
	struct port_object object;
	char *account, *fqdn, *spns;
	struct device *into;
};

static void
want(struct wanted *w, const char *host, const char *mark)
{
	w->account = mem_printf("%s-iME$", host);
	w->fqdn = mem_printf("%s.%s", host, ad_env("LAB_DOMAIN"));
	w->spns = mem_printf("HTTP/%s:16992 HTTP/%s:16993", w->fqdn, w->fqdn);
	w->object = (struct port_object){.account = w->account,
	    .ou = ad_env("LAB_OU"),
	    .fqdn = w->fqdn,
	    .spns = w->spns,
	    .enctypes = 24,
	    .mark = mark};
	w->into = device_new(w->fqdn);
}

static void
want_no_more(struct wanted *w)
{
	device_free(w->into);
	free(w->account);
	free(w->fqdn);
	free(w->spns);
}

static void
ensure(struct wanted *w, const struct secret *password, enum err_kind kind)
{
	struct port_directory *p = &ports.directory;

	w->object.password_if_new = password;
	p->ensure(p->self, &w->object, done, NULL);
	wait_kind(kind);
}

static void
look(struct device *d, const char *account, enum err_kind kind)
{
	struct port_directory *p = &ports.directory;

	p->look(p->self, account, NULL, d, &by_ticket, done, NULL);
	wait_kind(kind);
}

static void
set_password(const struct device *d, const struct secret *password)
{
	struct port_directory *dir = &ports.directory;
	const struct port_password where = {
	    .account = d->ad_account, .dn = d->ad_dn};

	dir->password_set(dir->self, &where, password, done, NULL);
	wait_kind(ERR_NONE);
}

static void
life_of_a_device(void **state)
{
	struct secret *first = ad_secret("First-Passw0rd-1");
	struct secret *second = ad_secret("Second-Passw0rd-2");
	struct port_kdc *kdc = &ports.kdc;
	int64_t offset = INT64_MAX, rounds = 0;
	struct wanted w;
	struct device *d;
	char *salt = NULL;

	(void)state;
	want(&w, "port1", "device 1");
	d = w.into;
	look(d, "port1-iME$", ERR_NOTFOUND);
	assert_null(d->ad_dn);
	assert_int_equal(d->ad_read_at, 0);
	ensure(&w, NULL, ERR_NOTFOUND); /* nothing to make it with */
	ensure(&w, first, ERR_NONE);
	look(d, "port1-iME$", ERR_NONE);
	assert_string_equal(d->ad_account, "port1-iME$");
	assert_string_equal(d->ad_dns_host, w.fqdn);
	assert_string_equal(d->ad_spns, w.spns);
	assert_int_equal(d->ad_enctypes, 24);
	assert_int_equal(d->ad_kvno, 1);
	assert_int_equal(d->ad_max_age, INT64_C(42) * 86400);
	assert_true(d->ad_read_at > 0);

	set_password(d, second);
	kdc->check_password(kdc->self, d->ad_account, NULL, first, done, NULL);
	wait_kind(ERR_DENIED);
	kdc->check_password(kdc->self, d->ad_account, NULL, second, done, NULL);
	wait_kind(ERR_NONE);

	kdc->look_salt(
	    kdc->self, d->ad_account, NULL, &salt, &rounds, done, NULL);
	wait_kind(ERR_NONE);
	assert_non_null(strstr(salt, "hostport1-ime."));
	assert_int_equal(rounds, 4096);
	kdc->look_time(kdc->self, &offset, done, NULL);
	wait_kind(ERR_NONE);
	assert_in_range(offset + 1000, 0, 2000);
	free(salt);
	secret_free(first);
	secret_free(second);
	want_no_more(&w);
}

/* More devices proving at once than there are desks, all wrongly, in another
 * order; one is given up.  (Right answers: ad_krb, and the whole cycle.) */
static void
proofs(void **state)
{
	enum { DEVICES = 5 };
	struct port_kdc *kdc = &ports.kdc;
	struct port_proof *proof[DEVICES] = {NULL}, *none = NULL;
	struct buf text[DEVICES], decoy;
	struct wanted w;
	int i;

	(void)state;
	want(&w, "port1", "device 1");
	buf_init(&decoy, TOKEN_MAX);
	w.spns[strcspn(w.spns, " ")] = '\0';
	for (i = 0; i < DEVICES; i++) {
		buf_init(&text[i], TOKEN_MAX);
		kdc->token(
		    kdc->self, w.spns, NULL, &text[i], &proof[i], done, NULL);
	}
	kdc->decoy(kdc->self, w.spns, &decoy, done, NULL);
	wait_for(DEVICES + 1);
	assert_true(decoy.len > 100);
	kdc->token(kdc->self, "HTTP/nobody.example.test:1", NULL, &decoy, &none,
	    done, NULL);
	wait_kind(ERR_NOTFOUND);
	assert_null(none);
	for (i = DEVICES - 1; i > 0; i--) {
		assert_true(text[i].len > 100);
		kdc->verify(kdc->self, proof[i],
		    i % 2 == 0 ? "" : buf_text(&text[i]), done, NULL);
		wait_kind(ERR_UNTRUSTED);
	}
	for (i = 0; i < DEVICES; i++) {
		kdc->proof_free(kdc->self, proof[i]);
		buf_free(&text[i]);
	}
	kdc->proof_free(kdc->self, NULL);
	buf_free(&decoy);
	want_no_more(&w);
}

static void
judged(void *cookie, const struct err *err)
{
	*(enum err_kind *)cookie = err->kind;
	loop_stop(loop);
}

/* An answer is judged while the controller says nothing, whoever else waits
 * for it. */
static void
verify_needs_nobody(void **state)
{
	enum { OTHERS = 4 };
	enum err_kind kind = ERR_NONE;
	struct port_kdc *kdc = &ports.kdc;
	struct port_proof *proof = NULL;
	int64_t offset[OTHERS];
	struct buf text;
	struct wanted w;
	int i;

	(void)state;
	want(&w, "port1", "device 1");
	buf_init(&text, TOKEN_MAX);
	w.spns[strcspn(w.spns, " ")] = '\0';
	kdc->token(kdc->self, w.spns, NULL, &text, &proof, done, NULL);
	wait_kind(ERR_NONE);
	ad_stop();
	for (i = 0; i < OTHERS; i++)
		kdc->look_time(kdc->self, &offset[i], done, NULL);
	waiting = OTHERS;
	kdc->verify(kdc->self, proof, "", judged, &kind);
	loop_run(loop);
	ad_continue();
	assert_int_equal(kind, ERR_UNTRUSTED);
	assert_int_equal(waiting, OTHERS);
	wait_for(0);
	kdc->proof_free(kdc->self, proof);
	buf_free(&text);
	want_no_more(&w);
}

/* One mark makes the object the device's, an older one too until then. */
static void
marks(void **state)
{
	struct secret *password = ad_secret("First-Passw0rd-1");
	struct wanted w;

	(void)state;
	want(&w, "port2", "by name");
	ensure(&w, password, ERR_NONE);
	w.object.mark = "by uuid";
	w.object.former_mark = "by name";
	ensure(&w, password, ERR_NONE);
	w.object.former_mark = NULL;
	ensure(&w, password, ERR_NONE);
	w.object.mark = "another";
	ensure(&w, password, ERR_CONFLICT);
	assert_non_null(strstr(last.text, "by uuid"));
	secret_free(password);
	want_no_more(&w);
}

static void
names_that_cannot_be(void **state)
{
	struct secret *password = ad_secret("First-Passw0rd-1");
	struct port_directory *p = &ports.directory;
	struct wanted w;

	(void)state;
	want(&w, "port4", "device 4");
	w.object.fqdn = "not a name";
	w.object.password_if_new = password;
	p->ensure(p->self, &w.object, done, NULL);
	assert_int_equal(waiting, 0); /* not from inside the call */
	wait_kind(ERR_INVALID);
	secret_free(password);
	want_no_more(&w);
}

/* More calls at once than there are connections. */
static void
many_at_once(void **state)
{
	struct port_directory *p = &ports.directory;
	struct port_kdc *kdc = &ports.kdc;
	struct device *list[MANY];
	int64_t offset[MANY];
	int i;

	(void)state;
	for (i = 0; i < MANY; i++) {
		list[i] = device_new("port1");
		p->look(p->self, "port1-iME$", NULL, list[i], &by_ticket, done,
		    NULL);
		offset[i] = INT64_MAX;
		kdc->look_time(kdc->self, &offset[i], done, NULL);
	}
	wait_for(2 * MANY);
	for (i = 0; i < MANY; i++) {
		assert_non_null(list[i]->ad_dn);
		assert_true(offset[i] != INT64_MAX);
		device_free(list[i]);
	}
}

/* Waits, fails, says why; and works again when the controller does. */
static void
controller_comes_back(void **state)
{
	struct port_kdc *kdc = &ports.kdc;
	int64_t offset = INT64_MAX;
	struct ports mine;
	struct device *d = device_new("port1");
	struct err err;
	int tries;

	(void)state;
	look(d, "port1-iME$", ERR_NONE);
	ad_stop();
	look(d, "port1-iME$", ERR_UNREACHABLE);
	ad_continue();
	/* a desk pauses after a failure; another daemon's do not */
	memset(&mine, 0, sizeof(mine));
	assert_int_equal(port_directory_new(loop, &conf, &mine, &err), 0);
	kdc = &mine.kdc;
	kdc->look_time(kdc->self, &offset, done, NULL);
	wait_kind(ERR_NONE);
	port_directory_free(&mine);
	for (tries = 0; tries < TRIES; tries++) {
		ports.directory.look(ports.directory.self, "port1-iME$", NULL,
		    d, &by_ticket, done, NULL);
		wait_for(1);
		if (last.kind != ERR_UNREACHABLE)
			break;
		usleep(PAUSE_US);
	}
	assert_int_equal(last.kind, ERR_NONE);
	device_free(d);
}

/* A firewall that lets Kerberos through. It says no, so that nothing waits. */
static void
let_ldap(bool through)
{
	static const char *const words[] = {
	    "ip rule add pref 10 lookup local && ip rule del pref 0 && "
	    "ip rule add pref 1 ipproto tcp dport 389 unreachable",
	    "ip rule del pref 1"};

	assert_int_equal(system(words[through]), 0);
}

static void
pick(const char *wish, enum err_kind kind)
{
	struct port_directory *p = &ports.directory;
	char *dc = NULL;

	p->pick(p->self, wish, &dc, done, NULL);
	wait_kind(kind);
	if (kind == ERR_NONE)
		assert_string_equal(dc, ad_env("LAB_DC"));
	free(dc);
}

/* A new set of desks: others' pauses are not theirs. */
static void
plug_again(void **state, const char *password_by)
{
	assert_int_equal(unplug(state), 0);
	mem_replace(&conf.password_by, password_by);
	assert_int_equal(plug(state), 0);
}

static void
kerberos_alone(void **state)
{
	struct secret *first = ad_secret("First-Passw0rd-1");
	struct secret *second = ad_secret("Second-Passw0rd-2");
	struct port_kdc *kdc = &ports.kdc;
	struct device *d, *unknown = device_new("port5");
	struct wanted w;
	int64_t kvno;

	want(&w, "port5", "device 5");
	d = w.into;
	ensure(&w, first, ERR_NONE);
	look(d, "port5-iME$", ERR_NONE);
	assert_false(by_ticket);
	kvno = d->ad_kvno;

	let_ldap(false);
	plug_again(state, "ldap");
	pick(NULL, ERR_UNREACHABLE);
	look(d, "port5-iME$", ERR_UNREACHABLE);
	plug_again(state, "auto");
	pick(NULL, ERR_NONE);
	pick(ad_env("LAB_DC"), ERR_NONE);
	look(unknown, "port5-iME$", ERR_UNREACHABLE); /* what it is? */
	assert_null(unknown->ad_dn);
	look(d, "port5-iME$", ERR_NONE);
	assert_true(by_ticket);
	assert_int_equal(d->ad_kvno, kvno);
	set_password(d, second);
	kdc->check_password(kdc->self, d->ad_account, NULL, first, done, NULL);
	wait_kind(ERR_DENIED);
	kdc->check_password(kdc->self, d->ad_account, NULL, second, done, NULL);
	wait_kind(ERR_NONE);
	look(d, "port5-iME$", ERR_NONE);
	assert_true(by_ticket);
	assert_int_equal(d->ad_kvno, kvno + 1);
	ensure(&w, NULL, ERR_UNREACHABLE);

	/* A name that the KDC does not know says nothing of the object. */
	mem_replace(&d->ad_spns, "HTTP/nobody.example.test:1");
	look(d, "port5-iME$", ERR_REFUSED);
	assert_non_null(d->ad_dn);

	let_ldap(true);
	plug_again(state, "auto");
	look(d, "port5-iME$", ERR_NONE);
	assert_false(by_ticket);
	assert_int_equal(d->ad_kvno, kvno + 1); /* the ticket's was right */
	secret_free(first);
	secret_free(second);
	device_free(unknown);
	want_no_more(&w);
}

static void
no_directory(void **state)
{
	struct conf none = {.directory = false};
	struct ports empty;
	struct err err;

	(void)state;
	memset(&empty, 0, sizeof(empty));
	assert_int_equal(port_directory_new(loop, &none, &empty, &err), 0);
	assert_null(empty.directory.self);
	assert_null(empty.kdc.self);
	port_directory_free(&empty);
}

static void
wrong_keytab(void **state)
{
	struct port_directory *p;
	char *saved = conf.keytab;
	struct device *d = device_new("port1");
	struct ports mine;
	struct err err;

	(void)state;
	conf.keytab = mem_dup(ad_env("LAB_NONE_KEYTAB"));
	memset(&mine, 0, sizeof(mine));
	assert_int_equal(port_directory_new(loop, &conf, &mine, &err), 0);
	p = &mine.directory;
	p->look(p->self, "port1-iME$", NULL, d, &by_ticket, done, NULL);
	wait_kind(ERR_INVALID);
	port_directory_free(&mine);
	free(conf.keytab);
	conf.keytab = saved;
	device_free(d);
}

/* A key that the KDC refuses is tried once, not once for each device. */
static void
one_refused_login(void **state)
{
	struct directory *admin = ad_administrator();
	char *person = mem_printf("CN=svc-amt,CN=Users,%s", ad_env("LAB_BASE"));
	struct device *d = device_new("port1");
	char *saved = conf.keytab;
	struct port_directory *p;
	struct ports mine;
	struct err err;
	int i;

	(void)state;
	ad_set(admin, ad_env("LAB_BASE"), "lockoutThreshold", "10");
	conf.keytab = ad_wrong_keytab();
	memset(&mine, 0, sizeof(mine));
	assert_int_equal(port_directory_new(loop, &conf, &mine, &err), 0);
	p = &mine.directory;
	for (i = 0; i < 3; i++) {
		p->look(p->self, "port1-iME$", NULL, d, &by_ticket, done, NULL);
		wait_kind(ERR_DENIED);
	}
	assert_int_equal(ad_number(admin, person, "badPwdCount"), 1);
	ad_set(admin, ad_env("LAB_BASE"), "lockoutThreshold", "0");
	port_directory_free(&mine);
	free(conf.keytab);
	conf.keytab = saved;
	directory_close(admin);
	free(person);
	device_free(d);
}

int
main(void)
{
#define PLUGGED(test) cmocka_unit_test_setup_teardown(test, plug, unplug)
	const struct CMUnitTest tests[] = {
	    PLUGGED(life_of_a_device),
	    PLUGGED(marks),
	    PLUGGED(proofs),
	    PLUGGED(verify_needs_nobody),
	    PLUGGED(names_that_cannot_be),
	    PLUGGED(many_at_once),
	    PLUGGED(controller_comes_back),
	    PLUGGED(kerberos_alone),
	    cmocka_unit_test(no_directory),
	    cmocka_unit_test(wrong_keytab),
	    cmocka_unit_test(one_refused_login),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
