/*
 * Passwords of AD objects replaced, one after the other over one connection:
 * by our port, which reads key version and date back and so knows what it did,
 * beside a bare loop of libldap's modifications and nothing else.  In turns, in
 * one process, against one controller: tests/bench/directory --work rotation.
 */
#include <ldap.h>
#include <sasl/sasl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "conf.h"
#include "device.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "port.h"
#include "ports.h"
#include "secret.h"
#include "str.h"

#define OBJECTS 8 /* in turn */
#define ROUNDS_MAX 99
#define TIMEOUT_S 10
#define QUOTED_MAX 516
#define PASSWORD_LENGTH 32
#define MS 1e3

struct bench {
	struct loop *loop;
	struct conf conf;
	struct ports ports;
	LDAP *ld; /* the bare one's */
	struct device *devices[OBJECTS];
	unsigned rotations, rounds;
	struct err err; /* of the last call */
};

/* Of one round, in seconds. */
struct span {
	double wall, cpu, dc;
};

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	if (value != NULL)
		return value;
	(void)fprintf(stderr, "%s is not set: run this with labrun\n", name);
	exit(2);
}

static void
fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

/* The controller's CPU, which nobody else's work on the machine changes. */
static double
controller_cpu(void)
{
	char *path = mem_printf("/proc/%s/stat", env("LAB_DC_PID"));
	FILE *f = fopen(path, "r");
	unsigned long user = 0, system = 0;
	long ticks = sysconf(_SC_CLK_TCK);

	if (f == NULL ||
	    fscanf(f,
		"%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		&user, &system) != 2)
		fail(path, "not as proc(5) has it");
	(void)fclose(f);
	free(path);
	return (double)(user + system) / (double)ticks;
}

/* Time since then; all threads. */
static struct span
since(struct span then)
{
	struct timespec t;
	struct rusage u;

	clock_gettime(CLOCK_MONOTONIC, &t);
	getrusage(RUSAGE_SELF, &u);
	return (struct span){
	    .wall = (double)t.tv_sec + (double)t.tv_nsec / 1e9 - then.wall,
	    .cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6 -
		then.cpu,
	    .dc = controller_cpu() - then.dc};
}

static struct secret *
new_password(void)
{
	return secret_random_text(
	    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789",
	    PASSWORD_LENGTH);
}

/* --- ours --- */

static void
done(void *cookie, const struct err *err)
{
	struct bench *b = cookie;

	b->err = *err;
	loop_stop(b->loop);
}

static void
wait_for(struct bench *b, const char *what)
{
	loop_run(b->loop);
	if (b->err.kind != ERR_NONE)
		fail(what, b->err.text);
}

static void
look(struct bench *b, struct device *d, const char *account)
{
	struct port_directory *p = &b->ports.directory;
	bool by_ticket = false;

	p->look(p->self, account, env("LAB_DC"), d, &by_ticket, done, b);
	wait_for(b, "look");
}

static void
rotate(struct bench *b, struct device *d)
{
	struct port_directory *p = &b->ports.directory;
	const struct port_password where = {
	    .account = d->ad_account, .dn = d->ad_dn, .dc = env("LAB_DC")};
	struct secret *password = new_password();
	int64_t kvno = d->ad_kvno;

	p->password_set(p->self, &where, password, done, b);
	wait_for(b, "password_set");
	look(b, d, d->ad_account);
	if (d->ad_kvno != kvno + 1 || d->ad_password_at == 0)
		fail("look", "not the new password's version or date");
	secret_free(password);
}

static struct span
ours(struct bench *b)
{
	struct span began;
	unsigned i;

	/* What the bare loop did meanwhile. */
	for (i = 0; i < OBJECTS; i++)
		look(b, b->devices[i], b->devices[i]->ad_account);
	began = since((struct span){0});
	for (i = 0; i < b->rotations; i++)
		rotate(b, b->devices[i % OBJECTS]);
	return since(began);
}

static void
make_object(struct bench *b, unsigned i)
{
	struct port_directory *p = &b->ports.directory;
	struct secret *password = new_password();
	char *account = mem_printf("rotation%u-iME$", i);
	char *fqdn = mem_printf("rotation%u.%s", i, env("LAB_DOMAIN"));
	char *spns = mem_printf("HTTP/%s:16992 HTTP/%s:16993", fqdn, fqdn);
	const struct port_object object = {.account = account,
	    .ou = env("LAB_OU"),
	    .fqdn = fqdn,
	    .spns = spns,
	    .enctypes = 24,
	    .mark = fqdn,
	    .dc = env("LAB_DC"),
	    .password_if_new = password};

	p->ensure(p->self, &object, done, b);
	wait_for(b, "ensure");
	b->devices[i] = device_new(fqdn);
	look(b, b->devices[i], account);
	secret_free(password);
	free(account);
	free(fqdn);
	free(spns);
}

/* --- bare --- */

static int
no_questions(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	sasl_interact_t *q;

	(void)ld;
	(void)flags;
	(void)defaults;
	for (q = questions; q->id != SASL_CB_LIST_END; q++) {
		q->result = "";
		q->len = 0;
	}
	return LDAP_SUCCESS;
}

static void
open_bare(struct bench *b)
{
	char *uri = mem_printf("ldap://%s", env("LAB_DC"));
	int version = LDAP_VERSION3, code;

	setenv("KRB5_CLIENT_KTNAME", env("LAB_KEYTAB"), 1);
	setenv("KRB5CCNAME", "MEMORY:bare", 1);
	code = ldap_initialize(&b->ld, uri);
	if (code == LDAP_SUCCESS) {
		ldap_set_option(b->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
		ldap_set_option(b->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
		ldap_set_option(b->ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
		ldap_set_option(b->ld, LDAP_OPT_X_SASL_SECPROPS, "minssf=128");
		code = ldap_sasl_interactive_bind_s(b->ld, NULL, "GSSAPI", NULL,
		    NULL, LDAP_SASL_QUIET, no_questions, NULL);
	}
	if (code != LDAP_SUCCESS)
		fail("bare libldap", ldap_err2string(code));
	free(uri);
}

static void
modify_bare(struct bench *b, const char *dn)
{
	struct secret *password = new_password();
	char attribute[] = "unicodePwd";
	struct berval value, *values[] = {&value, NULL};
	LDAPMod reset = {.mod_op = LDAP_MOD_REPLACE | LDAP_MOD_BVALUES,
	    .mod_type = attribute,
	    .mod_vals.modv_bvals = values};
	LDAPMod *mods[] = {&reset, NULL};
	const char *text = secret_text(password);
	struct buf quoted;
	int code;

	buf_init(&quoted, QUOTED_MAX);
	buf_add(&quoted, "\"", 2);
	for (; *text != '\0'; text++)
		buf_add(&quoted, (char[]){*text, '\0'}, 2);
	buf_add(&quoted, "\"", 2);
	value.bv_val = (char *)quoted.data;
	value.bv_len = quoted.len;
	code = ldap_modify_ext_s(b->ld, dn, mods, NULL, NULL);
	if (code != LDAP_SUCCESS)
		fail("bare libldap", ldap_err2string(code));
	buf_free(&quoted);
	secret_free(password);
}

static struct span
bare(struct bench *b)
{
	struct span began = since((struct span){0});
	unsigned i;

	for (i = 0; i < b->rotations; i++)
		modify_bare(b, b->devices[i % OBJECTS]->ad_dn);
	return since(began);
}

/* --- figures --- */

static int
by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* {"median", "least", "most"} of a round's. */
static void
print(const char *name, double *values, unsigned count, const char *end)
{
	qsort(values, count, sizeof(*values), by_value);
	(void)printf("\"%s\": [%.4f, %.4f, %.4f]%s", name, values[count / 2],
	    values[0], values[count - 1], end);
}

static void
measure(struct bench *b)
{
	double rate[2][ROUNDS_MAX], cpu[2][ROUNDS_MAX], dc[2][ROUNDS_MAX];
	double ratio[ROUNDS_MAX];
	struct span s[2];
	unsigned i, k, n = b->rotations;

	(void)ours(b);
	(void)bare(b);
	for (i = 0; i < b->rounds; i++) {
		s[i % 2] = i % 2 == 0 ? ours(b) : bare(b);
		s[1 - i % 2] = i % 2 == 0 ? bare(b) : ours(b);
		for (k = 0; k < 2; k++) {
			rate[k][i] = n / s[k].wall;
			cpu[k][i] = s[k].cpu * MS / n;
			dc[k][i] = s[k].dc * MS / n;
		}
		ratio[i] = rate[0][i] / rate[1][i];
	}
	(void)printf("{");
	print("ours_per_second", rate[0], b->rounds, ", ");
	print("bare_per_second", rate[1], b->rounds, ", ");
	print("ratio", ratio, b->rounds, ", ");
	print("ours_cpu_ms", cpu[0], b->rounds, ", ");
	print("bare_cpu_ms", cpu[1], b->rounds, ", ");
	print("ours_controller_ms", dc[0], b->rounds, ", ");
	print("bare_controller_ms", dc[1], b->rounds, "}\n");
}

static unsigned
number(const char *text, unsigned most)
{
	int64_t n;

	if (str_int(text, 1, most, &n) == 0)
		return (unsigned)n;
	(void)fprintf(stderr, "bench_rotation ROTATIONS ROUNDS\n");
	exit(2);
}

int
main(int argc, char *argv[])
{
	struct bench b = {.rotations = number(argc > 1 ? argv[1] : "", 100000),
	    .rounds = number(argc > 2 ? argv[2] : "", ROUNDS_MAX)};
	unsigned i;

	b.conf.directory = true;
	b.conf.realm = mem_dup(env("LAB_REALM"));
	b.conf.domain = mem_dup(env("LAB_DOMAIN"));
	b.conf.dc = mem_dup(env("LAB_DC"));
	b.conf.principal = mem_dup(env("LAB_PRINCIPAL"));
	b.conf.keytab = mem_dup(env("LAB_KEYTAB"));
	b.conf.transport = mem_dup("gssapi");
	b.conf.password_by = mem_dup("ldap");
	b.conf.directory_timeout = TIMEOUT_S;
	b.loop = loop_new(&b.err);
	if (b.loop == NULL ||
	    port_directory_new(b.loop, &b.conf, &b.ports, &b.err) != 0)
		fail("start", b.err.text);
	for (i = 0; i < OBJECTS; i++)
		make_object(&b, i);
	open_bare(&b);
	measure(&b);
	ldap_unbind_ext_s(b.ld, NULL, NULL);
	port_directory_stop(&b.ports);
	port_directory_free(&b.ports);
	loop_free(b.loop);
	return 0;
}
