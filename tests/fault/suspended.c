#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/*
 * test_suspended [--every N]
 *
 * A worker sleeps (its machine was suspended, its disk hung) for longer than
 * its lease, at each of its points in turn; another takes the device and serves
 * it. What the first does when it wakes up costs nobody the device: nothing is
 * sent by a lease that is gone.
 */
#define SLEEP 3600 /* seconds: the harness's lease is 600 */

void __real_fault_point(const char *name);
void __wrap_fault_point(const char *name);
int64_t __real_clock_now(void);
int64_t __wrap_clock_now(void);

static int64_t *slept;	       /* by the machine, for all processes */
static unsigned long sleep_at; /* of the process that sleeps */
static int tell[2], wake[2];   /* its pipes */

int64_t
__wrap_clock_now(void)
{
	return __real_clock_now() + (slept == NULL ? 0 : *slept);
}

/* Where it holds no lock of the store, or nobody could be faster; and not in
 * the world: once something was sent nobody can take it back. */
static bool
may_sleep(const char *name)
{
	return strcmp(name, "engine.commit.after") == 0 ||
	    strcmp(name, "step.intended") == 0 ||
	    strcmp(name, "step.acted") == 0;
}

void
__wrap_fault_point(const char *name)
{
	static unsigned long passed;
	char c = 0;

	__real_fault_point(name);
	if (sleep_at == 0 || !may_sleep(name) || ++passed != sleep_at)
		return;
	harness_check(write(tell[1], &c, 1) == 1, "it says that it sleeps");
	harness_check(read(wake[0], &c, 1) == 1, "it is woken");
}

static _Noreturn void
sleeper(unsigned long at)
{
	(void)close(tell[0]);
	(void)close(wake[1]);
	harness.failed = 0;
	sleep_at = at;
	(void)harness_run(harness.play, 0);
	_exit(harness.failed == 0 ? 0 : 1);
}

/* It wakes up when another has ended what it left open, and begun anew or only
 * looked; false: it never came to that point. */
static bool
sleep_through(unsigned long at, bool looks)
{
	bool asleep;
	int status;
	pid_t pid;
	char c = 0;

	harness_check(pipe(tell) == 0 && pipe(wake) == 0, "pipes");
	pid = fork();
	if (pid == 0)
		sleeper(at);
	(void)close(tell[1]);
	(void)close(wake[0]);
	asleep = read(tell[0], &c, 1) == 1;
	if (asleep) {
		*slept += SLEEP;
		harness.plan_only = looks;
		(void)harness_run(harness.play, 0);
		(void)harness_run(harness.play, 0);
		harness.plan_only = false;
		harness_check(write(wake[1], &c, 1) == 1, "it is woken");
	}
	harness_check(waitpid(pid, &status, 0) == pid && status == 0,
	    "the one that slept ends in order");
	(void)close(tell[0]);
	(void)close(wake[1]);
	return asleep;
}

static void
play(const char *name, bool looks)
{
	harness.play = name;
	for (harness.n = 1;; harness.n += harness.every) {
		harness.what = looks ? "slept, looked at" : "slept, served";
		harness_reset();
		if (!sleep_through(harness.n, looks))
			break;
		(void)harness_run(harness.play, 0);
		(void)harness_run(harness.play, 0);
		verify_run(harness.play);
	}
	harness_enough((unsigned)harness.n);
	harness.n = 0;
}

int
main(int argc, char **argv)
{
	harness.play = "auto";
	harness_start(argc, argv);
	slept = mmap(NULL, sizeof(*slept), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*slept = 0;
	play("renew-admin-password", false);
	play("renew-admin-password", true);
	play("renew-ad-password", false);
	play("renew-ad-password", true);
	play("auto", false);
	play("auto", true);
	return harness_end();
}
