#include <arpa/inet.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_internal.h"
#include "transport_internal.h"

/*
 * The command line: one table gives names, kinds, limits and help.
 */
#define MAX_FAULTS 64
#define MAX_SKEW 3153600000 /* a hundred years */

enum kind { NUMBER, TEXT, ADDRESS, SKEW, FLAG, FAULT };

#define IN(member) offsetof(struct options, member)

static const struct row {
	const char *name, *argument;
	enum kind kind;
	size_t offset;
	int64_t min, max;
	const char *help;
} rows[] = {
    {"devices", "N", NUMBER, IN(devices), 1, SIM_MAX_DEVICES,
	"how many devices (needed)"},
    {"state", "DIR", TEXT, IN(state_dir), 0, 0,
	"where devices keep what they know (needed)"},
    {"first", "ADDRESS", ADDRESS, IN(first), 0, 0,
	"of the first device; 127.100.0.1"},
    {"port-tls", "PORT", NUMBER, IN(port[SIM_PORT_TLS]), 1, 65535, "16993"},
    {"port-plain", "PORT", NUMBER, IN(port[SIM_PORT_PLAIN]), 1, 65535, "16992"},
    {"domain", "NAME", TEXT, IN(domain), 0, 0,
	"devices are pcNNNNN in it; ad.example.test"},
    {"realm", "NAME", TEXT, IN(realm), 0, 0,
	"Kerberos realm of devices that were given none"},
    {"firmware", "VERSION", TEXT, IN(firmware), 0, 0,
	"like 16.1.25, or mix; 16.1.25"},
    {"drift", "SPEC", TEXT, IN(drift), 0, 0,
	"mixed, or names by comma, used in turn; none"},
    {"skew", "SECONDS|MIN..MAX", SKEW, 0, 0, 0, "of every clock, at first; 0"},
    {"password-file", "FILE", TEXT, IN(password_file), 0, 0,
	"one admin password for all; else one each, from the seed"},
    {"seed", "N", NUMBER, IN(seed), 0, INT64_MAX, "of everything random; 1"},
    {"key-pool", "FILE", TEXT, IN(key_pool), 0, 0,
	"take RSA keys from here, made once, instead of new ones"},
    {"control", "SOCKET", TEXT, IN(control), 0, 0,
	"take commands on this UNIX socket"},
    {"fault", "RULE", FAULT, 0, 0, 0,
	"a fault from the start; may be repeated"},
    {"latency", "MS", NUMBER, IN(latency_ms), 0, 60000,
	"of a usual call; 200 is like hardware; 0"},
    {"commit-down", "MS", NUMBER, IN(commit_down_ms), 1, 600000,
	"connections refused after CommitChanges; 200"},
    {"link-down", "MS", NUMBER, IN(link_down_ms), 1, 600000,
	"and after a change of the network; 100"},
    {"idle", "SECONDS", NUMBER, IN(idle_s), 1, 3600,
	"before an idle connection is closed; 30"},
    {"connections", "N", NUMBER, IN(connections), 1, 1000,
	"at a time to one device, more are reset; 2"},
    {"lock-after", "N", NUMBER, IN(lock_after), 0, 1000,
	"wrong passwords that lock an account, 0: never; 5"},
    {"lock", "SECONDS", NUMBER, IN(lock_s), 1, 86400, "for so long; 60"},
    {"nonce-uses", "N", NUMBER, IN(nonce_uses), 0, INT32_MAX,
	"before a Digest nonce is stale, 0: no limit; 0"},
    {"nonce-seconds", "N", NUMBER, IN(nonce_s), 0, INT32_MAX,
	"the same by age; 0"},
    {"stale-true", NULL, FLAG, IN(stale_true), 0, 0,
	"say stale=\"true\" then; recorded firmware says false"},
    {"write-fleet", "CSV", TEXT, IN(fleet_csv), 0, 0,
	"names and first passwords, for amtkeeper device import"},
    {"write-hosts", "FILE", TEXT, IN(hosts), 0, 0,
	"addresses and names of the hosts now, for DNS"},
    {"trace", "FILE", TEXT, IN(trace), 0, 0,
	"write what clients do there, bodies of requests too"},
    {"pid-file", "FILE", TEXT, IN(pid_file), 0, 0,
	"write the process's id there"},
    {"ready-fd", "N", NUMBER, IN(ready_fd), 0, 1048576,
	"write a line there and close it when ready"},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const char intro[] =
    "Usage: amtkeeper-sim --devices N --state DIR [OPTION]...\n"
    "       amtkeeper-sim --ctl SOCKET COMMAND [WORD]...\n"
    "Simulated Intel AMT firmware, as strict as the real one.  Not fit to\n"
    "protect anything: keys and passwords lie open in its state.\n"
    "A default stands last, after a semicolon.\n\n";

static const char outro[] =
    "\nDrift: none; clock (+17 min); renamed (host is new-pcNNNNN); cert-soon\n"
    "(5 days left); cert-expired; tls-off (before 16.1 only); clock-renamed\n"
    "(-3 h); cert-name (of another host); settings (DDNS and ping);\n"
    "clock-years (-7 years).  mixed is all ten in this order, by index\n"
    "modulo 10.\n"
    "\nRule: DEVICE METHOD ACTION [ARGUMENT] [times N] [after N]\n"
    "  DEVICE   name, address or glob\n"
    "  METHOD   Class.Method, glob, or connect (with refuse, close-before)\n"
    "  ACTION   before: close-before, refuse SECONDS, 401, wrong-realm,\n"
    "           status CODE, delay MS;  after: drop-answer, close-after,\n"
    "           half-body, garbage, endless-body, wrong-xml\n"
    "  times    then the rule is spent; after: let so many pass first\n"
    "\nCommands: list; get DEVICE; set DEVICE skew-ms N | os-fqdn NAME |\n"
    "power-cycle | offline | online | answer-now; fault RULE; faults; clear;\n"
    "stats; quit\n";

static void
print_help(void)
{
	char left[64];
	size_t i;

	fputs(intro, stdout);
	for (i = 0; i < ROWS; i++) {
		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name,
		    rows[i].argument == NULL ? "" : " ",
		    rows[i].argument == NULL ? "" : rows[i].argument);
		printf("  %-25s %s\n", left, rows[i].help);
	}
	fputs(outro, stdout);
}

static int
set_skew(struct options *o, const char *value)
{
	char *copy = must_strdup(value), *dots = strstr(copy, "..");
	const char *max = copy;
	int rc = -1;

	if (dots != NULL) {
		*dots = '\0';
		max = dots + 2;
	}
	if (number(copy, -MAX_SKEW, MAX_SKEW, &o->skew_min) == 0 &&
	    number(max, o->skew_min, MAX_SKEW, &o->skew_max) == 0 &&
	    o->skew_max - o->skew_min < INT32_MAX)
		rc = 0;
	free(copy);
	return rc;
}

/* The first octets may be anything, the last one a host of a /24. */
static int
set_address(struct in_addr *to, const char *value)
{
	uint32_t host;

	if (inet_pton(AF_INET, value, to) != 1)
		return -1;
	host = ntohl(to->s_addr) & 255;
	return host == 0 || host == 255 ? -1 : 0;
}

static int
set_option(struct options *o, const struct row *row, const char *value,
    const char *faults[MAX_FAULTS])
{
	void *at = (char *)o + row->offset;

	switch (row->kind) {
	case NUMBER:
		return number(value, row->min, row->max, at);
	case TEXT:
		*(const char **)at = value;
		return *value == '\0' ? -1 : 0;
	case ADDRESS:
		return set_address(at, value);
	case SKEW:
		return set_skew(o, value);
	case FLAG:
		*(bool *)at = true;
		return 0;
	case FAULT:
		if (o->fault_count == MAX_FAULTS)
			return -1;
		faults[o->fault_count++] = value;
		return 0;
	}
	return -1;
}

static const struct options defaults = {
    .port = {16992, 16993},
    .domain = "ad.example.test",
    .firmware = "16.1.25",
    .drift = "none",
    .seed = 1,
    .commit_down_ms = 200,
    .link_down_ms = 100,
    .idle_s = 30,
    .connections = 2,
    .lock_after = 5,
    .lock_s = 60,
    .ready_fd = -1,
};

static void
make_long(struct option long_options[ROWS + 2])
{
	size_t i;

	for (i = 0; i < ROWS; i++) {
		long_options[i].name = rows[i].name;
		long_options[i].has_arg =
		    rows[i].argument == NULL ? no_argument : required_argument;
		long_options[i].val = (int)i + 256;
	}
	long_options[ROWS].name = "help";
	long_options[ROWS].val = 'h';
}

static int
check_all(const struct options *o, int argc)
{
	if (optind != argc)
		sim_say("an argument too many; see --help");
	else if (o->devices == 0 || o->state_dir == NULL)
		sim_say("--devices and --state are needed; see --help");
	else if (o->port[0] == o->port[1])
		sim_say("--port-tls and --port-plain are the same");
	else
		return -1;
	return 2;
}

int
arguments_parse(int argc, char **argv, struct options *ret)
{
	static const char *faults[MAX_FAULTS];
	struct option long_options[ROWS + 2] = {{NULL, 0, NULL, 0}};
	int c;

	if (argc > 3 && strcmp(argv[1], "--ctl") == 0)
		return control_client(argv[2], argc - 3, argv + 3);
	*ret = defaults;
	ret->first.s_addr = htonl(0x7f640001);
	ret->faults = faults;
	make_long(long_options);
	while ((c = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		if (c == 'h') {
			print_help();
			return 0;
		}
		if (c < 256)
			return 2;
		if (set_option(ret, &rows[c - 256], optarg, faults) < 0) {
			sim_say(
			    "--%s: cannot be %s", rows[c - 256].name, optarg);
			return 2;
		}
	}
	return check_all(ret, argc);
}
