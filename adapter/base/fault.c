#include "fault.h"

#ifdef AMTKEEPER_FAULTS
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Workers pass points too: what changes after the start is atomic. */
static struct {
	pthread_once_t once;
	char name[128];
	unsigned long count; /* 0: not armed */
	atomic_ulong passed;
	int log;
} fault = {.once = PTHREAD_ONCE_INIT, .log = -1};

static void
read_environment(void)
{
	const char *spec = getenv("AMTKEEPER_FAULT");
	const char *log = getenv("AMTKEEPER_FAULT_LOG");
	const char *colon = spec == NULL ? NULL : strrchr(spec, ':');

	if (colon != NULL && colon > spec &&
	    (size_t)(colon - spec) < sizeof(fault.name)) {
		memcpy(fault.name, spec, (size_t)(colon - spec));
		fault.count = strtoul(colon + 1, NULL, 10);
	}
	if (log != NULL)
		fault.log =
		    open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

void
fault_arm(const char *name, unsigned long count)
{
	(void)pthread_once(&fault.once, read_environment);
	atomic_store(&fault.passed, 0);
	fault.count = name == NULL ? 0 : count;
	(void)snprintf(
	    fault.name, sizeof(fault.name), "%s", name == NULL ? "" : name);
}

void
fault_point(const char *name)
{
	unsigned long passed;

	(void)pthread_once(&fault.once, read_environment);
	if (fault.log >= 0)
		(void)dprintf(fault.log, "%s\n", name);
	if (strcmp(fault.name, "*") != 0 && strcmp(fault.name, name) != 0 &&
	    fault.name[0] != '\0')
		return;
	passed = atomic_fetch_add(&fault.passed, 1) + 1;
	if (fault.count > 0 && passed == fault.count)
		_exit(FAULT_EXIT);
}

unsigned long
fault_passed(void)
{
	return atomic_load(&fault.passed);
}
#else
/* ISO C wants something in every translation unit. */
extern const int fault_points_are_compiled_out;
const int fault_points_are_compiled_out = 1;
#endif
