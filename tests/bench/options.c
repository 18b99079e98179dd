#include "options.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static const char help[] =
    "usage: %s [--first 127.100.0.1] [--port 16992] [--tls] [--keep]\n"
    "       [--devices 1000] [--at-once 64] [--exchanges 4]\n"
    "       [--connections 1] [--requests FILE] [--script FILE]\n"
    "       [--issuer KEY]\n"
    "       [--rounds 1] [--user admin] [--password P@ssw0rd]\n";

static const struct option longs[] = {
    {"first", required_argument, NULL, 'f'},
    {"port", required_argument, NULL, 'p'},
    {"tls", no_argument, NULL, 't'},
    {"keep", no_argument, NULL, 'k'},
    {"devices", required_argument, NULL, 'd'},
    {"at-once", required_argument, NULL, 'c'},
    {"exchanges", required_argument, NULL, 'e'},
    {"connections", required_argument, NULL, 'n'},
    {"requests", required_argument, NULL, 'q'},
    {"script", required_argument, NULL, 's'},
    {"issuer", required_argument, NULL, 'i'},
    {"rounds", required_argument, NULL, 'r'},
    {"user", required_argument, NULL, 'u'},
    {"password", required_argument, NULL, 'w'},
    {NULL, 0, NULL, 0},
};

static unsigned
number(const char *text, unsigned max)
{
	unsigned long n = strtoul(text, NULL, 10);

	if (n == 0 || n > max) {
		(void)fprintf(
		    stderr, "%s: not a number from 1 to %u\n", text, max);
		exit(2);
	}
	return (unsigned)n;
}

static bool
take(struct bench_options *options, int option)
{
	struct in_addr address;

	switch (option) {
	case 'f':
		if (inet_pton(AF_INET, optarg, &address) != 1)
			return false;
		options->first = ntohl(address.s_addr);
		return true;
	case 'p':
		options->port = (uint16_t)number(optarg, 65535);
		return true;
	case 't':
		options->tls = true;
		return true;
	case 'k':
		options->keep = true;
		return true;
	case 'd':
		options->devices = number(optarg, 1000000);
		return true;
	case 'c':
		options->at_once = number(optarg, 20000);
		return true;
	case 'e':
		options->exchanges = number(optarg, 1000);
		return true;
	case 'n':
		options->connections = number(optarg, 1000);
		return true;
	case 'q':
		options->requests = optarg;
		return true;
	case 'i':
		options->issuer = optarg;
		return true;
	case 's':
		options->script = optarg;
		return true;
	case 'r':
		options->rounds = number(optarg, 100000);
		return true;
	case 'u':
		options->user = optarg;
		return true;
	case 'w':
		options->password = optarg;
		return true;
	default:
		return false;
	}
}

void
bench_options_read(struct bench_options *options, int argc, char *argv[])
{
	int option;

	*options = (struct bench_options){.first = 0x7f640001,
	    .port = 16992,
	    .devices = 1000,
	    .at_once = 64,
	    .exchanges = 4,
	    .connections = 1,
	    .rounds = 1,
	    .user = "admin",
	    .password = "P@ssw0rd"};
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (take(options, option))
			continue;
		(void)fprintf(stderr, help, argv[0]);
		exit(2);
	}
	if (options->at_once > options->devices)
		options->at_once = options->devices;
}

/* As the simulator counts: host parts 0 and 255 are left out. */
void
bench_address(
    const struct bench_options *options, unsigned device, char out[16])
{
	uint32_t n = device + (options->first & 255) - 1;
	uint32_t net = (options->first >> 8) + n / 254;

	(void)snprintf(out, 16, "%u.%u.%u.%u", net >> 16, (net >> 8) & 255,
	    net & 255, n % 254 + 1);
}

static double
wall_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double
cpu_now(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
	    (double)usage.ru_utime.tv_usec / 1e6 +
	    (double)usage.ru_stime.tv_usec / 1e6;
}

void
bench_start(struct bench_span *span)
{
	span->wall = wall_now();
	span->cpu = cpu_now();
}

void
bench_print(const struct bench_span *span, const char *name,
    const struct bench_options *options, unsigned failed)
{
	double wall = wall_now() - span->wall;
	double cpu = cpu_now() - span->cpu;
	double visits = (double)options->devices * options->rounds;
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("%s devices=%u rounds=%u at_once=%u exchanges=%u tls=%d "
		     "keep=%d failed=%u rate=%.0f/s cpu=%.0fus/visit "
		     "rss=%ldMB\n",
	    name, options->devices, options->rounds, options->at_once,
	    options->exchanges, options->tls, options->keep, failed,
	    visits / wall, cpu * 1e6 / visits, usage.ru_maxrss / 1024);
}
