#ifndef FIXTURE_H_
#define FIXTURE_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "access.h"
#include "err.h"
#include "remote.h"

struct loop;
struct store;
struct vault;

/*
 * A fleet of three systems, always the same, and commands asked of it as HTTP
 * would: one after the other, each until its answer is there.
 */
struct fixture {
	char folder[32];
	char key[64], path[64];
	struct vault *vault;
	struct store *store;
	struct loop *loop;
	struct remote *remote;
	struct err err;
	uint64_t lacks; /* rights the caller has not, a bit each */
	/* what was asked of the hands */
	int64_t looked[16];
	size_t looked_count;
	int64_t looked_ms;
	struct remote_looked seen; /* what they answer */
	size_t woken;
	/* the last answer */
	size_t answers; /* how many it makes */
	char *body;
	size_t len;
	bool busy, failed;
	enum remote_code code;
};

int setup(void **state);
int teardown(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* "system.find" with "searchText=pc1", "param1=...", ...; NULL at the end. The
 * body is f->body. */
void ask(struct fixture *f, const char *command, ...) __attribute__((sentinel));
/* The same with arguments in an array. */
void ask_list(struct fixture *f, const char *command,
    const struct remote_arg *args, size_t count);
/* The answer is a failure of this code, and has this text. */
void assert_error(
    const struct fixture *f, enum remote_code code, const char *text);
/* Exactly this answer. */
void assert_body(const struct fixture *f, const char *body);
#endif
