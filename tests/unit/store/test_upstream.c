/* upstream.h, upstream_push.h: what is known of a console above us, and what is
 * published there. */
#include "fixture.h"

#include "upstream.h"
#include "upstream_push.h"

#define NOW INT64_C(1800000000)

static struct upstream
take(struct fixture *f, const char *name)
{
	struct upstream u = {0};

	if (upstream_take(f->store, name, &u, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return u;
}

static int64_t
add_link(struct fixture *f, int64_t upstream, int64_t remote, int64_t device,
    int64_t pass)
{
	struct upstream_link l = {.upstream = upstream,
	    .remote = remote,
	    .device = device,
	    .pass = pass,
	    .name = mem_dup("PC"),
	    .seen_at = NOW};
	int rc = upstream_link_save(f->store, &l, &f->err);
	int64_t id = l.id;

	upstream_link_clear(&l);
	return rc == 0 ? id : 0;
}

static void
keeps_how_far(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp"), again;
	char mark[9];

	assert_int_equal(u.state, UPSTREAM_NEW);
	assert_int_equal(strlen(u.mark), 8);
	(void)snprintf(mark, sizeof(mark), "%s", u.mark);
	u.state = UPSTREAM_FAILED;
	u.error = mem_dup("away");
	u.version = mem_dup("5.10.0");
	u.failures = 3;
	u.next_at = NOW + 60;
	u.pass_began = NOW;
	u.pass_after = 17;
	u.pass_full = true;
	assert_int_equal(upstream_save(f->store, &u, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	again = take(f, "CORP");
	assert_int_equal(again.id, u.id);
	assert_string_equal(again.mark, mark);
	assert_string_equal(again.error, "away");
	assert_string_equal(again.version, "5.10.0");
	assert_null(again.unique_id);
	assert_int_equal(again.failures, 3);
	assert_int_equal(again.next_at, NOW + 60);
	assert_int_equal(again.pass_after, 17);
	assert_true(again.pass_full);
	upstream_clear(&u);
	upstream_clear(&again);
	assert_int_equal(upstream_find(f->store, "other", &u, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
}

static void
has_one_holder(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp");
	struct store *s = f->store;

	assert_int_equal(
	    upstream_hold(s, u.id, "a", NOW, NOW + 60, &f->err), 0);
	assert_int_equal(
	    upstream_hold(s, u.id, "b", NOW + 59, NOW + 90, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
	assert_int_equal(
	    upstream_hold(s, u.id, "a", NOW + 59, NOW + 90, &f->err), 0);
	assert_int_equal(
	    upstream_hold(s, u.id, "b", NOW + 60, NOW + 99, &f->err), -1);
	assert_int_equal(upstream_release(s, u.id, "b", &f->err), 0);
	assert_int_equal(
	    upstream_hold(s, u.id, "b", NOW + 60, NOW + 99, &f->err), -1);
	assert_int_equal(upstream_release(s, u.id, "a", &f->err), 0);
	assert_int_equal(
	    upstream_hold(s, u.id, "b", NOW + 60, NOW + 99, &f->err), 0);
	/* It died: after its time another goes on. */
	assert_int_equal(
	    upstream_hold(s, u.id, "c", NOW + 99, NOW + 120, &f->err), 0);
	upstream_clear(&u);
}

static void
seals_the_login(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp");
	struct secret *password = secret_new("P4ss-word", 9), *got = NULL;
	char *user = NULL, bytes[1 << 16];
	size_t len;
	FILE *file;

	assert_int_equal(
	    upstream_get_login(f->store, u.id, &user, &got, &f->err), -1);
	assert_int_equal(f->err.kind, ERR_NOTFOUND);
	assert_int_equal(
	    upstream_put_login(f->store, u.id, "svc", password, &f->err), 0);
	assert_int_equal(store_commit(f->store, &f->err), 0);
	assert_int_equal(
	    upstream_get_login(f->store, u.id, &user, &got, &f->err), 0);
	assert_string_equal(user, "svc");
	assert_true(secret_equal(got, password));
	/* Neither the file nor its log has it. */
	store_close(f->store);
	file = fopen(f->path, "r");
	assert_non_null(file);
	while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0)
		assert_null(memmem(bytes, len, "P4ss-word", 9));
	(void)fclose(file);
	assert_int_equal(store_open(f->path, f->vault, &f->store, &f->err), 0);
	free(user);
	secret_free(got);
	secret_free(password);
	upstream_clear(&u);
}

static int
note_remote(void *cookie, const struct upstream_link *l, struct err *err)
{
	int64_t *sum = cookie;

	(void)err;
	*sum = *sum * 100 + l->remote;
	return 0;
}

static void
links_one_to_one(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp"), v = take(f, "other");
	struct upstream_link l = {0};
	int64_t d = add_device(f, "pc1.corp.example");

	assert_true(add_link(f, u.id, 11, d, 1) > 0);
	assert_true(add_link(f, v.id, 11, d, 1) > 0);
	assert_int_equal(add_link(f, u.id, 12, d, 1), 0);
	assert_int_equal(f->err.kind, ERR_CONFLICT);
	assert_int_equal(upstream_link_of(f->store, u.id, d, &l, &f->err), 0);
	assert_int_equal(l.remote, 11);
	assert_string_equal(l.name, "PC");
	upstream_link_clear(&l);
	/* The device goes, what it was stays. */
	assert_int_equal(store_device_remove(f->store, d, &f->err), 0);
	assert_int_equal(
	    upstream_link_find(f->store, u.id, 11, &l, &f->err), 0);
	assert_int_equal(l.device, 0);
	upstream_link_clear(&l);
	upstream_clear(&u);
	upstream_clear(&v);
}

static int64_t
sweep(struct fixture *f, int64_t upstream, int64_t limit, bool *ret_more)
{
	const struct upstream_sweep s = {
	    .upstream = upstream, .pass = 2, .now = NOW, .limit = limit};
	int64_t seen = 0;

	assert_int_equal(upstream_link_sweep(f->store, &s, note_remote, &seen,
			     ret_more, &f->err),
	    0);
	return seen;
}

static void
sweeps_what_was_not_read(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp");
	struct upstream_counts counts = {0};
	int64_t seen = 0;
	bool more = false;

	(void)add_link(f, u.id, 11, 0, 1);
	(void)add_link(f, u.id, 12, 0, 2);
	(void)add_link(f, u.id, 13, 0, 1);
	(void)add_link(f, u.id, 14, 0, 1);
	assert_int_equal(sweep(f, u.id, 2, &more), 1113);
	assert_true(more);
	assert_int_equal(sweep(f, u.id, 2, &more), 14);
	assert_false(more);
	assert_int_equal(upstream_count(f->store, u.id, &counts, &f->err), 0);
	assert_int_equal(counts.systems, 4);
	assert_int_equal(counts.gone, 3);
	/* Once. */
	assert_int_equal(sweep(f, u.id, 2, &more), 0);
	assert_int_equal(
	    upstream_link_scan(f->store, u.id, note_remote, &seen, &f->err), 0);
	assert_int_equal(seen, 111314);
	seen = 0;
	assert_int_equal(
	    upstream_link_read(f->store, u.id, 2, &seen, &f->err), 0);
	assert_int_equal(seen, 1);
	assert_int_equal(upstream_forget(f->store, u.id, &f->err), 0);
	assert_int_equal(upstream_count(f->store, u.id, &counts, &f->err), 0);
	assert_int_equal(counts.systems, 0);
	upstream_clear(&u);
}

static void
finds_a_host(void **state)
{
	struct fixture *f = *state;
	struct device *d = device_new("a.corp.example");
	int64_t id = 7;

	mem_replace(&d->os_host, "pc1");
	mem_replace(&d->os_domain, "corp.example");
	assert_int_equal(store_device_add(f->store, d, &f->err), 0);
	assert_int_equal(upstream_device_of_host(
			     f->store, "PC1", "Corp.Example", &id, &f->err),
	    0);
	assert_int_equal(id, d->id);
	assert_int_equal(
	    upstream_device_of_host(f->store, "pc1", "other", &id, &f->err), 0);
	assert_int_equal(id, 0);
	mem_replace(&d->name, "b.corp.example");
	assert_int_equal(store_device_add(f->store, d, &f->err), 0);
	assert_int_equal(upstream_device_of_host(
			     f->store, "pc1", "corp.example", &id, &f->err),
	    0);
	assert_int_equal(id, -1);
	device_free(d);
}

static bool
has_tag(struct fixture *f, int64_t device, const char *name)
{
	int64_t tag = 0;
	bool changed = false;

	/* Given anew, nothing changes: it has it, or never gets it. */
	assert_int_equal(store_tag_take(f->store, name, &tag, &f->err), 0);
	assert_int_equal(
	    store_tag_apply(f->store, device, tag, &changed, &f->err), 0);
	if (changed)
		assert_int_equal(
		    store_tag_clear(f->store, device, tag, &changed, &f->err),
		    0);
	return !changed;
}

static void
mirrors_tags(void **state)
{
	struct fixture *f = *state;
	int64_t d = add_device(f, "pc1.corp.example"), own = 0, no = 0;
	bool changed = false;

	assert_int_equal(store_tag_take(f->store, "Own", &own, &f->err), 0);
	assert_int_equal(store_tag_take(f->store, "No", &no, &f->err), 0);
	assert_int_equal(
	    store_tag_apply(f->store, d, own, &changed, &f->err), 0);
	assert_int_equal(
	    store_tag_exclude(f->store, d, no, &changed, &f->err), 0);
	assert_int_equal(upstream_mirror_tags(f->store, d, NULL,
			     "Server, VIP, No, 17", &changed, &f->err),
	    0);
	assert_true(changed);
	assert_true(has_tag(f, d, "Server"));
	assert_int_equal(
	    upstream_mirror_tags(f->store, d, "Server, VIP, No, 17",
		"Server, VIP, No, 17", &changed, &f->err),
	    0);
	assert_false(changed);
	assert_int_equal(upstream_mirror_tags(f->store, d, "Server, VIP, No",
			     "vip", &changed, &f->err),
	    0);
	assert_true(changed);
	assert_false(has_tag(f, d, "Server"));
	assert_true(has_tag(f, d, "VIP"));
	/* What people did is theirs: their tag, and that it never gets one. */
	assert_true(has_tag(f, d, "Own"));
	assert_int_equal(
	    store_tag_apply(f->store, d, no, &changed, &f->err), 0);
	assert_false(changed);
}

struct shown {
	size_t rows, tags;
	enum upstream_sure first, text_state;
	char name[64], text[64];
};

static int
note_shown(void *cookie, const struct upstream_published *p, struct err *err)
{
	struct shown *s = cookie;

	(void)err;
	s->rows++;
	s->tags = p->tag_count;
	if (p->tag_count > 0) {
		s->first = p->tags[0].state;
		(void)snprintf(s->name, sizeof(s->name), "%s", p->tags[0].name);
	}
	s->text_state = p->text_state;
	(void)snprintf(
	    s->text, sizeof(s->text), "%s", p->text == NULL ? "-" : p->text);
	return 0;
}

static struct shown
shown(struct fixture *f, int64_t upstream)
{
	struct shown s = {0};

	assert_int_equal(upstream_published_scan(
			     f->store, upstream, note_shown, &s, &f->err),
	    0);
	return s;
}

static void
remembers_what_it_published(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp");
	int64_t d = add_device(f, "pc1.corp.example");
	int64_t link = add_link(f, u.id, 11, d, 1);
	struct upstream_counts counts = {0};
	struct shown s;

	(void)add_link(f, u.id, 12, 0, 1); /* nothing of ours */
	s = shown(f, u.id);
	assert_int_equal(s.rows, 1);
	assert_int_equal(s.tags, 0);
	assert_string_equal(s.text, "-");
	assert_int_equal(upstream_tag_set(f->store, link, "AMT-CertDue",
			     UPSTREAM_UNSURE, &f->err),
	    0);
	assert_int_equal(upstream_text_set(f->store, link, "AMT: ok",
			     UPSTREAM_UNSURE, &f->err),
	    0);
	s = shown(f, u.id);
	assert_int_equal(s.tags, 1);
	assert_int_equal(s.first, UPSTREAM_UNSURE);
	assert_string_equal(s.name, "AMT-CertDue");
	assert_int_equal(s.text_state, UPSTREAM_UNSURE);
	assert_int_equal(upstream_count(f->store, u.id, &counts, &f->err), 0);
	assert_int_equal(counts.unsure, 1);
	assert_int_equal(upstream_tag_set(f->store, link, "AMT-CertDue",
			     UPSTREAM_ON, &f->err),
	    0);
	/* The device goes: it is still to be taken back. */
	assert_int_equal(store_device_remove(f->store, d, &f->err), 0);
	s = shown(f, u.id);
	assert_int_equal(s.rows, 1);
	assert_int_equal(s.first, UPSTREAM_ON);
	assert_int_equal(upstream_tag_set(f->store, link, "AMT-CertDue",
			     UPSTREAM_OFF, &f->err),
	    0);
	assert_int_equal(
	    upstream_text_set(f->store, link, NULL, UPSTREAM_OFF, &f->err), 0);
	assert_int_equal(shown(f, u.id).rows, 0);
	upstream_clear(&u);
}

static int
note_issue(void *cookie, const struct upstream_issue *i, struct err *err)
{
	struct upstream_issue *last = cookie;

	(void)err;
	assert_string_equal(i->reason, "offline");
	assert_string_equal(i->name, "pc1.corp.example");
	*last = *i;
	return 0;
}

static void
has_one_issue_per_reason(void **state)
{
	struct fixture *f = *state;
	struct upstream u = take(f, "corp");
	int64_t d = add_device(f, "pc1.corp.example");
	int64_t link = add_link(f, u.id, 11, d, 1);
	struct upstream_issue last = {0};

	assert_int_equal(
	    upstream_issue_add(f->store, link, "offline", NOW, &f->err), 0);
	assert_int_equal(
	    upstream_issue_scan(f->store, u.id, note_issue, &last, &f->err), 0);
	assert_int_equal(last.state, UPSTREAM_ISSUE_WANTED);
	assert_int_equal(upstream_issue_set(f->store, last.id, 35,
			     UPSTREAM_ISSUE_OPEN, NOW + 1, &f->err),
	    0);
	assert_int_equal(
	    upstream_issue_scan(f->store, u.id, note_issue, &last, &f->err), 0);
	assert_int_equal(last.number, 35);
	assert_int_equal(
	    upstream_issue_add(f->store, link, "offline", NOW, &f->err), 0);
	assert_int_equal(
	    upstream_issue_scan(f->store, u.id, note_issue, &last, &f->err), 0);
	assert_int_equal(last.state, UPSTREAM_ISSUE_OPEN);
	assert_int_equal(last.at, NOW + 1);
	assert_int_equal(upstream_issue_drop(f->store, last.id, &f->err), 0);
	last.id = 0;
	assert_int_equal(
	    upstream_issue_scan(f->store, u.id, note_issue, &last, &f->err), 0);
	assert_int_equal(last.id, 0);
	upstream_clear(&u);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(keeps_how_far),
	    ROW(has_one_holder),
	    ROW(seals_the_login),
	    ROW(links_one_to_one),
	    ROW(sweeps_what_was_not_read),
	    ROW(finds_a_host),
	    ROW(mirrors_tags),
	    ROW(remembers_what_it_published),
	    ROW(has_one_issue_per_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
