#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "device.h"
#include "loop.h"
#include "mem.h"
#include "store.h"
#include "str.h"
#include "vault.h"

#define SEEN INT64_C(1700000000) /* 2023-11-14T22:13:20Z */

/* --- the fleet --- */

static void
add(struct fixture *f, struct device *d)
{
	assert_int_equal(store_device_add(f->store, d, &f->err), 0);
	device_free(d);
}

static struct device *
configured(const char *name, const char *host)
{
	struct device *d = device_new(name);

	d->os_host = mem_dup(host);
	d->os_domain = mem_dup("corp.example");
	d->amt_host = mem_dup(host);
	d->amt_domain = mem_dup("corp.example");
	d->read_at = d->seen_at = SEEN;
	d->control_mode = mem_dup("acm");
	d->amt_version = mem_dup("16.1.25");
	d->tls_enabled = true;
	return d;
}

/* pc1 as it should be, pc2 that was not reached and has hostile texts, pc3 that
 * nobody ever spoke to. */
static void
fill(struct fixture *f)
{
	struct device *d = configured("pc1.corp.example", "pc1");
	bool changed;
	int64_t group, tag;

	assert_int_equal(
	    store_group_take(f->store, "Berlin\\Lab", &group, &f->err), 0);
	d->group_id = group;
	d->uuid = mem_dup("4c4c4544-0042-3510-8053-b4c04f4e3332");
	d->ip_address = mem_dup("192.0.2.11");
	d->mac = mem_dup("00:11:22:aa:bb:01");
	d->cert_not_after = SEEN + 86400;
	add(f, d);
	d = configured("pc2.corp.example", "pc2");
	d->group_id = STORE_GROUP_ROOT;
	d->ip_address = mem_dup("192.0.2.12");
	d->error_code = mem_dup("offline");
	d->error_text = mem_dup("<b>it's \"OK:\" no/\\ more</b>\r\n\x01");
	d->error_at = SEEN;
	add(f, d);
	d = device_new("pc3.corp.example");
	d->group_id = STORE_GROUP_ROOT;
	add(f, d);
	assert_int_equal(
	    store_tag_take(f->store, "AMT-CertDue", &tag, &f->err), 0);
	assert_int_equal(
	    store_tag_apply(f->store, 1, tag, &changed, &f->err), 0);
	assert_int_equal(
	    store_tag_take(f->store, "Server & <Lab>", &tag, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
}

/* --- hands --- */

static void
look(void *self, const int64_t *devices, size_t count, int64_t ms,
    remote_looked_fn *done, void *cookie)
{
	struct fixture *f = self;

	assert_true(count <= sizeof(f->looked) / sizeof(f->looked[0]));
	memcpy(f->looked, devices, count * sizeof(*devices));
	f->looked_count = count;
	f->looked_ms = ms;
	done(cookie, &f->seen);
}

static void
wake(void *self)
{
	struct fixture *f = self;

	f->woken++;
}

int
setup(void **state)
{
	struct fixture *f = mem_alloc(sizeof(*f));
	struct remote_conf conf;

	assert_int_equal(setenv("TZ", "Europe/Berlin", 1), 0);
	tzset();
	strcpy(f->folder, "/tmp/test-epo-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->key, sizeof(f->key), "%s/key", f->folder);
	(void)snprintf(f->path, sizeof(f->path), "%s/store.db", f->folder);
	assert_int_equal(vault_create(f->key, &f->err), 0);
	assert_int_equal(vault_open(f->key, &f->vault, &f->err), 0);
	assert_int_equal(store_create(f->path, f->vault, &f->err), 0);
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
	fill(f);
	f->loop = loop_new(&f->err);
	assert_non_null(f->loop);
	conf = (struct remote_conf){.loop = f->loop,
	    .database = f->path,
	    .vault = f->vault,
	    .hands = {.self = f, .look = look, .wake = wake}};
	assert_int_equal(remote_new(&conf, &f->remote, &f->err), 0);
	*state = f;
	return 0;
}

int
teardown(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	char name[80];
	size_t i;
	int r;

	remote_free(f->remote);
	loop_free(f->loop);
	store_close(f->store);
	vault_close(f->vault);
	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		(void)snprintf(
		    name, sizeof(name), "%s%s", f->path, suffixes[i]);
		(void)unlink(name);
	}
	(void)unlink(f->key);
	r = rmdir(f->folder);
	free(f->body);
	free(f);
	return r;
}

/* --- asking --- */

static void
answered(void *cookie, const struct remote_answer *answer)
{
	struct fixture *f = cookie;

	f->answers++;
	free(f->body);
	f->len = answer->body->len;
	f->body = mem_dup_len((const char *)answer->body->data, f->len);
	f->busy = answer->busy;
	f->failed = answer->failed;
	f->code = answer->code;
}

void
ask_list(struct fixture *f, const char *command, const struct remote_arg *args,
    size_t count)
{
	const struct access_identity who = {
	    .name = "alice", .rights = ~f->lacks};
	const struct remote_request request = {.command = command,
	    .args = args,
	    .arg_count = count,
	    .who = &who,
	    .token = "t0ken"};
	const size_t before = f->answers;

	remote_submit(f->remote, &request, answered, f);
	while (f->answers == before)
		loop_turn(f->loop);
}

void
ask(struct fixture *f, const char *command, ...)
{
	struct remote_arg args[REMOTE_ARGS_MAX];
	char *names[REMOTE_ARGS_MAX];
	const char *text;
	size_t n = 0, i;
	va_list ap;

	va_start(ap, command);
	while ((text = va_arg(ap, const char *)) != NULL) {
		assert_non_null(strchr(text, '='));
		names[n] = mem_dup_len(text, strcspn(text, "="));
		args[n].name = names[n];
		args[n].value = strchr(text, '=') + 1;
		args[n].len = strlen(args[n].value);
		n++;
	}
	va_end(ap);
	ask_list(f, command, args, n);
	for (i = 0; i < n; i++)
		free(names[i]);
}

void
assert_error(const struct fixture *f, enum remote_code code, const char *text)
{
	char head[32];

	(void)snprintf(head, sizeof(head), "Error %d :\r\n", (int)code);
	if (!str_starts(f->body, head) || strstr(f->body, text) == NULL)
		fail_msg("wanted %s and \"%s\", got %s", head, text, f->body);
	assert_true(f->failed);
	assert_int_equal(f->code, code);
}

void
assert_body(const struct fixture *f, const char *body)
{
	assert_string_equal(f->body, body);
	assert_int_equal(f->len, strlen(body));
	assert_false(f->failed);
}
