/* Threads whose logins are the first of their process and happen at the same
 * moment, as at the desks of a run.  libldap and libsasl2 set themselves up at
 * their first use; a process dies when two threads do that at once.  That is
 * rare (one of thousands), but the thread sanitizer sees it each time. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ad_lab.h"
#include "directory.h"
#include "err.h"
#include "krb.h"
#include "mem.h"

#define PROCESSES 25
#define THREADS 4

/* How the threads of one process log in. */
struct way {
	struct directory_conf conf;
	bool tickets;
	pthread_barrier_t together;
};

/* With this thread's own tickets, which it has before the barrier. */
static int
get_tickets(struct krb *k, const char *dc)
{
	char *spn = mem_printf("ldap/%s", dc);
	struct err err;
	int result = krb_service(k, spn, &err);

	free(spn);
	return result;
}

/* NULL: it went well. */
static void *
log_in(void *arg)
{
	struct way *way = arg;
	struct krb *k = way->tickets ? ad_krb("", AD_DEADLINE) : NULL;
	bool bad = k != NULL && get_tickets(k, way->conf.dc) != 0;
	struct directory *d = NULL;
	struct err err;

	pthread_barrier_wait(&way->together);
	if (directory_open(&way->conf, &d, &err) != 0) {
		fprintf(stderr, "%s\n", err.text);
		bad = true;
	}
	directory_close(d);
	krb_close(k);
	return bad ? way : NULL;
}

/* The life of one process; its exit code. */
static int
live(struct way *way)
{
	pthread_t threads[THREADS];
	void *bad;
	size_t i;
	int code = 0;

	pthread_barrier_init(&way->together, NULL, THREADS);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, log_in, way) != 0)
			_exit(2);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		code |= bad != NULL;
	}
	pthread_barrier_destroy(&way->together);
	return code;
}

/* New processes of which each has never used a library. */
static void
many(struct way *way)
{
	int i, status, died = 0;
	pid_t pid;

	for (i = 0; i < PROCESSES; i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			_exit(live(way));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		died += status != 0;
	}
	assert_int_equal(died, 0);
}

static void
test_sealed(void **state)
{
	struct way way = {.tickets = true,
	    .conf = {.dc = ad_env("LAB_DC"), .deadline_ms = AD_DEADLINE}};

	(void)state;
	many(&way);
}

static void
test_ldaps(void **state)
{
	char *who = mem_printf("Administrator@%s", ad_env("LAB_DOMAIN"));
	struct way way = {
	    .conf = {.dc = ad_env("LAB_DC"),
		.ldaps = true,
		.ca_file = ad_env("LAB_CA"),
		.bind_dn = who,
		.password_file = ad_env("LAB_ADMIN_PASSWORD_FILE"),
		.deadline_ms = AD_DEADLINE}};

	(void)state;
	many(&way);
	free(who);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sealed),
	    cmocka_unit_test(test_ldaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
