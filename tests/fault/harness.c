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
#include "err.h"
#include "fault.h"
#include "harness.h"
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

struct harness harness;

static struct {
	char folder[64];
	char template_db[128], db[128], key[128];
} files;

static struct profile_acl acl[] = {
    {(char *)(uintptr_t)HARNESS_SID, (char *)(uintptr_t) "3", 2}};
static char template_name[] = "amt-tls-server", key_auto[] = "auto",
	    key_short[] = "rsa-2048";
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
    .tls_roots = true,
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

static struct conf conf = {
    .parallel = 10,
    .per_ca = 1,
    .per_directory = 1,
    .retry_first = 300,
    .retry_most = 86400,
    .lease = 600,
    .attempts = 3,
    .replication = 900,
    .directory = true,
    .realm = text_realm,
};

/* --- time that costs nothing --- */

void __real_loop_timer_set(struct loop_timer *timer, uint64_t ms);
void __wrap_loop_timer_set(struct loop_timer *timer, uint64_t ms);
int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);
int64_t __real_clock_now_ms(void);
int64_t __wrap_clock_now_ms(void);

static int64_t jumped_ms;

void
__wrap_loop_timer_set(struct loop_timer *timer, uint64_t ms)
{
	jumped_ms += (int64_t)ms;
	/* One that sets itself again would not let the loop turn at 0. */
	__real_loop_timer_set(timer, ms > 0 ? 1 : 0);
}

int64_t
__wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + jumped_ms;
}

/* Both clocks together: one that goes ahead of the other was set. */
int64_t
__wrap_clock_now_ms(void)
{
	return __real_clock_now_ms() + jumped_ms;
}

/* --- what is counted --- */

unsigned __real_diagnose(const struct device *d, const struct policy *p);
unsigned __wrap_diagnose(const struct device *d, const struct policy *p);

unsigned
__wrap_diagnose(const struct device *d, const struct policy *p)
{
	harness.told->diagnoses++;
	return __real_diagnose(d, p);
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

	if (!work->submitted && !harness.recover_only &&
	    !engine_broken(work->engine, NULL)) {
		work->submitted = true;
		engine_submit(work->engine, 1,
		    harness.plan_only ? ENGINE_PLAN : ENGINE_RUN, work->play);
		return;
	}
	loop_stop(work->loop);
}

static void
tell_plan(const struct plan *plan)
{
	char *told = harness.told->plan;
	size_t i, at;

	for (i = 0; i < plan->count; i++) {
		at = strlen(told);
		(void)snprintf(told + at, sizeof(harness.told->plan) - at,
		    "%s ", plan_step_name(&plan->steps[i]));
	}
}

static void
on_report(void *cookie, const struct engine_report *r)
{
	(void)cookie;
	harness.told->plan[0] = '\0';
	tell_plan(r->plan);
	harness.told->outcome = r->outcome;
	(void)snprintf(harness.told->error, sizeof(harness.told->error), "%s",
	    r->err->text);
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
run_play(struct work *work)
{
	struct err err;
	size_t open = 0;

	engine_on_idle(work->engine, on_idle, work);
	must(engine_recover(work->engine, &open, &err), &err);
	if (open == 0)
		on_idle(work);
	if (open != 0 || !harness.recover_only)
		loop_run(work->loop);
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

	conf.replication = harness.replicated ? 0 : 900;
	conf.database = files.db;
	templates[0].key = harness.short_keys ? key_short : key_auto;
	must(vault_open(files.key, &vault, &err), &err);
	must(store_open(files.db, vault, &store, &err), &err);
	work.loop = loop_new(&err);
	world_ports(harness.world, work.loop, &ports);
	deps.loop = work.loop;
	deps.store = store;
	deps.ports = &ports;
	work.engine = engine_new(&deps, &err);
	engine_on_report(work.engine, on_report, &work);
	fault_arm(crash_at > 0 ? "*" : NULL, crash_at);
	if (harness.body != NULL)
		harness.body(&(const struct harness_process){.loop = work.loop,
		    .vault = vault,
		    .store = store,
		    .engine = work.engine,
		    .conf = &conf});
	else
		run_play(&work);
	engine_free(work.engine);
	loop_free(work.loop);
	store_close(store);
	vault_close(vault);
}

/* Fork, run, wait. True when the process was killed at its fault point. */
bool
harness_run(const char *play, unsigned long crash_at)
{
	int status;
	pid_t pid;

	memset(harness.told, 0, sizeof(*harness.told));
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
		harness.failed++;
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

void
harness_reset(void)
{
	char beside[160];

	(void)snprintf(beside, sizeof(beside), "%s-wal", files.db);
	(void)unlink(beside);
	(void)snprintf(beside, sizeof(beside), "%s-shm", files.db);
	(void)unlink(beside);
	copy_file(files.template_db, files.db);
	world_reset(harness.world, harness.kind);
}

static void
make_template(void)
{
	struct secret *password =
	    secret_new(HARNESS_PASSWORD, strlen(HARNESS_PASSWORD));
	struct device *d = device_new("pc1.corp.example");
	struct vault *vault = NULL;
	struct store *store = NULL;
	struct err err;
	char hash[65];

	must(vault_create(files.key, &err), &err);
	must(vault_open(files.key, &vault, &err), &err);
	must(store_create(files.template_db, vault, &err), &err);
	must(store_open(files.template_db, vault, &store, &err), &err);
	d->next_due = clock_now(); /* as an import leaves it */
	(void)str_base64_sha256(WORLD_ROOT_OLD, WORLD_TEXT, hash);
	mem_replace(&d->our_roots, hash);
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

void
harness_open(struct harness_store *s)
{
	struct err err;

	memset(s, 0, sizeof(*s));
	must(vault_open(files.key, &s->vault, &err), &err);
	must(store_open(files.db, s->vault, &s->store, &err), &err);
	must(store_device_get(s->store, 1, &s->device, &err), &err);
}

void
harness_close(struct harness_store *s)
{
	device_free(s->device);
	store_close(s->store);
	vault_close(s->vault);
}

struct wanted {
	const char *step;
	bool found;
};

static int
note_step(void *cookie, const struct journal_intent *intent, struct err *err)
{
	struct wanted *wanted = cookie;

	(void)err;
	wanted->found = wanted->found || str_eq(intent->step, wanted->step);
	return 0;
}

bool
harness_is_open(const struct harness_store *s, const char *step)
{
	struct wanted wanted = {.step = step};
	struct err err;

	must(journal_scan_open(s->store, 1, note_step, &wanted, &err), &err);
	return wanted.found;
}

void
harness_correct(const char *password)
{
	struct secret *secret = secret_new(password, strlen(password));
	int64_t now = clock_now(), token = 0;
	struct harness_store s;
	struct err err;

	harness_open(&s);
	/* Whoever had it is dead. */
	must(store_lease_take(s.store, 1, "person", now + CLOCK_DAY,
		 now + CLOCK_DAY, &token, &err),
	    &err);
	must(
	    store_secret_put(s.store, 1, STORE_SECRET_ADMIN, secret, now, &err),
	    &err);
	s.device->strikes = 0;
	device_set_text(s.device, device_field("error_kind"), NULL);
	must(store_device_save_state(s.store, s.device, token, &err), &err);
	must(store_lease_drop(s.store, 1, token, &err), &err);
	must(store_commit(s.store, &err), &err);
	harness_close(&s);
	secret_free(secret);
}

void
harness_check(bool holds, const char *what)
{
	if (holds) {
		harness.passed++;
		return;
	}
	harness.failed++;
	(void)printf("FAIL %s, %s %lu/%lu: %s (outcome %s, \"%s\")\n",
	    harness.play, harness.what, harness.n, harness.m, what,
	    engine_outcome_name(harness.told->outcome), harness.told->error);
}

void
harness_enough(unsigned cases)
{
	harness_check(harness.every > 1 || cases > 3, "there are such points");
}

static void
remove_folder(void)
{
	struct dirent *entry;
	char path[512];
	DIR *dir = opendir(files.folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		(void)snprintf(
		    path, sizeof(path), "%s/%s", files.folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(files.folder);
}

const char *
harness_option(int argc, char **argv, const char *name)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2)
		if (str_eq(argv[i], name))
			return argv[i + 1];
	return NULL;
}

void
harness_start(int argc, char **argv)
{
	const char *every = harness_option(argc, argv, "--every");

	harness.every = every != NULL ? strtoul(every, NULL, 10) : 1;
	assert(harness.every > 0);
	log_set_level(LOG_ERROR);
	(void)snprintf(files.folder, sizeof(files.folder), "%s",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm/amtkeeper.XXXXXX"
					  : "/tmp/amtkeeper.XXXXXX");
	assert(mkdtemp(files.folder) != NULL);
	(void)snprintf(files.template_db, sizeof(files.template_db),
	    "%s/template.db", files.folder);
	(void)snprintf(files.db, sizeof(files.db), "%s/fleet.db", files.folder);
	(void)snprintf(files.key, sizeof(files.key), "%s/key", files.folder);
	harness.world = world_new();
	harness.told = mmap(NULL, sizeof(*harness.told), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_template();
}

int
harness_end(void)
{
	remove_folder();
	world_free(harness.world);
	(void)printf(
	    "%lu passed, %lu failed\n", harness.passed, harness.failed);
	return harness.failed > 0;
}
