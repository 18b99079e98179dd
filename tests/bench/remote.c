/*
 * bench_remote STORE VAULT-KEY: core.executeQuery of a page of 50 systems over
 * a store that is there, and what it costs beside the bare query: compiled, run
 * and read, with nothing around it.  In turn, medians; for `remote` (script).
 *
 *   bare    the query alone, on this thread
 *   one     remote commands, the next when the last is answered
 *   many    64 of them at a time
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "access.h"
#include "clock.h"
#include "err.h"
#include "fleet.h"
#include "loop.h"
#include "query.h"
#include "remote.h"
#include "store.h"
#include "vault.h"

#define ROUNDS 9
#define QUERIES 200 /* of a round */
#define AT_ONCE 64

#define TARGET "EPOLeafNode"
#define SELECT                                                                 \
	"(select (top 50) EPOLeafNode.AutoID EPOLeafNode.NodeName "            \
	"EPOLeafNode.Tags AMT_CustomProps.LastErrorMessage "                   \
	"AMT_CustomProps.CertExpires)"
#define WHERE "(gt EPOLeafNode.AutoID 500)"
#define ORDER "(order (asc EPOLeafNode.AutoID))"
#define ARG(name, text)                                                        \
	{                                                                      \
		name, text, sizeof(text) - 1                                   \
	}

static const struct remote_arg args[] = {ARG("target", TARGET),
    ARG("select", SELECT), ARG("where", WHERE), ARG("order", ORDER),
    ARG(":output", "json")};
static const struct query_text page = {
    .target = TARGET, .select = SELECT, .where = WHERE, .order = ORDER};

struct bench {
	struct vault *vault;
	struct store *store;
	struct loop *loop;
	struct remote *remote;
	struct remote_request request;
	size_t asked, answered, wanted, bytes;
};

/* --- bare --- */

static int
count_row(
    void *cookie, const struct store_cell *cells, size_t n, struct err *err)
{
	size_t *rows = cookie;

	(void)err;
	*rows += n > 0 && cells[0].known;
	return 0;
}

static void
ask_bare(struct bench *b)
{
	struct err err = {.kind = ERR_NONE};
	struct query *q = NULL;
	size_t rows = 0;
	bool cut;

	bench_must(
	    query_compile(store_graph(), &page, clock_now_ms(), &q, &err),
	    &err);
	bench_must(
	    store_query(b->store, q, count_row, &rows, &cut, &err), &err);
	query_free(q);
	if (rows != 50) {
		fprintf(stderr, "bench_remote: %zu rows, not 50\n", rows);
		exit(1);
	}
}

/* --- remote --- */

static void answered(void *cookie, const struct remote_answer *answer);

static void
ask(struct bench *b)
{
	b->asked++;
	remote_submit(b->remote, &b->request, answered, b);
}

static void
answered(void *cookie, const struct remote_answer *answer)
{
	struct bench *b = cookie;

	if (answer->failed) {
		fprintf(stderr, "bench_remote: %s\n", buf_text(answer->body));
		exit(1);
	}
	b->bytes = answer->body->len;
	b->answered++;
	if (b->asked < b->wanted)
		ask(b);
}

static double
round_us(struct bench *b, size_t at_once)
{
	double begin = bench_us(CLOCK_MONOTONIC);
	size_t i;

	b->asked = b->answered = 0;
	b->wanted = QUERIES;
	if (at_once == 0)
		for (; b->answered < QUERIES; b->answered++)
			ask_bare(b);
	for (i = 0; i < at_once; i++)
		ask(b);
	while (b->answered < QUERIES)
		loop_turn(b->loop);
	return (bench_us(CLOCK_MONOTONIC) - begin) / QUERIES;
}

/* --- all of it --- */

static void
setup(struct bench *b, const char *path, const char *key)
{
	static struct access_identity who = {
	    .name = "bench", .rights = UINT64_C(1) << ACCESS_QUERY_RUN};
	struct err err = {.kind = ERR_NONE};
	struct remote_conf conf = {.database = path};

	memset(b, 0, sizeof(*b));
	bench_must(vault_open(key, &b->vault, &err), &err);
	bench_must(store_open(path, b->vault, &b->store, &err), &err);
	b->loop = loop_new(&err);
	bench_must(b->loop == NULL ? -1 : 0, &err);
	conf.loop = b->loop;
	conf.vault = b->vault;
	bench_must(remote_new(&conf, &b->remote, &err), &err);
	b->request = (struct remote_request){.command = "core.executeQuery",
	    .args = args,
	    .arg_count = sizeof(args) / sizeof(args[0]),
	    .who = &who};
}

int
main(int argc, char **argv)
{
	static const size_t at_once[] = {0, 1, AT_ONCE};
	double us[3][ROUNDS], bare;
	struct bench b;
	size_t round, i;

	if (argc != 3)
		return 64;
	setup(&b, argv[1], argv[2]);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < 3; i++)
			us[i][round] = round_us(&b, at_once[i]);
	bare = bench_median(us[0], ROUNDS);
	printf("bare_us=%.0f one_us=%.0f many_us=%.0f bytes=%zu\n", bare,
	    bench_median(us[1], ROUNDS), bench_median(us[2], ROUNDS), b.bytes);
	remote_free(b.remote);
	loop_free(b.loop);
	store_close(b.store);
	vault_close(b.vault);
	return 0;
}
