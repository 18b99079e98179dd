#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "engine.h"
#include "err.h"
#include "fault.h"
#include "journal.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "plan.h"
#include "ports.h"
#include "profile.h"
#include "secret.h"
#include "store.h"
#include "str.h"
#include "vault.h"
#include "world.h"

/*
 * test_crash [--sample N] [--play NAME]
 *
 * For every play: a run without faults; a run with the answer to each change
 * lost, with each change not made, and with each link refused; a run killed at
 * each fault point, followed by one that must put everything right; and one
 * killed, recovered and killed again (every N-th point of both).  After each
 * the store and the world must agree.
 */

#define OLD_PASSWORD "Old-Passw0rd!"
#define SID "S-1-5-21-1-2-3-1105"

/* What a child tells its parent. */
struct told {
	unsigned long points;
	enum engine_outcome outcome;
	char error[256];
};

static struct {
	char folder[64];
	char template_db[128], db[128], key[128];
	struct world *world;
	struct told *told;
	unsigned long passed, failed;
} test;

static struct profile_acl acl[] = {
    {(char *)(uintptr_t)SID, (char *)(uintptr_t) "3", 2}};
static char template_name[] = "amt-tls-server", key_auto[] = "auto";
static struct profile_template templates[] = {{.name = template_name,
    .validity = 365 * CLOCK_DAY,
    .renew_before = 30 * CLOCK_DAY,
    .backdate = 3600,
    .key = key_auto}};
static char text_off[] = "dhcp", text_dhcp[] = "dhcp", text_ou[] = "OU=AMT",
	    text_account[] = "%h-iME$", text_realm[] = "CORP.EXAMPLE",
	    text_default[] = "default";

static const struct profile profile = {
    .name = text_default,
    .clock_skew = 10,
    .clock_interval = 14 * CLOCK_DAY,
    .names_sync = true,
    .shared_fqdn = true,
    .ddns = text_off,
    .ping = true,
    .ip = text_dhcp,
    .tls = true,
    .template_name = template_name,
    .ad = true,
    .ou = text_ou,
    .account = text_account,
    .ad_prove = true,
    .ad_password_length = 32,
    .ad_renew_before = 10 * CLOCK_DAY,
    .acl = acl,
    .acl_count = 1,
    .admin = true,
    .admin_password_length = 20,
    .admin_max_age = 180 * CLOCK_DAY,
    .templates = templates,
    .template_count = 1,
};

static const struct conf conf = {
    .parallel = 10,
    .retry_first = 300,
    .retry_most = 86400,
    .lease = 600,
    .attempts = 3,
    .directory = true,
    .realm = text_realm,
};

/* --- time that costs nothing --- */

void __real_loop_timer_set(struct loop_timer *timer, uint64_t ms);
void __wrap_loop_timer_set(struct loop_timer *timer, uint64_t ms);
int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);

static int64_t jumped_ms;

void
__wrap_loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
	jumped_ms += (int64_t)ms;
	__real_loop_timer_set(timer, 0);
}

int64_t
__wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + jumped_ms;
}

/* --- one process: recover, then run the play --- */

struct work {
	struct engine *engine;
	struct loop *loop;
	const struct play *play;
	bool submitted;
};

static void
on_idle(void *cookie)
{
	struct work *work = cookie;

	if (!work->submitted && !engine_broken(work->engine, NULL)) {
		work->submitted = true;
		engine_submit(work->engine, 1, ENGINE_RUN, work->play);
		return;
	}
	loop_stop(work->loop);
}

static void
on_report(void *cookie, const struct engine_report *r)
{
	(void)cookie;
	test.told->outcome = r->outcome;
	(void)snprintf(
	    test.told->error, sizeof(test.told->error), "%s", r->err->text);
}

static void
must(int rc, const struct err *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "set-up: %s\n", err->text);
	_exit(1);
}

static void
child(const char *play, unsigned long crash_at)
{
	struct engine_deps deps = {
	    .conf = &conf, .profile = &profile, .actor = "test"};
	struct work work = {.play = play_find(play)};
	struct vault *vault = NULL;
	struct store *store = NULL;
	struct ports ports;
	struct err err;
	size_t open = 0;

	must(vault_open(test.key, &vault, &err), &err);
	must(store_open(test.db, vault, &store, &err), &err);
	work.loop = loop_new(&err);
	world_ports(test.world, work.loop, &ports);
	deps.loop = work.loop;
	deps.store = store;
	deps.ports = &ports;
	work.engine = engine_new(&deps, &err);
	engine_on_report(work.engine, on_report, &work);
	engine_on_idle(work.engine, on_idle, &work);
	fault_arm(crash_at > 0 ? "*" : NULL, crash_at);
	must(engine_recover(work.engine, &open, &err), &err);
	if (open == 0)
		on_idle(&work);
	loop_run(work.loop);
	test.told->points = fault_passed();
	engine_free(work.engine);
	loop_free(work.loop);
	store_close(store);
	vault_close(vault);
}

/* Fork, run, wait. True when the process was killed at its fault point. */
static bool
run(const char *play, unsigned long crash_at)
{
	int status;
	pid_t pid;

	memset(test.told, 0, sizeof(*test.told));
	(void)fflush(NULL);
	pid = fork();
	assert(pid >= 0);
	if (pid == 0) {
		child(play, crash_at);
		exit(0);
	}
	(void)waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == FAULT_EXIT)
		return true;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		(void)printf("FAIL %s at %lu: process status %d\n", play,
		    crash_at, status);
		test.failed++;
	}
	return false;
}

/* --- the state everything starts from --- */

static void
copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat st;

	assert(in >= 0 && out >= 0 && fstat(in, &st) == 0);
	assert(sendfile(out, in, NULL, (size_t)st.st_size) == st.st_size);
	(void)close(in);
	(void)close(out);
}

static void
reset(void)
{
	char beside[160];

	(void)snprintf(beside, sizeof(beside), "%s-wal", test.db);
	(void)unlink(beside);
	(void)snprintf(beside, sizeof(beside), "%s-shm", test.db);
	(void)unlink(beside);
	copy_file(test.template_db, test.db);
	world_reset(test.world);
}

static void
make_template(void)
{
	struct secret *password =
	    secret_new(OLD_PASSWORD, strlen(OLD_PASSWORD));
	struct device *d = device_new("pc1.corp.example");
	struct vault *vault = NULL;
	struct store *store = NULL;
	struct err err;

	must(vault_create(test.key, &err), &err);
	must(vault_open(test.key, &vault, &err), &err);
	must(store_create(test.template_db, vault, &err), &err);
	must(store_open(test.template_db, vault, &store, &err), &err);
	must(store_device_add(store, d, &err), &err);
	assert(d->id == 1);
	must(store_secret_put(store, 1, STORE_SECRET_ADMIN, password, 1, &err),
	    &err);
	must(store_commit(store, &err), &err);
	store_close(store);
	vault_close(vault);
	device_free(d);
	secret_free(password);
}

/* --- what must hold --- */

static const char *at_play, *at_what;
static unsigned long at_n, at_m;

static void
check(bool holds, const char *what)
{
	if (holds) {
		test.passed++;
		return;
	}
	test.failed++;
	(void)printf("FAIL %s, %s %lu/%lu: %s (outcome %s, \"%s\")\n", at_play,
	    at_what, at_n, at_m, what, engine_outcome_name(test.told->outcome),
	    test.told->error);
}

static bool
stored_is(struct store *store, enum store_secret kind, const char *want)
{
	struct secret *s = NULL;
	struct err err;
	bool same;

	if (store_secret_get(store, 1, kind, &s, &err) != 0)
		return want[0] == '\0';
	same = strcmp(secret_text(s), want) == 0;
	secret_free(s);
	return same;
}

static int
count_open(void *cookie, const struct journal_intent *intent, struct err *err)
{
	(void)intent;
	(void)err;
	++*(int *)cookie;
	return 0;
}

static int
journal_open_count(struct store *store)
{
	struct err err;
	int open = 0;

	if (journal_scan_open(store, 0, count_open, &open, &err) != 0)
		return -1;
	return open;
}

/* Each certificate that is valid is one the record knows. */
static bool
certificates_known(const struct device *d)
{
	const struct world *w = test.world;
	int i;

	for (i = 0; i < w->issued_count; i++) {
		const char *serial = w->issued[i].cert.serial;

		if (!w->issued[i].revoked && !str_eq(serial, d->cert_serial) &&
		    !str_eq(serial, d->next_cert_serial) &&
		    !str_eq(serial, d->old_cert_serial))
			return false;
	}
	return true;
}

static int
used_slots(const struct world *w, int *ret_keys)
{
	int i, certs = 0;

	*ret_keys = 0;
	for (i = 0; i < WORLD_SLOTS; i++) {
		certs += w->certs[i].der[0] != '\0';
		*ret_keys += w->keys[i][0] != '\0';
	}
	return certs;
}

static void
check_goal(const char *play)
{
	const struct world *w = test.world;
	bool all = str_eq(play, "auto") || str_eq(play, "enforce-profile");
	int keys, certs = used_slots(w, &keys);

	check(llabs(w->clock_offset_ms) < 2000, "the clock is set");
	if (all || str_eq(play, "sync-network"))
		check(str_eq(w->host, "new-pc1"), "the name followed");
	if (all || str_eq(play, "sync-network") ||
	    str_eq(play, "reissue-certificates")) {
		check(w->certs[w->tls_slot].ours, "certificate is ours");
		check(str_eq(w->certs[w->tls_slot].names,
			  "dns:new-pc1.corp.example"),
		    "certificate names");
		check(certs == 1 && keys == 1, "nothing is left behind");
	}
	if (all || str_eq(play, "renew-ad-password"))
		check(w->object && w->krb &&
			str_eq(w->krb_password, w->ad_password),
		    "device and AD have the same key");
	if (all || str_eq(play, "renew-admin-password"))
		check(!str_eq(w->admin_password, OLD_PASSWORD),
		    "the admin password changed");
}

static void
verify(const char *play)
{
	const struct world *w = test.world;
	struct vault *vault = NULL;
	struct store *store = NULL;
	struct device *d = NULL;
	char leaf[65];
	int64_t events = 0;
	struct err err;

	must(vault_open(test.key, &vault, &err), &err);
	must(store_open(test.db, vault, &store, &err), &err);
	must(store_device_get(store, 1, &d, &err), &err);
	world_leaf(w, leaf);
	check(test.told->outcome == ENGINE_OK ||
		test.told->outcome == ENGINE_CHANGED,
	    "the last run ends well");
	check(stored_is(store, STORE_SECRET_ADMIN, w->admin_password),
	    "the admin password is the stored one");
	check(stored_is(store, STORE_SECRET_AD, w->ad_password),
	    "the AD password is the stored one");
	check(
	    str_eq(d->leaf_sha256, leaf), "the certificate is the pinned one");
	check(certificates_known(d), "no valid certificate without a record");
	check(journal_open_count(store) == 0, "the journal is empty");
	check(d->lease_owner == NULL || d->lease_until <= clock_now(),
	    "the device is free");
	check(w->worst_wrong_in_row <= 1, "one wrong credential at most");
	check(store_event_verify(store, &events, &err) == 0, "audit chain");
	check_goal(play);
	device_free(d);
	store_close(store);
	vault_close(vault);
}

/* --- the cases --- */

static void
whole_run(const char *play)
{
	at_what = "no fault";
	reset();
	(void)run(play, 0);
	verify(play);
}

static void
lost_answers(const char *play)
{
	static const struct {
		enum world_loss loss;
		const char *name;
	} losses[] = {{WORLD_LOSE_AFTER, "answer lost"},
	    {WORLD_LOSE_BEFORE, "request lost"},
	    {WORLD_REFUSE_LINK, "link refused"}};
	size_t i;

	for (i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		at_what = losses[i].name;
		for (at_n = 1;; at_n++) {
			reset();
			test.world->loss = losses[i].loss;
			test.world->loss_at = at_n;
			(void)run(play, 0);
			if (test.world->mutations < at_n)
				break;
			verify(play);
		}
	}
	at_n = 0;
}

static void
crashes(const char *play)
{
	at_what = "crash";
	for (at_n = 1;; at_n++) {
		reset();
		if (!run(play, at_n))
			break;
		(void)run(play, 0);
		verify(play);
	}
	(void)printf("%s: killed at %lu points\n", play, at_n - 1);
	at_n = 0;
}

/* A crash whose last answer was lost as well, then a crash of the recovery. */
static void
double_crashes(const char *play, unsigned long sample)
{
	unsigned long cases = 0;

	at_what = "crash in the recovery";
	for (at_n = 1;; at_n += sample) {
		for (at_m = 1;; at_m += sample) {
			reset();
			if (!run(play, at_n))
				goto out;
			if (!run(play, at_m))
				break;
			(void)run(play, 0);
			verify(play);
			cases++;
		}
	}
out:
	(void)printf("%s: killed and killed again in %lu ways\n", play, cases);
	at_n = 0;
	at_m = 0;
}

static void
remove_folder(void)
{
	struct dirent *entry;
	char path[512];
	DIR *dir = opendir(test.folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s", test.folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(test.folder);
}

int
main(int argc, char **argv)
{
	unsigned long sample = 1;
	const char *only = NULL;
	const struct play *play;
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (str_eq(argv[i], "--sample"))
			sample = strtoul(argv[i + 1], NULL, 10);
		else if (str_eq(argv[i], "--play"))
			only = argv[i + 1];
	}
	log_set_level(LOG_ERROR);
	(void)snprintf(test.folder, sizeof(test.folder), "%s",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/amtkeeper.XXXXXX"
					  : "/tmp/amtkeeper.XXXXXX");
	assert(mkdtemp(test.folder) != NULL);
	(void)snprintf(test.template_db, sizeof(test.template_db),
	    "%s/template.db", test.folder);
	(void)snprintf(test.db, sizeof(test.db), "%s/fleet.db", test.folder);
	(void)snprintf(test.key, sizeof(test.key), "%s/key", test.folder);
	test.world = world_new();
	test.told = mmap(NULL, sizeof(*test.told), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_template();
	for (play = plays(); play->name != NULL; play++) {
		if (only != NULL && !str_eq(only, play->name))
			continue;
		at_play = play->name;
		whole_run(play->name);
		lost_answers(play->name);
		crashes(play->name);
		double_crashes(play->name, sample);
	}
	remove_folder();
	world_free(test.world);
	(void)printf("%lu passed, %lu failed\n", test.passed, test.failed);
	return test.failed > 0;
}
