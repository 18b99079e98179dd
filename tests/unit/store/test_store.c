/* adapter/store: making and opening, devices, scans, the group commit. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "clock.h"
#include "store_internal.h"

/* --- opening --- */

static void
test_create_open(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct stat st;
	char wal[80];
	int fd;

	assert_works(stat(f->path, &st));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_fails(store_create(f->path, f->vault, &f->err), ERR_CONFLICT);
	add_device(f, "pc1");
	assert_works(store_commit(f->store, &f->err));
	reopen(f);

	store_close(f->store);
	f->store = NULL;
	assert_works(unlink(f->path));
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_NOTFOUND);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_null(s);

	/* A log left behind would be replayed into the new store. */
	snprintf(wal, sizeof(wal), "%s-wal", f->path);
	fd = open(wal, O_CREAT | O_WRONLY, 0600);
	assert_true(fd != -1);
	close(fd);
	assert_fails(store_create(f->path, f->vault, &f->err), ERR_CONFLICT);
	assert_int_equal(access(f->path, F_OK), -1);
	assert_works(unlink(wal));
	assert_fails(
	    store_create("/nowhere/s.db", f->vault, &f->err), ERR_STORAGE);
}

static void
write_file(struct fixture *f, const char *bytes, size_t len)
{
	FILE *file;

	unlink(f->path);
	file = fopen(f->path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void
test_open_foreign(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;

	store_close(f->store);
	f->store = NULL;
	write_file(f, "", 0);
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	write_file(f, "name,address\npc1,10.0.0.1\n", 26);
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	/* A database of another program; then one of ours that is no store. */
	unlink(f->path);
	tamper(f, "CREATE TABLE meta (key, value)");
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	tamper(f, "PRAGMA application_id = 0x414d544b");
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "not a device store"));
	assert_null(s);
}

static void
test_open_damaged(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct stat st;
	char junk[4096];
	off_t at;
	int fd;

	tamper(f, "DELETE FROM meta WHERE key = 'check'");
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	/* The half of it. */
	assert_works(stat(f->path, &st));
	assert_works(truncate(f->path, st.st_size / 2));
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	/* Everything but the first page overwritten. */
	memset(junk, 0x5a, sizeof(junk));
	fd = open(f->path, O_WRONLY);
	assert_true(fd != -1);
	for (at = 4096; at < st.st_size; at += (off_t)sizeof(junk))
		assert_int_equal(
		    pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	close(fd);
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	assert_null(s);
}

static void
test_other_vault(void **state)
{
	struct fixture *f = *state;
	struct vault *other;
	struct store *s = NULL;

	assert_works(unlink(f->key));
	assert_works(vault_create(f->key, &f->err));
	assert_works(vault_open(f->key, &other, &f->err));
	assert_fails(store_open(f->path, other, &s, &f->err), ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "vault"));
	assert_null(s);
	vault_close(other);
}

/* An older file lacks a column, and one made by a newer program is refused. */
static void
test_migration(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct device *d;

	add_device(f, "pc1");
	assert_works(store_commit(f->store, &f->err));
	tamper(f,
	    "ALTER TABLE device DROP COLUMN key_bits;"
	    "ALTER TABLE device DROP COLUMN acl_sids");
	assert_works(store_open(f->path, f->vault, &f->store, &f->err));
	assert_works(store_device_find(f->store, "pc1", &d, &f->err));
	assert_int_equal(d->key_bits, 2048); /* as device_new() has it */
	assert_null(d->acl_sids);
	assert_int_equal(d->tls_port, 16993); /* neighbours not moved */
	device_free(d);
	tamper(f, "PRAGMA user_version = 99");
	assert_fails(store_open(f->path, f->vault, &s, &f->err), ERR_STORAGE);
	assert_non_null(strstr(f->err.text, "newer"));
}

/* --- devices --- */

/* Every field another value, so that two swapped columns show. */
static void
fill(struct device *d, enum device_group group, int64_t seed)
{
	const struct device_field *fields;
	size_t count, i;
	char *text;

	fields = device_fields(&count);
	for (i = 0; i < count; i++) {
		if (fields[i].group != group)
			continue;
		if (fields[i].type == DEVICE_TEXT) {
			text = mem_printf("%s %lld '\"%%\xc3\xa9",
			    fields[i].name, (long long)seed);
			device_set_text(d, &fields[i], text);
			free(text);
		} else if (fields[i].type == DEVICE_BOOL)
			device_set_int(d, &fields[i], ((int64_t)i + seed) % 2);
		else
			device_set_int(d, &fields[i],
			    (int64_t)i * INT64_C(1000000000000) + seed);
	}
}

static void
assert_same(
    const struct device *a, const struct device *b, enum device_group group)
{
	const struct device_field *fields;
	const char *ta, *tb;
	size_t count, i;

	fields = device_fields(&count);
	for (i = 0; i < count; i++) {
		if (fields[i].group != group)
			continue;
		if (fields[i].type != DEVICE_TEXT) {
			if (device_get_int(a, &fields[i]) !=
			    device_get_int(b, &fields[i]))
				fail_msg("%s differs", fields[i].name);
			continue;
		}
		ta = device_get_text(a, &fields[i]);
		tb = device_get_text(b, &fields[i]);
		if ((ta == NULL) != (tb == NULL) ||
		    (ta != NULL && strcmp(ta, tb) != 0))
			fail_msg("%s differs", fields[i].name);
	}
}

static void
test_round_trip(void **state)
{
	struct fixture *f = *state;
	struct device *d, *back;

	d = device_new("x");
	fill(d, DEVICE_HOST, 1);
	fill(d, DEVICE_STATE, 1);
	d->lease_owner = mem_dup("nobody writes this one");
	assert_works(store_device_add(f->store, d, &f->err));
	assert_true(d->id > 0);
	assert_works(store_device_get(f->store, d->id, &back, &f->err));
	assert_int_equal(back->id, d->id);
	assert_same(d, back, DEVICE_HOST);
	assert_same(d, back, DEVICE_STATE);
	assert_null(back->lease_owner);
	device_free(back);
	/* Empty and unknown are two things. */
	mem_replace(&d->site, "");
	mem_replace(&d->profile, NULL);
	assert_works(store_device_save_host(f->store, d, &f->err));
	assert_works(store_device_get(f->store, d->id, &back, &f->err));
	assert_string_equal(back->site, "");
	assert_null(back->profile);
	device_free(back);
	device_free(d);
}

/* Administrator and worker never overwrite each other's fields. */
static void
test_groups_apart(void **state)
{
	struct fixture *f = *state;
	struct device *admin, *worker, *back;
	int64_t id, token;

	id = add_leased(f, "pc1", &token);
	assert_works(store_device_get(f->store, id, &admin, &f->err));
	assert_works(store_device_get(f->store, id, &worker, &f->err));
	fill(admin, DEVICE_HOST, 3);
	fill(admin, DEVICE_STATE, 4); /* stale: must not be written */
	fill(worker, DEVICE_HOST, 5); /* likewise */
	fill(worker, DEVICE_STATE, 6);
	assert_works(store_device_save_host(f->store, admin, &f->err));
	assert_works(store_device_save_state(f->store, worker, token, &f->err));
	assert_works(store_device_get(f->store, id, &back, &f->err));
	assert_same(back, admin, DEVICE_HOST);
	assert_same(back, worker, DEVICE_STATE);
	assert_int_equal(back->lease_token, token);
	assert_string_equal(back->lease_owner, "test");
	device_free(admin);
	device_free(worker);
	device_free(back);
}

static void
test_find(void **state)
{
	struct fixture *f = *state;
	struct device *d;
	int64_t id, other;

	d = device_new("PC1.corp.example");
	d->uuid = mem_dup("4c4c4544-0042-3510-8052-b4c04f564433");
	assert_works(store_device_add(f->store, d, &f->err));
	id = d->id;
	device_free(d);
	/* Named like the other's UUID: the name wins. */
	other = add_device(f, "4c4c4544-0042-3510-8052-000000000000");
	assert_works(
	    store_device_find(f->store, "pc1.CORP.example", &d, &f->err));
	assert_int_equal(d->id, id);
	assert_string_equal(d->name, "PC1.corp.example");
	device_free(d);
	assert_works(store_device_find(
	    f->store, "4C4C4544-0042-3510-8052-B4C04F564433", &d, &f->err));
	assert_int_equal(d->id, id);
	device_free(d);
	assert_works(store_device_find(
	    f->store, "4c4c4544-0042-3510-8052-000000000000", &d, &f->err));
	assert_int_equal(d->id, other);
	device_free(d);
	assert_fails(
	    store_device_find(f->store, "pc1", &d, &f->err), ERR_NOTFOUND);
	assert_fails(
	    store_device_find(f->store, "pc*", &d, &f->err), ERR_NOTFOUND);
	assert_fails(
	    store_device_find(f->store, "", &d, &f->err), ERR_NOTFOUND);
	assert_fails(
	    store_device_get(f->store, 999, &d, &f->err), ERR_NOTFOUND);
}

static void
test_unique(void **state)
{
	struct fixture *f = *state;
	struct device *a, *b;
	int64_t token;

	a = device_new("pc1");
	a->uuid = mem_dup("u1");
	a->ad_account = mem_dup("PC1$");
	assert_works(store_device_add(f->store, a, &f->err));
	b = device_new("PC1");
	assert_fails(store_device_add(f->store, b, &f->err), ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "name"));
	mem_replace(&b->name, "pc2");
	b->uuid = mem_dup("U1");
	assert_fails(store_device_add(f->store, b, &f->err), ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "UUID"));
	mem_replace(&b->uuid, "");
	b->ad_account = mem_dup("pc1$");
	assert_fails(store_device_add(f->store, b, &f->err), ERR_CONFLICT);
	assert_non_null(strstr(f->err.text, "Active Directory"));
	mem_replace(&b->ad_account, "");
	assert_works(store_device_add(f->store, b, &f->err));
	assert_int_equal(b->id, 2);

	/* The same by saving. */
	mem_replace(&b->name, "pc1");
	assert_fails(
	    store_device_save_host(f->store, b, &f->err), ERR_CONFLICT);
	assert_works(store_lease_take(
	    f->store, b->id, "test", 1000, 2000, &token, &f->err));
	mem_replace(&b->ad_account, "PC1$");
	assert_fails(
	    store_device_save_state(f->store, b, token, &f->err), ERR_CONFLICT);
	/* Unknown ones may be many. */
	mem_replace(&b->name, "pc3");
	mem_replace(&b->ad_account, NULL);
	mem_replace(&b->uuid, NULL);
	assert_works(store_device_add(f->store, b, &f->err));
	assert_works(store_commit(f->store, &f->err));
	device_free(a);
	device_free(b);
}

static void
test_bad_devices(void **state)
{
	struct fixture *f = *state;
	struct device *d;
	char *big;

	d = device_new(NULL);
	assert_fails(store_device_add(f->store, d, &f->err), ERR_INVALID);
	mem_replace(&d->name, "");
	assert_fails(store_device_add(f->store, d, &f->err), ERR_INVALID);
	big = mem_alloc(70001);
	memset(big, 'x', 70000);
	mem_replace(&d->error_text, big);
	mem_replace(&d->name, "pc1");
	assert_fails(store_device_add(f->store, d, &f->err), ERR_LIMIT);
	assert_non_null(strstr(f->err.text, "error_text"));
	mem_replace(&d->error_text, NULL);
	big[256] = '\0';
	mem_replace(&d->name, big);
	assert_fails(store_device_add(f->store, d, &f->err), ERR_INVALID);
	mem_replace(&d->name, "pc1");
	d->id = 77;
	assert_fails(
	    store_device_save_host(f->store, d, &f->err), ERR_NOTFOUND);
	assert_fails(
	    store_device_save_state(f->store, d, 1, &f->err), ERR_NOTFOUND);
	assert_fails(store_device_remove(f->store, 77, &f->err), ERR_NOTFOUND);
	free(big);
	device_free(d);
}

/* --- scans --- */

struct seen {
	struct fixture *f;
	char names[200];
	size_t stop_after;
	size_t count;
};

static int
see(void *cookie, const struct device *d, struct err *err)
{
	struct seen *seen = cookie;

	strcat(seen->names, d->name);
	strcat(seen->names, " ");
	if (++seen->count == seen->stop_after)
		return err_set(err, ERR_CANCELLED, "enough");
	return 0;
}

static void
assert_scan(
    struct fixture *f, const struct store_filter *filter, const char *want)
{
	struct seen seen = {.f = f};
	int64_t count = -1;

	assert_works(store_device_scan(f->store, filter, see, &seen, &f->err));
	assert_string_equal(seen.names, want);
	if (filter->limit != 0)
		return;
	assert_works(store_device_count(f->store, filter, &count, &f->err));
	assert_int_equal(count, seen.count);
}

static void
add_full(struct fixture *f, const char *name, const char *site,
    const char *reasons, int64_t due)
{
	struct device *d;

	d = device_new(name);
	d->address = mem_printf("10.0.0.%s", name + 2);
	d->uuid = mem_printf("4c4c4544-%s", name);
	d->site = mem_dup(site);
	d->reasons = mem_dup(reasons);
	d->next_due = due;
	assert_works(store_device_add(f->store, d, &f->err));
	device_free(d);
}

static void
test_scan(void **state)
{
	struct fixture *f = *state;
	int64_t token, at;

	assert_works(store_next_due(f->store, &at, &f->err));
	assert_int_equal(at, 0);
	assert_scan(f, &(struct store_filter){0}, "");
	add_full(f, "pc3", "north", NULL, 300);
	add_full(f, "PC1", "south", "offline,clock-skew", 500);
	add_full(f, "pc2", NULL, "clock-skew-x", 0);
	add_full(f, "pc10", "south", "clock-skew", 300);
	assert_works(store_commit(f->store, &f->err));

	assert_scan(f, &(struct store_filter){0}, "PC1 pc10 pc2 pc3 ");
	assert_scan(f, &(struct store_filter){.limit = 2}, "PC1 pc10 ");
	assert_scan(f, &(struct store_filter){.name = "pc1*"}, "PC1 pc10 ");
	assert_scan(f, &(struct store_filter){.name = "pc?"}, "PC1 pc2 pc3 ");
	assert_scan(f, &(struct store_filter){.name = "PC[23]"}, "pc2 pc3 ");
	assert_scan(
	    f, &(struct store_filter){.name = "10.0.0.1*"}, "PC1 pc10 ");
	assert_scan(f, &(struct store_filter){.name = "4C4C4544-pc2"}, "pc2 ");
	assert_scan(f, &(struct store_filter){.name = "%"}, "");
	assert_scan(f, &(struct store_filter){.name = "' OR 1 --"}, "");
	assert_scan(
	    f, &(struct store_filter){.reason = "clock-skew"}, "PC1 pc10 ");
	assert_scan(f, &(struct store_filter){.reason = "clock"}, "");
	assert_scan(f, &(struct store_filter){.reason = "offline"}, "PC1 ");
	assert_scan(f, &(struct store_filter){.site = "south"}, "PC1 pc10 ");
	assert_scan(f,
	    &(struct store_filter){
		.site = "south", .reason = "offline", .name = "*1"},
	    "PC1 ");
	assert_scan(
	    f, &(struct store_filter){.due_before = 500}, "pc3 pc10 PC1 ");
	assert_scan(f, &(struct store_filter){.due_before = 499}, "pc3 pc10 ");
	assert_scan(
	    f, &(struct store_filter){.due_before = 500, .limit = 1}, "pc3 ");
	assert_scan(f, &(struct store_filter){.due_before = 299}, "");
	assert_works(store_next_due(f->store, &at, &f->err));
	assert_int_equal(at, 300);

	assert_works(store_lease_take(f->store, 1, "test", clock_now(),
	    clock_now() + 1000, &token, &f->err));
	assert_works(
	    store_lease_take(f->store, 2, "test", 1000, 2000, &token, &f->err));
	assert_scan(
	    f, &(struct store_filter){.unleased = true}, "PC1 pc10 pc2 ");
	assert_scan(f,
	    &(struct store_filter){.due_before = 500, .unleased = true},
	    "pc10 PC1 ");
}

static void
test_scan_stops(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.f = f, .stop_after = 2};

	add_device(f, "pc1");
	add_device(f, "pc2");
	add_device(f, "pc3");
	assert_fails(store_device_scan(f->store, &(struct store_filter){0}, see,
			 &seen, &f->err),
	    ERR_CANCELLED);
	assert_string_equal(seen.names, "pc1 pc2 ");
}

/* The visitor removes the next device, changes this one, and commits. */
static int
meddle(void *cookie, const struct device *d, struct err *err)
{
	struct seen *seen = cookie;
	struct store *s = seen->f->store;
	struct device *copy;
	struct seen inner = {.f = seen->f};
	int r;

	see(seen, d, err);
	if (strcmp(d->name, "pc1") == 0 &&
	    store_device_remove(s, d->id + 1, err) == -1)
		return -1;
	copy = device_copy(d);
	mem_replace(&copy->site, "visited");
	r = store_device_save_host(s, copy, err);
	device_free(copy);
	if (r == 0)
		r = store_commit(s, err);
	/* And a scan within the scan. */
	if (r == 0)
		r = store_device_scan(
		    s, &(struct store_filter){0}, see, &inner, err);
	return r;
}

static void
test_scan_and_write(void **state)
{
	struct fixture *f = *state;
	struct seen seen = {.f = f};

	add_device(f, "pc1");
	add_device(f, "pc2");
	add_device(f, "pc3");
	assert_works(store_device_scan(
	    f->store, &(struct store_filter){0}, meddle, &seen, &f->err));
	assert_string_equal(seen.names, "pc1 pc3 ");
	assert_scan(f, &(struct store_filter){.site = "visited"}, "pc1 pc3 ");
}

/* --- the group --- */

static void
test_group(void **state)
{
	struct fixture *f = *state;
	struct store *other;
	struct device *d;

	assert_works(store_open(f->path, f->vault, &other, &f->err));
	assert_false(store_dirty(f->store));
	assert_works(store_commit(f->store, &f->err)); /* nothing to do */
	add_device(f, "pc1");
	assert_true(store_dirty(f->store));
	/* We see it, others do not yet. */
	assert_works(store_device_find(f->store, "pc1", &d, &f->err));
	device_free(d);
	assert_fails(
	    store_device_find(other, "pc1", &d, &f->err), ERR_NOTFOUND);
	assert_works(store_commit(f->store, &f->err));
	assert_false(store_dirty(f->store));
	assert_works(store_device_find(other, "pc1", &d, &f->err));
	device_free(d);

	add_device(f, "pc2");
	store_rollback(f->store);
	assert_false(store_dirty(f->store));
	assert_fails(
	    store_device_find(f->store, "pc2", &d, &f->err), ERR_NOTFOUND);
	add_device(f, "pc3");
	reopen(f); /* closing is no commit */
	assert_fails(
	    store_device_find(f->store, "pc3", &d, &f->err), ERR_NOTFOUND);
	store_close(other);
	store_close(NULL);
}

/* A conflict spoils its own write only, not the group. */
static void
test_conflict_in_group(void **state)
{
	struct fixture *f = *state;
	struct device *d;

	add_device(f, "pc1");
	d = device_new("pc1");
	assert_fails(store_device_add(f->store, d, &f->err), ERR_CONFLICT);
	assert_int_equal(d->id, 0);
	device_free(d);
	add_device(f, "pc2");
	assert_works(store_commit(f->store, &f->err));
	reopen(f);
	assert_scan(f, &(struct store_filter){0}, "pc1 pc2 ");
}

/* A write that broke off between its statements takes the group with it. */
static void
test_broken_group(void **state)
{
	struct fixture *f = *state;
	struct device *d;

	add_device(f, "pc1");
	assert_int_equal(store_break(f->store), -1);
	d = device_new("pc2");
	assert_fails(store_device_add(f->store, d, &f->err), ERR_STORAGE);
	device_free(d);
	assert_fails(store_commit(f->store, &f->err), ERR_STORAGE);
	assert_false(store_dirty(f->store));
	add_device(f, "pc3"); /* a new group, a new start */
	assert_works(store_commit(f->store, &f->err));
	reopen(f);
	assert_scan(f, &(struct store_filter){0}, "pc3 ");
}

/* Ids of removed devices are never given again: secrets and events name them.
 */
static void
test_ids_not_reused(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	id = add_device(f, "pc1");
	assert_works(store_device_remove(f->store, id, &f->err));
	assert_true(add_device(f, "pc1") > id);
	assert_works(store_commit(f->store, &f->err));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    TEST(test_create_open),
	    TEST(test_open_foreign),
	    TEST(test_open_damaged),
	    TEST(test_other_vault),
	    TEST(test_migration),
	    TEST(test_round_trip),
	    TEST(test_groups_apart),
	    TEST(test_find),
	    TEST(test_unique),
	    TEST(test_bad_devices),
	    TEST(test_scan),
	    TEST(test_scan_stops),
	    TEST(test_scan_and_write),
	    TEST(test_group),
	    TEST(test_conflict_in_group),
	    TEST(test_broken_group),
	    TEST(test_ids_not_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
