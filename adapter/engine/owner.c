/* Who holds a lease: this process, told apart from every other one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "run_internal.h"

static void
read_word(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");

	out[0] = '\0';
	if (f == NULL)
		return;
	if (fgets(out, (int)size, f) == NULL)
		out[0] = '\0';
	out[strcspn(out, "\n")] = '\0';
	(void)fclose(f);
}

/* Field 22 of /proc/PID/stat: a process id may be used again, not with the same
 * start time. 0 when there is no such process, or only its remains. */
static unsigned long long
start_time(long pid)
{
	char path[64], line[1024], state;
	unsigned long long at;
	const char *p;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	read_word(path, line, sizeof(line));
	p = strrchr(line, ')'); /* the name before it may hold anything */
	if (p == NULL ||
	    sscanf(p + 1,
		" %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d"
		" %*d %*d %*d %*d %llu",
		&state, &at) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : at;
}

/* What makes process ids comparable: this boot, this process namespace. */
static void
owner_place(char out[128])
{
	char boot[64], ns[64];
	ssize_t len;

	read_word("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	len = readlink("/proc/self/ns/pid", ns, sizeof(ns) - 1);
	ns[len > 0 ? len : 0] = '\0';
	(void)snprintf(out, 128, "%s/%s", boot, ns);
}

char *
engine_owner_self(void)
{
	char place[128];
	long pid = (long)getpid();

	owner_place(place);
	return mem_printf("%s/%ld/%llu", place, pid, start_time(pid));
}

bool
engine_owner_dead(const char *owner)
{
	char place[128];
	unsigned long long began;
	size_t len;
	long pid;

	owner_place(place);
	len = strlen(place);
	/* Of another machine, boot or container nothing is known here. */
	if (owner == NULL || strncmp(owner, place, len) != 0 ||
	    sscanf(owner + len, "/%ld/%llu", &pid, &began) != 2)
		return false;
	return start_time(pid) != began;
}
