#include <errno.h>
#include <krb5/krb5.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn_internal.h"
#include "control_internal.h"
#include "fleet_internal.h"

enum { DICE_WIRE = 100 };

static int
write_pid(const char *file)
{
	FILE *out = fopen(file, "we");
	int rc = -1;

	if (out != NULL) {
		fprintf(out, "%ld\n", (long)getpid());
		rc = fclose(out);
	}
	if (rc != 0)
		sim_say("cannot write %s: %s", file, strerror(errno));
	return rc == 0 ? 0 : -1;
}

static int
add_rules(struct sim *s)
{
	const char *problem;
	size_t i;

	for (i = 0; i < s->opt.fault_count; i++) {
		if (rules_add(&s->rules, s->opt.faults[i], &problem) < 0) {
			sim_say("--fault %s: %s", s->opt.faults[i], problem);
			return -1;
		}
	}
	return 0;
}

static int
start(struct sim *s)
{
	const struct options *opt = &s->opt;

	s->dice = dice_new((uint64_t)opt->seed, DICE_WIRE, 0);
	/* A signal that comes before the fleet is made ends the program: each
	 * device made so far is in its file. */
	if ((opt->trace != NULL && trace_start(s) < 0) || add_rules(s) < 0 ||
	    tls_start(s) < 0 || fleet_make(s) < 0)
		return -1;
	if (loop_signals(&s->loop) < 0) {
		sim_say("cannot catch signals: %s", strerror(errno));
		return -1;
	}
	if (listen_start(s) < 0)
		return -1;
	if (opt->control != NULL && control_start(s, opt->control) < 0)
		return -1;
	if (opt->fleet_csv != NULL && fleet_write_csv(s, opt->fleet_csv) < 0)
		return -1;
	if (opt->hosts != NULL && fleet_write_hosts(s, opt->hosts) < 0)
		return -1;
	return opt->pid_file != NULL ? write_pid(opt->pid_file) : 0;
}

static void
say_ready(const struct sim *s)
{
	printf("amtkeeper-sim: ready, %zu devices\n", s->count);
	(void)fflush(stdout);
	if (s->opt.ready_fd >= 0) {
		(void)!write((int)s->opt.ready_fd, "ready\n", 6);
		close((int)s->opt.ready_fd);
	}
}

static int
save_all(struct sim *s)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < s->count; i++)
		if (s->devices[i].state.dirty)
			rc |= state_save(s, &s->devices[i]);
	return rc;
}

static void
stop(struct sim *s)
{
	size_t i;

	control_stop(s);
	for (i = 0; i < s->count; i++)
		conn_reset_all(&s->ports[i], NULL);
	conn_bury(s);
	listen_stop(s);
	trace_stop(s);
	fleet_free(s);
	tls_stop(s);
	if (s->krb != NULL)
		krb5_free_context(s->krb);
	if (s->opt.pid_file != NULL)
		(void)unlink(s->opt.pid_file);
}

static void
turn_end(void *arg)
{
	conn_bury(arg);
}

int
main(int argc, char **argv)
{
	struct sim *s = must_calloc(1, sizeof(*s));
	int rc = arguments_parse(argc, argv, &s->opt);

	if (rc >= 0)
		goto out;
	rc = 1;
	if (loop_init(&s->loop) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		sim_say("cannot start: %s", strerror(errno));
		goto out;
	}
	if (start(s) == 0) {
		say_ready(s);
		rc = loop_run(&s->loop, turn_end, s) < 0;
		rc |= save_all(s) < 0;
	}
	stop(s);
	loop_free(&s->loop);
out:
	free(s);
	return rc;
}
