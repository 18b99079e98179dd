#include <arpa/inet.h>
#include <errno.h>
#include <fnmatch.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "firmware.h"
#include "fleet_internal.h"

/*
 * Devices from a seed: names, addresses, passwords, versions, and the drift
 * they start with.
 */
#define DAY 86400
#define HOSTS_PER_NET 254 /* .0 and .255 are left out */
#define PASSWORD_LEN 16
#define MAX_DRIFTS 64
/* Of a new key pool: few for a quick start of small fleets. */
#define POOL_MIN 4
#define POOL_MAX 64

enum { DICE_PASSWORD = 1, DICE_UUID, DICE_REALM, DICE_SKEW };

enum cert { CERT_GOOD, CERT_SOON, CERT_EXPIRED, CERT_OTHER_NAME, CERT_NONE };

static const struct drift {
	const char *name;
	int64_t skew; /* seconds */
	enum cert cert;
	bool renamed, settings;
} drifts[] = {
    {"none", 0, CERT_GOOD, false, false},
    {"clock", 17 * 60, CERT_GOOD, false, false},
    {"renamed", 0, CERT_GOOD, true, false},
    {"cert-soon", 0, CERT_SOON, false, false},
    {"cert-expired", 0, CERT_EXPIRED, false, false},
    {"tls-off", 0, CERT_NONE, false, false},
    {"clock-renamed", -3 * 3600, CERT_GOOD, true, false},
    {"cert-name", 0, CERT_OTHER_NAME, false, false},
    {"settings", 0, CERT_GOOD, false, true},
    {"clock-years", -(int64_t)7 * 365 * DAY, CERT_GOOD, false, false},
};
#define DRIFTS (sizeof(drifts) / sizeof(drifts[0]))

struct firmware {
	int major, minor, build;
};

static const struct firmware mix[] = {{11, 8, 50}, {12, 0, 24}, {15, 0, 23},
    {16, 1, 25}, {18, 0, 5}, {19, 0, 5}, {21, 0, 10}};
#define MIX (sizeof(mix) / sizeof(mix[0]))

struct plan { /* what the options say about every device */
	const struct drift *drift[MAX_DRIFTS];
	size_t drift_count;
	struct firmware firmware;
	bool mixed_firmware;
	char *password;
	time_t now;
};

static const struct drift *
drift_named(const char *name)
{
	size_t i;

	for (i = 0; i < DRIFTS; i++)
		if (strcmp(drifts[i].name, name) == 0)
			return &drifts[i];
	return NULL;
}

static int
plan_drift(struct plan *plan, const char *spec)
{
	char *copy = must_strdup(spec), *rest = copy, *name;
	const struct drift *drift;
	size_t i;
	int rc = -1;

	if (strcmp(spec, "mixed") == 0) {
		for (i = 0; i < DRIFTS; i++)
			plan->drift[plan->drift_count++] = &drifts[i];
		rc = 0;
		goto out;
	}
	while ((name = strsep(&rest, ",")) != NULL) {
		drift = drift_named(name);
		if (drift == NULL || plan->drift_count == MAX_DRIFTS) {
			sim_say("--drift: no such drift: %s", name);
			goto out;
		}
		plan->drift[plan->drift_count++] = drift;
	}
	rc = 0;
out:
	free(copy);
	return rc;
}

static int
plan_firmware(struct plan *plan, const char *spec)
{
	struct firmware *f = &plan->firmware;
	char *copy, *rest;
	int64_t n[3];
	size_t i;
	int rc = 0;

	if (strcmp(spec, "mix") == 0) {
		plan->mixed_firmware = true;
		return 0;
	}
	copy = rest = must_strdup(spec);
	for (i = 0; i < 3 && rc == 0; i++) {
		const char *part = strsep(&rest, ".");

		if (part == NULL || number(part, 0, 99999, &n[i]) < 0)
			rc = -1;
	}
	if (rc == 0 && (rest != NULL || n[0] < 2 || n[0] > 30 || n[1] > 99))
		rc = -1;
	if (rc < 0)
		sim_say("--firmware: not like 16.1.25 or mix: %s", spec);
	else
		*f = (struct firmware){(int)n[0], (int)n[1], (int)n[2]};
	free(copy);
	return rc;
}

static int
plan_password(struct plan *plan, const char *file)
{
	char line[128];
	FILE *in;
	int rc = -1;

	if (file == NULL)
		return 0;
	in = fopen(file, "re");
	if (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strlen(line) >= 8 && strlen(line) <= 32) {
			plan->password = must_strdup(line);
			rc = 0;
		}
	}
	if (rc < 0)
		sim_say("--password-file: no password of 8 to 32 characters "
			"in %s",
		    file);
	if (in != NULL)
		fclose(in);
	return rc;
}

static char
pick(struct dice *dice, const char *from)
{
	return from[dice_below(dice, (uint32_t)strlen(from))];
}

/* As AMT wants them: all four kinds of characters, and none that trouble CSV
 * or XML. */
static void
make_password(const struct sim *s, size_t i, char to[PASSWORD_LEN + 1])
{
	static const char *const kinds[] = {"ABCDEFGHJKLMNPQRSTUVWXYZ",
	    "abcdefghijkmnopqrstuvwxyz", "23456789", "!@#$%^*"};
	struct dice dice = dice_new((uint64_t)s->opt.seed, DICE_PASSWORD, i);
	size_t at = dice_below(&dice, PASSWORD_LEN - 4), k;

	for (k = 0; k < PASSWORD_LEN; k++)
		to[k] = pick(&dice, kinds[dice_below(&dice, 3)]);
	for (k = 0; k < 4; k++)
		to[at + k] = pick(&dice, kinds[k]);
	to[PASSWORD_LEN] = '\0';
}

static void
password_of(const struct sim *s, const struct plan *plan, size_t i, char to[33])
{
	if (plan->password != NULL)
		memcpy(to, plan->password, strlen(plan->password) + 1);
	else
		make_password(s, i, to);
}

static void
make_uuid(const struct sim *s, size_t i, char to[37])
{
	struct dice dice = dice_new((uint64_t)s->opt.seed, DICE_UUID, i);
	uint8_t b[16];

	dice_bytes(&dice, b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(to, 37,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
	    "%02x%02x%02x%02x%02x%02x",
	    b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10],
	    b[11], b[12], b[13], b[14], b[15]);
}

/* The realm from the seed as well, and the hash that goes with it. */
static void
make_realm(const struct sim *s, struct sim_device *d, const char *password)
{
	struct dice dice =
	    dice_new((uint64_t)s->opt.seed, DICE_REALM, (uint64_t)d->index);
	struct text text = {.data = NULL};
	uint8_t id[16];
	size_t i;

	dice_bytes(&dice, id, sizeof(id));
	text_adds(&text, "Digest:");
	for (i = 0; i < sizeof(id); i++)
		text_addf(&text, "%02X", id[i]);
	memcpy(d->state.realm, text.data, text.len + 1);
	text.len = 0;
	text_addf(
	    &text, "%s:%s:%s", d->state.admin_user, d->state.realm, password);
	if (EVP_Digest(text.data, text.len, d->state.admin_ha1, NULL, EVP_md5(),
		NULL) != 1)
		abort();
	text_free(&text);
}

/* The n-th address after the first; the same hosts of every /24. */
static struct in_addr
address_of(const struct options *opt, size_t i)
{
	uint32_t first = ntohl(opt->first.s_addr);
	size_t n = i + (first & 255) - 1;

	first = (first & ~(uint32_t)255) +
	    (uint32_t)(n / HOSTS_PER_NET * 256 + n % HOSTS_PER_NET + 1);
	return (struct in_addr){.s_addr = htonl(first)};
}

static int64_t
skew_of(const struct sim *s, size_t i)
{
	struct dice dice = dice_new((uint64_t)s->opt.seed, DICE_SKEW, i);
	int64_t span = s->opt.skew_max - s->opt.skew_min;

	return s->opt.skew_min + (int64_t)dice_below(&dice, (uint32_t)span + 1);
}

static void
set_validity(struct sim_setup *setup, enum cert cert, int64_t now)
{
	setup->not_before = now - 360 * DAY;
	setup->not_after = now + 730 * (int64_t)DAY;
	if (cert == CERT_SOON)
		setup->not_after = now + 5 * DAY;
	else if (cert == CERT_EXPIRED)
		setup->not_after = now - 5 * DAY;
}

static bool
always_tls(const struct firmware *f)
{
	return f->major > 16 || (f->major == 16 && f->minor >= 1);
}

/* In a mix, those without TLS are of the three that can be. */
static const struct firmware *
firmware_of(const struct plan *plan, const struct drift *drift, size_t i)
{
	if (!plan->mixed_firmware)
		return &plan->firmware;
	return &mix[drift->cert == CERT_NONE ? i / 10 % 3 : (i + i / 10) % MIX];
}

static int
make_new(struct sim *s, const struct plan *plan, size_t i)
{
	const struct drift *drift = plan->drift[i % plan->drift_count];
	const struct firmware *f = firmware_of(plan, drift, i);
	struct sim_device *d = &s->devices[i];
	char uuid[37], password[33], os_fqdn[256], ip[INET_ADDRSTRLEN];
	char other[256];
	struct sim_setup setup = {.major = f->major, .minor = f->minor};

	/* From 16.1 on TLS cannot be off. */
	if (drift->cert == CERT_NONE && always_tls(f))
		drift = &drifts[0];
	make_uuid(s, i, uuid);
	password_of(s, plan, i, password);
	snprintf(os_fqdn, sizeof(os_fqdn), "%spc%05zu.%s",
	    drift->renamed ? "new-" : "", i, s->opt.domain);
	snprintf(other, sizeof(other), "old-pc%05zu.%s", i, s->opt.domain);
	(void)inet_ntop(AF_INET, &s->ports[i].addr, ip, sizeof(ip));
	setup.build = f->build;
	setup.uuid = uuid;
	setup.fqdn = s->ports[i].name;
	setup.os_fqdn = os_fqdn;
	setup.password = password;
	setup.ip = ip;
	setup.skew_ms = (drift->skew + skew_of(s, i)) * 1000;
	setup.plain = drift->cert == CERT_NONE;
	if (drift->cert == CERT_OTHER_NAME)
		setup.cert_name = other;
	else if (drift->cert != CERT_NONE)
		setup.cert_name = s->ports[i].name;
	set_validity(&setup, drift->cert, plan->now);
	if (sim_firmware_new(d, &setup) < 0) {
		sim_say("device %zu cannot be made", i);
		return -1;
	}
	make_realm(s, d, password);
	if (drift->settings) {
		d->state.ping = !d->state.ping;
		d->state.ddns_client = !d->state.ddns_client;
	}
	return state_save(s, d);
}

static int
make_device(struct sim *s, const struct plan *plan, size_t i)
{
	struct sim_device *d = &s->devices[i];
	struct sim_port *p = &s->ports[i];
	int rc;

	d->index = (int)i;
	d->port = p;
	p->sim = s;
	p->dev = d;
	p->addr = address_of(&s->opt, i);
	snprintf(p->name, sizeof(p->name), "pc%05zu.%s", i, s->opt.domain);
	rc = state_load(s, d);
	if (rc > 0)
		return make_new(s, plan, i);
	if (rc == 0)
		sim_firmware_boot(d);
	return rc;
}

static int
read_keys(const struct options *opt, int bits)
{
	size_t n = (size_t)opt->devices;

	n = n < POOL_MIN ? POOL_MIN : n > POOL_MAX ? POOL_MAX : n;
	if (sim_key_pool(opt->key_pool, bits, n) == 0)
		return 0;
	sim_say("--key-pool: cannot use %s", opt->key_pool);
	return -1;
}

/* The next key of each device is the first that an authority sees. */
static void
warn_of_shared_keys(const struct sim *s, int bits)
{
	size_t left = sim_key_pool_left(bits);

	if (left < s->count)
		sim_say("--key-pool: %zu keys are left for %zu devices, which "
			"will share them: an authority that refuses a key it "
			"certified for another device serves only the first",
		    left, s->count);
}

int
fleet_make(struct sim *s)
{
	struct plan plan = {.now = time(NULL)};
	size_t i;
	int bits, rc = -1;

	if (plan_drift(&plan, s->opt.drift) < 0 ||
	    plan_firmware(&plan, s->opt.firmware) < 0 ||
	    plan_password(&plan, s->opt.password_file) < 0)
		goto out;
	if (mkdir(s->opt.state_dir, 0700) < 0 && errno != EEXIST) {
		sim_say(
		    "cannot make %s: %s", s->opt.state_dir, strerror(errno));
		goto out;
	}
	bits = sim_firmware_bits(plan.firmware.major);
	if (s->opt.key_pool != NULL && read_keys(&s->opt, bits) < 0)
		goto out;
	s->count = (size_t)s->opt.devices;
	sim_key_pool_places(s->count);
	s->devices = must_calloc(s->count, sizeof(*s->devices));
	s->ports = must_calloc(s->count, sizeof(*s->ports));
	for (i = 0; i < s->count; i++)
		if (make_device(s, &plan, i) < 0)
			goto out;
	if (s->opt.key_pool != NULL)
		warn_of_shared_keys(s, bits);
	rc = 0;
out:
	free(plan.password);
	return rc;
}

void
fleet_free(struct sim *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		sim_firmware_free(&s->devices[i]);
		tls_reload(&s->ports[i]);
		free(s->ports[i].replays);
	}
	free(s->devices);
	free(s->ports);
	s->devices = NULL;
	s->ports = NULL;
	s->count = 0;
}

static FILE *
create(const char *file)
{
	FILE *out = NULL;

	/* Not only for a new file: passwords go in. */
	(void)unlink(file);
	out = fopen(file, "wex");
	if (out == NULL)
		sim_say("cannot write %s: %s", file, strerror(errno));
	return out;
}

static int
finish(FILE *out, const char *file)
{
	if (fclose(out) == 0)
		return 0;
	sim_say("cannot write %s: %s", file, strerror(errno));
	return -1;
}

static void
write_row(FILE *out, const struct sim *s, const struct plan *plan, size_t i)
{
	struct sim_port *p = &s->ports[i];
	const struct sim_state *state = &p->dev->state;
	const char *dot = strchr(state->os_fqdn, '.');
	size_t host = dot == NULL ? strlen(state->os_fqdn)
				  : (size_t)(dot - state->os_fqdn);
	char password[33], ip[INET_ADDRSTRLEN];
	struct text hex = {.data = NULL};
	uint8_t leaf[32];

	password_of(s, plan, i, password);
	(void)inet_ntop(AF_INET, &p->addr, ip, sizeof(ip));
	if (tls_leaf(p, leaf))
		text_hex(&hex, leaf, sizeof(leaf));
	fprintf(out, "%s,%s,%s,%.*s,%s,%s,%s,%s,%d.%d.%d\n", p->name, ip,
	    password, (int)host, state->os_fqdn, dot == NULL ? "" : dot + 1,
	    state->uuid, hex.data == NULL ? "" : hex.data,
	    hex.data == NULL ? "no" : "yes", state->major, state->minor,
	    state->build);
	text_free(&hex);
	OPENSSL_cleanse(password, sizeof(password));
}

int
fleet_write_csv(const struct sim *s, const char *file)
{
	struct plan plan = {.now = 0};
	mode_t mask = umask(077);
	FILE *out = create(file);
	size_t i;

	(void)umask(mask);
	if (out == NULL)
		return -1;
	if (plan_password(&plan, s->opt.password_file) < 0) {
		fclose(out);
		return -1;
	}
	fputs("name,address,password,os_host,os_domain,uuid,leaf_sha256,"
	      "tls,firmware\n",
	    out);
	for (i = 0; i < s->count; i++)
		write_row(out, s, &plan, i);
	free(plan.password);
	return finish(out, file);
}

int
fleet_write_hosts(const struct sim *s, const char *file)
{
	FILE *out = create(file);
	char ip[INET_ADDRSTRLEN];
	size_t i;

	if (out == NULL)
		return -1;
	for (i = 0; i < s->count; i++) {
		(void)inet_ntop(AF_INET, &s->ports[i].addr, ip, sizeof(ip));
		fprintf(out, "%s %s\n", ip, s->devices[i].state.os_fqdn);
	}
	return finish(out, file);
}

struct sim_port *
fleet_at(struct sim *s, struct in_addr addr)
{
	uint32_t first = ntohl(s->opt.first.s_addr), at = ntohl(addr.s_addr);
	uint32_t net = (at >> 8) - (first >> 8), host = at & 255;
	size_t i;

	if (at < first || host == 0 || host == 255)
		return NULL;
	i = (size_t)net * HOSTS_PER_NET + host - (first & 255);
	return i < s->count ? &s->ports[i] : NULL;
}

bool
fleet_named(const struct sim_port *p, const char *pattern)
{
	char short_name[32], ip[INET_ADDRSTRLEN];

	if (strcmp(pattern, "*") == 0)
		return true;
	snprintf(short_name, sizeof(short_name), "pc%05d", p->dev->index);
	return fnmatch(pattern, short_name, 0) == 0 ||
	    fnmatch(pattern, p->name, FNM_CASEFOLD) == 0 ||
	    fnmatch(pattern, p->dev->state.os_fqdn, FNM_CASEFOLD) == 0 ||
	    (inet_ntop(AF_INET, &p->addr, ip, sizeof(ip)) != NULL &&
		fnmatch(pattern, ip, 0) == 0);
}

struct sim_port *
fleet_find(struct sim *s, const char *name)
{
	struct in_addr addr;
	int64_t index;
	size_t i;

	if (number(name, 0, (int64_t)s->count - 1, &index) == 0)
		return &s->ports[index];
	if (inet_pton(AF_INET, name, &addr) == 1)
		return fleet_at(s, addr);
	for (i = 0; i < s->count; i++) {
		struct sim_port *p = &s->ports[i];
		size_t host = strcspn(p->name, ".");

		if (strcasecmp(p->name, name) == 0 ||
		    strcasecmp(p->dev->state.os_fqdn, name) == 0 ||
		    (strlen(name) == host &&
			strncasecmp(p->name, name, host) == 0))
			return p;
	}
	return NULL;
}
