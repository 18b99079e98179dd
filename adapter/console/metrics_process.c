/* The process, and parts of it that count for themselves. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "daemon.h"
#include "engine.h"
#include "metric.h"
#include "metrics_internal.h"
#include "net.h"

static void
one(struct buf *out, const char *name, enum metric_kind kind, const char *help,
    int64_t value)
{
	metric_head(out, name, kind, help);
	metric_sample(out, name, NULL, 0, value);
}

static int64_t
open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int64_t count = 0;

	if (folder == NULL)
		return 0;
	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count > 3 ? count - 3 : 0; /* ".", ".." and this one */
}

/* Fields 14 and 15 (ticks), and 24 (pages) of /proc/self/stat. */
static void
read_stat(int64_t *ret_ms, int64_t *ret_bytes)
{
	unsigned long user = 0, kernel = 0;
	long pages = 0, ticks = sysconf(_SC_CLK_TCK);
	char line[1024];
	const char *p;
	FILE *f = fopen("/proc/self/stat", "re");

	line[0] = '\0';
	if (f != NULL) {
		if (fgets(line, sizeof(line), f) == NULL)
			line[0] = '\0';
		(void)fclose(f);
	}
	p = strrchr(line, ')'); /* the name before it may hold anything */
	if (p != NULL)
		(void)sscanf(p + 1,
		    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d "
		    "%*d %*d %*d %*d %*d %*u %*u %ld",
		    &user, &kernel, &pages);
	*ret_ms = ticks > 0 ? (int64_t)(user + kernel) * 1000 / ticks : 0;
	*ret_bytes = (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* A service that rests takes minutes for a second. */
static void
write_cpu(struct buf *out, int64_t ms)
{
	metric_head(out, "process_cpu_seconds_total", METRIC_COUNTER,
	    "CPU time of the process");
	buf_printf(out, "process_cpu_seconds_total %" PRId64 ".%03" PRId64 "\n",
	    ms / 1000, ms % 1000);
}

static void
write_net(const struct daemon *d, struct buf *out)
{
	struct net_stats n;

	net_stats(d->net, &n);
	one(out, "amtkeeper_net_exchanges_total", METRIC_COUNTER,
	    "HTTP exchanges with devices", (int64_t)n.exchanges);
	one(out, "amtkeeper_net_failures_total", METRIC_COUNTER,
	    "Of those, without an answer", (int64_t)n.failures);
	one(out, "amtkeeper_net_connections_total", METRIC_COUNTER,
	    "Connections to devices", (int64_t)n.connections);
	one(out, "amtkeeper_net_tls_handshakes_total", METRIC_COUNTER,
	    "TLS handshakes with devices", (int64_t)n.handshakes);
	one(out, "amtkeeper_net_tls_resumed_total", METRIC_COUNTER,
	    "Of those, resumed from an earlier one", (int64_t)n.resumed);
}

void
metrics_process(const struct daemon *d, struct buf *out)
{
	const struct metric_label version = {"version", AMTKEEPER_VERSION};
	size_t pending = engine_pending(d->engine);
	size_t in_flight = engine_in_flight(d->engine);
	int64_t cpu_ms, bytes;

	metric_head(out, "amtkeeper_build_info", METRIC_GAUGE,
	    "Always 1; the version is a label");
	metric_sample(out, "amtkeeper_build_info", &version, 1, 1);
	one(out, "amtkeeper_engine_in_flight", METRIC_GAUGE,
	    "Devices being worked on", (int64_t)in_flight);
	one(out, "amtkeeper_engine_queued", METRIC_GAUGE,
	    "Devices taken that wait for their turn",
	    (int64_t)(pending - in_flight));
	write_net(d, out);
	read_stat(&cpu_ms, &bytes);
	write_cpu(out, cpu_ms);
	one(out, "process_resident_memory_bytes", METRIC_GAUGE,
	    "Memory the process has", bytes);
	one(out, "process_open_fds", METRIC_GAUGE, "Open files", open_files());
}
