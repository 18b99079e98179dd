/* Who gets in, who does not, and what is left of it in store and audit chain.
 */
#include "fixture.h"

#include "access_internal.h"
#include "access_user.h"
#include "buf.h"
#include "clock.h"
#include "loop.h"
#include "str.h"
#include "users.h"

#define GOOD "correct horse battery"
#define PEER "192.0.2.7"

static struct fixture *f;
static struct loop *loop;
static struct access *access_;
static struct access_result result;
static size_t told;

static void
start(int64_t rate)
{
	struct access_conf conf = {.loop = loop,
	    .store = f->store,
	    .database = f->path,
	    .vault = f->vault,
	    .rate = rate};

	assert_works(access_new(&conf, &access_, &f->err));
}

static void
on_stopped(void *cookie)
{
	loop_stop(cookie);
}

static void
stop(void)
{
	access_stop(access_, on_stopped, loop);
	loop_run(loop);
	access_free(access_);
	access_ = NULL;
}

static void
add_user(const char *name, const char *sets, const char *password,
    const char *certificate)
{
	struct secret *s =
	    password == NULL ? NULL : secret_new(password, strlen(password));
	const struct access_user u = {
	    .sets = sets, .password = s, .certificate = certificate};

	assert_works(access_user_add(f->store, "test", name, &u, &f->err));
	assert_works(store_commit(f->store, &f->err));
	secret_free(s);
}

static int
begin(void **state)
{
	access_scrypt = (struct access_scrypt){.ln = 4, .r = 8, .p = 1};
	if (setup(state) != 0)
		return -1;
	f = *state;
	loop = loop_new(&f->err);
	add_user("alice", "operator", GOOD, NULL);
	start(0);
	told = 0;
	return 0;
}

static int
end(void **state)
{
	if (access_ != NULL)
		stop();
	loop_free(loop);
	return teardown(state);
}

static void
on_login(void *cookie, const struct access_result *r)
{
	result = *r;
	told++;
	loop_stop(cookie);
}

static enum access_verdict
login(const struct access_proof *proof)
{
	size_t before = told;

	access_login(access_, proof, on_login, loop);
	assert_int_equal(told, before); /* never from inside */
	loop_run(loop);
	assert_int_equal(told, before + 1);
	return result.verdict;
}

static enum access_verdict
basic_from(const char *peer, const char *name, const char *password)
{
	struct access_proof proof = {.peer = peer};
	struct buf header, plain;
	enum access_verdict verdict;

	buf_init(&plain, 1024);
	buf_init(&header, 2048);
	buf_printf(&plain, "%s:%s", name, password);
	buf_str(&header, "Basic ");
	str_base64(&header, plain.data, plain.len);
	proof.authorization = buf_text(&header);
	verdict = login(&proof);
	buf_free(&plain);
	buf_free(&header);
	return verdict;
}

static enum access_verdict
basic(const char *name, const char *password)
{
	return basic_from(PEER, name, password);
}

static enum access_verdict
header(const char *authorization, const char *cookie)
{
	struct access_proof proof = {
	    .peer = PEER, .authorization = authorization, .cookie = cookie};

	return login(&proof);
}

/* Kinds of events after the first `skip`, and that the chain holds. */
static int
add_kind(void *cookie, const struct store_event *e, struct err *err)
{
	(void)err;
	buf_printf(cookie, "%s ", e->kind);
	assert_null(strstr(e->detail, GOOD));
	return 0;
}

static void
expect_events(const char *want)
{
	struct buf kinds;
	int64_t count;

	buf_init(&kinds, 65536);
	assert_works(
	    store_event_scan(f->store, 0, 0, 0, add_kind, &kinds, &f->err));
	assert_string_equal(buf_text(&kinds), want);
	assert_works(store_event_verify(f->store, &count, &f->err));
	buf_free(&kinds);
}

/* --- passwords --- */

static void
test_password(void **state)
{
	(void)state;
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	assert_string_equal(result.who.name, "alice");
	assert_int_equal(result.who.means, ACCESS_PASSWORD);
	assert_true(access_may(&result.who, ACCESS_TASK_RUN));
	assert_false(access_may(&result.who, ACCESS_USER_ADMIN));
	/* Again, and in another case: known now, so no second event. */
	assert_int_equal(basic("ALICE", GOOD), ACCESS_GRANTED);
	assert_string_equal(result.who.name, "alice");
	assert_int_equal(basic("alice", GOOD "x"), ACCESS_REFUSED);
	assert_int_equal(basic("bob", GOOD), ACCESS_REFUSED);
	assert_int_equal(basic("alice", ""), ACCESS_REFUSED);
	assert_int_equal(header(NULL, NULL), ACCESS_ABSENT);
	assert_int_equal(header("Basic !", NULL), ACCESS_REFUSED);
	expect_events("user.added access.login access.refused access.refused "
		      "access.refused ");
}

/* What was right a moment ago is wrong once it was changed. */
static void
test_changed_password(void **state)
{
	struct secret *other = secret_new("another password", 16);
	const struct access_user u = {.password = other};
	const bool no = false;
	const struct access_user off = {.enabled = &no};

	(void)state;
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	assert_works(access_user_set(f->store, "test", "alice", &u, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_int_equal(basic("alice", GOOD), ACCESS_REFUSED);
	assert_int_equal(basic("alice", "another password"), ACCESS_GRANTED);
	assert_works(access_user_set(f->store, "test", "alice", &off, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_int_equal(basic("alice", "another password"), ACCESS_REFUSED);
	secret_free(other);
}

static void
fail_until_locked(const char *name)
{
	char peer[32];
	int i;

	for (i = 0; i < ACCESS_FAILURES; i++) {
		(void)snprintf(peer, sizeof(peer), "198.51.100.%d", i);
		assert_int_equal(
		    basic_from(peer, name, "wrong"), ACCESS_REFUSED);
	}
}

static void
unlock_time(const char *name)
{
	struct store_failure failure;

	assert_works(store_failure_get(f->store, name, &failure, &f->err));
	failure.locked_until = clock_now() - 1;
	assert_works(store_failure_put(f->store, name, &failure, &f->err));
	assert_works(store_commit(f->store, &f->err));
}

/* Locked for the right password too, over a restart, longer each time. */
static void
test_lock(void **state)
{
	struct secret *same = secret_new(GOOD, strlen(GOOD));
	const struct access_user u = {.password = same};

	(void)state;
	/* Although it was seen. */
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	fail_until_locked("alice");
	assert_int_equal(basic("alice", GOOD), ACCESS_TOO_OFTEN);
	assert_in_range(result.retry_after, 1, ACCESS_LOCK_S);
	stop();
	reopen(f);
	start(0);
	assert_int_equal(basic("Alice", GOOD), ACCESS_TOO_OFTEN);
	unlock_time("alice");
	assert_int_equal(basic("alice", "wrong"), ACCESS_REFUSED);
	assert_int_equal(basic("alice", GOOD), ACCESS_TOO_OFTEN);
	assert_in_range(
	    result.retry_after, ACCESS_LOCK_S + 1, 2 * ACCESS_LOCK_S);
	/* A person with a new password ends it. */
	assert_works(access_user_set(f->store, "test", "alice", &u, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	secret_free(same);
	expect_events("user.added access.login access.refused access.refused "
		      "access.refused access.refused access.locked "
		      "access.locked user.changed access.login ");
}

/* So that nobody can tell which names there are. */
static void
test_lock_of_nobody(void **state)
{
	(void)state;
	fail_until_locked("mallory");
	assert_int_equal(basic("mallory", GOOD), ACCESS_TOO_OFTEN);
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
}

static void
test_lock_ends_by_success(void **state)
{
	(void)state;
	fail_until_locked("alice");
	unlock_time("alice");
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	assert_int_equal(basic("alice", "wrong"), ACCESS_REFUSED);
	assert_int_equal(basic("alice", "wrong"), ACCESS_REFUSED);
}

/* One address guesses over many names: it is stopped, others are not. */
static void
test_tries(void **state)
{
	char name[16];
	int i;

	(void)state;
	for (i = 0; i < ACCESS_TRIES; i++) {
		(void)snprintf(name, sizeof(name), "user%d", i);
		assert_int_equal(basic(name, "wrong"), ACCESS_REFUSED);
	}
	assert_int_equal(basic("alice", GOOD), ACCESS_TOO_OFTEN);
	assert_in_range(result.retry_after, 1, ACCESS_TRY_EVERY_S);
	assert_int_equal(
	    basic_from("192.0.2.8", "alice", GOOD), ACCESS_GRANTED);
}

static void
test_rate(void **state)
{
	int i;

	(void)state;
	stop();
	start(5);
	for (i = 0; i < 10; i++)
		assert_int_equal(header(NULL, NULL), ACCESS_ABSENT);
	assert_int_equal(header(NULL, NULL), ACCESS_TOO_OFTEN);
}

/* --- keys --- */

static char *
add_token(const char *user, int64_t life, int64_t *ret_id)
{
	const struct access_token t = {
	    .user = user, .name = "script", .life = life};
	struct secret *token;
	char *text;

	assert_works(
	    access_token_add(f->store, "test", &t, ret_id, &token, &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_true(str_starts(secret_text(token), ACCESS_TOKEN_PREFIX));
	text = mem_printf("Bearer %s", secret_text(token));
	secret_free(token);
	return text;
}

static void
test_token(void **state)
{
	int64_t id;
	char *text = add_token("alice", 60, &id), *as_cookie;

	(void)state;
	assert_int_equal(header(text, NULL), ACCESS_GRANTED);
	assert_string_equal(result.who.name, "alice");
	assert_int_equal(result.who.means, ACCESS_TOKEN);
	assert_int_equal(result.who.key, id);
	as_cookie = mem_printf(ACCESS_COOKIE "=%s", text + 7);
	assert_int_equal(header(NULL, as_cookie), ACCESS_REFUSED);
	assert_int_equal(header("Bearer amtk_00", NULL), ACCESS_REFUSED);
	assert_int_equal(
	    access_token_remove(f->store, "test", "alice", id, &f->err), 0);
	assert_works(store_commit(f->store, &f->err));
	assert_int_equal(header(text, NULL), ACCESS_REFUSED);
	free(as_cookie);
	free(text);
	expect_events("user.added token.added token.removed ");
}

static void
test_token_expires(void **state)
{
	int64_t id;
	char *text = add_token("alice", 60, &id);

	(void)state;
	stop();
	tamper(f, "UPDATE user_key SET expires_at = 1000");
	reopen(f);
	start(0);
	assert_int_equal(header(text, NULL), ACCESS_REFUSED);
	free(text);
}

static void
test_token_refused(void **state)
{
	const struct access_token bad[] = {
	    {.user = "alice", .name = "", .life = 1},
	    {.user = "alice", .name = "x", .life = 0},
	    {.user = "alice", .name = "x", .life = ACCESS_TOKEN_LIFE_MAX + 1}};
	const struct access_token nobody = {
	    .user = "bob", .name = "x", .life = 1};
	struct secret *token;
	int64_t id;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fails(access_token_add(f->store, "test", &bad[i], &id,
				 &token, &f->err),
		    ERR_INVALID);
	assert_fails(
	    access_token_add(f->store, "test", &nobody, &id, &token, &f->err),
	    ERR_NOTFOUND);
	assert_fails(access_token_remove(f->store, "test", "alice", 7, &f->err),
	    ERR_NOTFOUND);
}

static char *cookie_text;

static void
on_session(void *cookie, const char *token, const struct err *err)
{
	if (token == NULL)
		fail_msg("%s", err->text);
	cookie_text = mem_printf("x=y; " ACCESS_COOKIE "=%s", token);
	loop_stop(cookie);
}

static void
test_session(void **state)
{
	struct access_identity who;
	char first[ACCESS_SECURITY], second[ACCESS_SECURITY];

	(void)state;
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	who = result.who;
	access_security(access_, &who, first);
	access_session_begin(access_, &who, PEER, on_session, loop);
	loop_run(loop);
	assert_int_equal(header(NULL, cookie_text), ACCESS_GRANTED);
	assert_int_equal(result.who.means, ACCESS_SESSION);
	/* What proves a request is another one by session. */
	access_security(access_, &result.who, second);
	assert_true(access_security_good(access_, &result.who, second));
	assert_false(access_security_good(access_, &result.who, first));
	assert_false(access_security_good(access_, &who, second));
	assert_false(access_security_good(access_, &who, ""));
	access_session_end(access_, &result.who);
	stop();
	start(0);
	assert_int_equal(header(NULL, cookie_text), ACCESS_REFUSED);
	free(cookie_text);
	expect_events("user.added access.login access.session "
		      "access.session-ended ");
}

static void
test_session_ends(void **state)
{
	static const char *const ends[] = {
	    "UPDATE user_key SET used_at = used_at - 1801",
	    "UPDATE user_key SET expires_at = expires_at - 43201"};
	struct secret *same = secret_new(GOOD, strlen(GOOD));
	const struct access_user u = {.password = same};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
		access_session_begin(
		    access_, &result.who, PEER, on_session, loop);
		loop_run(loop);
		assert_int_equal(header(NULL, cookie_text), ACCESS_GRANTED);
		if (i < 2) {
			stop();
			tamper(f, ends[i]);
			reopen(f);
			start(0);
		} else {
			assert_works(access_user_set(
			    f->store, "test", "alice", &u, &f->err));
			assert_works(store_commit(f->store, &f->err));
		}
		assert_int_equal(header(NULL, cookie_text), ACCESS_REFUSED);
		free(cookie_text);
	}
	secret_free(same);
}

static void
test_certificate(void **state)
{
	const char *const names[] = {
	    "subject:CN=pc1", "dns:pc1.example", "upn:robot@example"};
	struct access_proof proof = {
	    .peer = PEER, .names = names, .name_count = 3};

	(void)state;
	assert_int_equal(login(&proof), ACCESS_REFUSED);
	add_user("robot", "monitor", NULL, "upn:robot@example");
	assert_int_equal(login(&proof), ACCESS_GRANTED);
	assert_string_equal(result.who.name, "robot");
	assert_int_equal(result.who.means, ACCESS_CERTIFICATE);
	assert_int_equal(basic("robot", ""), ACCESS_REFUSED);
	proof.name_count = 2;
	assert_int_equal(login(&proof), ACCESS_REFUSED);
	/* A header that is wrong is not made good by a certificate. */
	proof.name_count = 3;
	proof.authorization = "Bearer nonsense";
	assert_int_equal(login(&proof), ACCESS_REFUSED);
}

/* --- users that cannot be --- */

static void
test_user_refused(void **state)
{
	struct secret *short_one = secret_new("short", 5);
	struct secret *nul = secret_new("long enough\0 it is", 18);
	struct secret *good = secret_new(GOOD, strlen(GOOD));
	const struct {
		const char *name;
		struct access_user u;
		enum err_kind kind;
	} cases[] = {
	    {"bob", {.sets = NULL}, ERR_INVALID},
	    {"bob", {.sets = "root"}, ERR_INVALID},
	    {"bob", {.sets = "monitor", .password = short_one}, ERR_INVALID},
	    {"bob", {.sets = "monitor", .password = nul}, ERR_INVALID},
	    {"bob", {.sets = "monitor", .certificate = "CN=x"}, ERR_INVALID},
	    {"bob", {.sets = "monitor", .certificate = "dns:"}, ERR_INVALID},
	    {"b:b", {.sets = "monitor"}, ERR_INVALID},
	    {"", {.sets = "monitor"}, ERR_INVALID},
	    {"7", {.sets = "monitor"}, ERR_INVALID},
	    {"Alice", {.sets = "monitor", .password = good}, ERR_CONFLICT},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_fails(access_user_add(f->store, "test", cases[i].name,
				 &cases[i].u, &f->err),
		    cases[i].kind);
	store_rollback(f->store);
	assert_fails(
	    access_user_set(f->store, "test", "bob", &cases[1].u, &f->err),
	    ERR_NOTFOUND);
	assert_fails(
	    access_user_remove(f->store, "test", "bob", &f->err), ERR_NOTFOUND);
	assert_works(access_user_remove(f->store, "test", "alice", &f->err));
	assert_works(store_commit(f->store, &f->err));
	assert_int_equal(basic("alice", GOOD), ACCESS_REFUSED);
	secret_free(short_one);
	secret_free(nul);
	secret_free(good);
}

/* --- many, and the end --- */

static size_t unavailable, granted;

static void
on_many(void *cookie, const struct access_result *r)
{
	(void)cookie;
	told++;
	if (r->verdict == ACCESS_GRANTED)
		granted++;
	if (r->verdict == ACCESS_UNAVAILABLE)
		unavailable++;
}

#define MANY (ACCESS_WAITING_MAX + 5)
static const char basic_alice[] = "Basic YWxpY2U6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5";

/* One that is under way, as many as may wait, and the rest is turned away;
 * those that wait are let in by the one before them. */
static void
test_many(void **state)
{
	struct access_proof proof = {
	    .peer = PEER, .authorization = basic_alice};
	size_t i;

	(void)state;
	unavailable = granted = 0;
	for (i = 0; i < MANY; i++)
		access_login(access_, &proof, on_many, NULL);
	while (told < MANY)
		loop_turn(loop);
	assert_int_equal(granted, ACCESS_WAITING_MAX + 1);
	assert_int_equal(unavailable, MANY - ACCESS_WAITING_MAX - 1);
	expect_events("user.added access.login ");
}

static enum access_verdict order[2];

static void
on_order(void *cookie, const struct access_result *r)
{
	(void)cookie;
	order[told++] = r->verdict;
}

/* Who guesses holds nobody up that is known already. */
static void
test_known_overtake(void **state)
{
	struct access_proof wrong = {
	    .peer = "192.0.2.9", .authorization = "Basic YWxpY2U6eA=="};
	struct access_proof right = {
	    .peer = PEER, .authorization = basic_alice};

	(void)state;
	assert_int_equal(basic("alice", GOOD), ACCESS_GRANTED);
	told = 0;
	access_login(access_, &wrong, on_order, NULL);
	access_login(access_, &right, on_order, NULL);
	while (told < 2)
		loop_turn(loop);
	assert_int_equal(order[0], ACCESS_GRANTED);
	assert_int_equal(order[1], ACCESS_REFUSED);
}

static void
test_stop(void **state)
{
	struct access_proof proof = {
	    .peer = PEER, .authorization = basic_alice};
	size_t i;

	(void)state;
	unavailable = granted = 0;
	for (i = 0; i < 4; i++)
		access_login(access_, &proof, on_many, NULL);
	stop();
	assert_int_equal(told, 4);
	assert_int_equal(granted, 1);
	assert_int_equal(unavailable, 3);
}

#define ROW(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ROW(test_password),
	    ROW(test_changed_password),
	    ROW(test_lock),
	    ROW(test_lock_of_nobody),
	    ROW(test_lock_ends_by_success),
	    ROW(test_tries),
	    ROW(test_rate),
	    ROW(test_token),
	    ROW(test_token_expires),
	    ROW(test_token_refused),
	    ROW(test_session),
	    ROW(test_session_ends),
	    ROW(test_certificate),
	    ROW(test_user_refused),
	    ROW(test_many),
	    ROW(test_known_overtake),
	    ROW(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
