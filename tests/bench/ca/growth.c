/*
 * Does it stay quick?  A CA with 100 certificates beside one with as many as
 * said (1,000,000), in turns in one run: issuing 64 at a time, looking one up,
 * listing what ends soon, OCSP answers; then revocation lists, each made anew.
 * Of the many, four in five are at their end, as after years, and of the others
 * 100,000 are revoked (half, if there are fewer).
 *
 *   bench_growth [NUMBER]
 */
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "askers.h"
#include "buf.h"
#include "ca.h"
#include "ca_bench.h"
#include "clock.h"
#include "db.h"
#include "err.h"
#include "mem.h"
#include "ocsp_ask.h"
#include "str.h"

#define FEW 100
#define MANY 1000000
#define ROUNDS 11
#define BATCHES 4
#define LOOKS 200
#define ANSWERS 200
#define REVOKED 100000
#define YEARS 5
#define YEAR (365 * CLOCK_DAY)
#define LISTED 5
#define LIST_MAX (64u << 20)
#define RECORD_TBS 900
#define RECORD_CERT 1300

static struct bench_askers askers;

struct grown {
	struct bench_ca b;
	int64_t count;
};

/* --- as if so many had been issued --- */

static const char *const unindexed[] = {"ca_revocation_list",
    "ca_intent_device", "ca_intent_spki", "ca_intent_made", "ca_intent_end",
    "ca_intent_subject", "ca_certificate_issued"};

/* Indexes are made at the end, in one go: an order of magnitude quicker. */
static char *
drop_indexes(struct db *db, struct err *err)
{
	struct db_rows *rows;
	struct buf sql;
	char *text, *drop;
	size_t i;

	buf_init(&sql, 4096);
	for (i = 0; i < sizeof(unindexed) / sizeof(unindexed[0]); i++) {
		bench_need(db_query(db, &rows, err,
			       "SELECT sql FROM sqlite_master WHERE name = ?",
			       "t", unindexed[i]) == 0 &&
			db_next(rows, err) == 1,
		    unindexed[i], err);
		buf_printf(&sql, "%s;", db_text(rows, 0));
		db_done(rows);
		drop = mem_printf("DROP INDEX %s", unindexed[i]);
		bench_need(db_script(db, drop, err) == 0, drop, err);
		free(drop);
	}
	text = mem_dup(buf_text(&sql));
	buf_free(&sql);
	return text;
}

struct filler {
	struct db *db;
	int64_t now, count;
	uint8_t tbs[RECORD_TBS], cert[RECORD_CERT];
};

static void
add_one(struct filler *f, int64_t i, struct err *err)
{
	int64_t age = (f->count - i) * YEARS * YEAR / f->count;
	int64_t made = f->now - CLOCK_DAY - age;
	char serial[33], device[32], key[32], subject[64];
	uint8_t random[16 + 32 + 32];

	bench_need(RAND_bytes(random, sizeof(random)) == 1, "random", NULL);
	random[0] = (uint8_t)(0x40 | (random[0] & 0x3f));
	str_hex(random, 16, serial);
	(void)snprintf(device, sizeof(device), "d%lld", (long long)i);
	(void)snprintf(key, sizeof(key), "renew:d%lld", (long long)i);
	(void)snprintf(
	    subject, sizeof(subject), "CN=d%lld.corp.example", (long long)i);
	bench_need(
	    db_run(f->db, err,
		"INSERT INTO ca_intent (serial, key, device, template, subject,"
		" names, spki_sha256, csr_sha256, tbs_sha256, tbs, not_before,"
		" not_after, made_at, line)"
		" VALUES (?, ?, ?, 'amt-tls', ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
		"tttttbbbbiii", serial, key, device, subject, subject,
		random + 16, (size_t)32, random + 48, (size_t)32, random + 32,
		(size_t)32, f->tbs, sizeof(f->tbs), made, made + YEAR,
		made) == 0 &&
		db_run(f->db, err,
		    "INSERT INTO ca_certificate (serial, key, certificate,"
		    " issued_at) VALUES (?, ?, ?, ?)",
		    "ttbi", serial, key, f->cert, sizeof(f->cert), made) == 0,
	    "fill", err);
}

/* The oldest of those that are not at their end, and all that are. */
static const char revoke[] =
    "INSERT INTO ca_revocation (seq, serial, revoked_at, reason, line,"
    " not_after) SELECT row_number() OVER (), serial, ?, 4, line, not_after"
    " FROM ca_intent"
    " WHERE not_after < (SELECT MAX(not_after) FROM (SELECT not_after"
    "  FROM ca_intent WHERE not_after > ? AND key LIKE 'renew:%'"
    "  ORDER BY not_after LIMIT ?))";

static void
fill(struct grown *g, int64_t count, int64_t revoked)
{
	struct filler f = {.now = clock_now(), .count = count};
	struct err err;
	char *indexes;
	int64_t i;

	ca_close(g->b.ca);
	g->b.ca = NULL;
	bench_need(db_open(g->b.database, false, &f.db, &err) == 0 &&
		db_script(f.db,
		    "PRAGMA synchronous = OFF; PRAGMA cache_size = -262144;"
		    "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = MEMORY",
		    &err) == 0,
	    "database", &err);
	indexes = drop_indexes(f.db, &err);
	bench_need(db_begin(f.db, &err) == 0, "begin", &err);
	for (i = 0; i < count; i++)
		add_one(&f, i, &err);
	bench_need(db_script(f.db, indexes, &err) == 0 &&
		db_run(f.db, &err, revoke, "iii", f.now, f.now, revoked) == 0 &&
		db_commit(f.db, &err) == 0,
	    "fill", &err);
	db_close(f.db);
	free(indexes);
	g->count = count;
	bench_ca_reopen(&g->b);
}

/* --- what is measured; each gives microseconds of CPU for one --- */

static double
issue(struct grown *g)
{
	static struct ca_issuance list[CA_ISSUE_MANY];
	static char keys[CA_ISSUE_MANY][BENCH_KEY];
	double start = bench_cpu_us();
	int n, i;

	for (n = 0; n < BATCHES; n++) {
		bench_ask(&askers, list, keys, CA_ISSUE_MANY);
		ca_issue_many(g->b.ca, list, CA_ISSUE_MANY);
		for (i = 0; i < CA_ISSUE_MANY; i++) {
			bench_need(list[i].err.kind == ERR_NONE, "issue",
			    &list[i].err);
			ca_cert_clear(&list[i].cert);
		}
	}
	return (bench_cpu_us() - start) / (BATCHES * CA_ISSUE_MANY);
}

static double
look(struct grown *g)
{
	double start = bench_cpu_us();
	struct ca_cert cert;
	struct err err;
	char key[32];
	int i;

	for (i = 0; i < LOOKS; i++) {
		(void)snprintf(key, sizeof(key), "renew:d%d", i % FEW);
		bench_need(
		    ca_find(g->b.ca, key, NULL, &cert, &err) == 0, key, &err);
		ca_cert_clear(&cert);
	}
	return (bench_cpu_us() - start) / LOOKS;
}

static int
count_one(void *cookie, const struct ca_cert *cert, struct err *err)
{
	(void)cert;
	(void)err;
	++*(size_t *)cookie;
	return 0;
}

/* So many of them, whatever span that is. */
static double
list_ending(struct grown *g)
{
	const struct ca_list_of of = {.ends_from = clock_now(),
	    .ends_before = clock_now() + LISTED * YEARS * YEAR / g->count};
	double start = bench_cpu_us();
	size_t count = 0;
	struct err err;

	bench_need(
	    ca_list(g->b.ca, &of, count_one, &count, &err) == 0, "list", &err);
	bench_need(count > 0, "nothing ends soon", NULL);
	return bench_cpu_us() - start;
}

static double
answer(struct grown *g)
{
	static struct buf request;
	struct ca_ocsp io;
	struct buf out;
	struct err err;
	double start;
	int i;

	buf_init(&request, CA_OCSP_REQUEST_MAX);
	buf_init(&out, CA_OCSP_ANSWER_MAX);
	bench_ocsp_request(g->b.ca, &request);
	io = (struct ca_ocsp){.request = request.data, .len = request.len};
	start = bench_cpu_us();
	for (i = 0; i < ANSWERS; i++) {
		buf_reset(&out);
		io.now = clock_now();
		bench_need(ca_ocsp(g->b.ca, &io, &out, &err) == 0 &&
			io.next_update != 0,
		    "answer", &err);
	}
	start = (bench_cpu_us() - start) / ANSWERS;
	buf_free(&out);
	buf_free(&request);
	return start;
}

static const struct {
	const char *name;
	double (*measure)(struct grown *g);
} figures[] = {
    {"certificate, 64 in flight", issue},
    {"certificate looked up by its key", look},
    {"list of about 5 that end soon", list_ending},
    {"OCSP answer", answer},
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

/* --- the revocation list --- */

static double
revocation_list(struct bench_ca *b, size_t *ret_len)
{
	double start;
	struct buf out;
	struct err err;

	buf_init(&out, LIST_MAX);
	start = bench_cpu_us();
	bench_need(ca_crl(b->ca, clock_now() + 4 * CLOCK_DAY, &out, &err) == 0,
	    "CRL", &err);
	start = bench_cpu_us() - start;
	*ret_len = out.len;
	buf_free(&out);
	return start / 1e6;
}

static void
compare(struct grown *few, struct grown *many)
{
	double small[FIGURES][ROUNDS], large[FIGURES][ROUNDS];
	double ratio[FIGURES][ROUNDS];
	size_t i, k;

	for (i = 0; i < ROUNDS; i++)
		for (k = 0; k < FIGURES; k++) {
			small[k][i] = figures[k].measure(few);
			large[k][i] = figures[k].measure(many);
			ratio[k][i] = large[k][i] / small[k][i];
		}
	for (k = 0; k < FIGURES; k++)
		printf("%s: %.1f us, with many %.1f us, %.2f times\n",
		    figures[k].name, bench_median(small[k], ROUNDS),
		    bench_median(large[k], ROUNDS),
		    bench_median(ratio[k], ROUNDS));
}

int
main(int argc, char **argv)
{
	int64_t count = argc > 1 ? atoll(argv[1]) : MANY;
	int64_t live = count / YEARS, revoked = live / 2;
	struct grown few, many;
	double start;
	size_t len;

	bench_need(count >= FEW, "NUMBER is too small", NULL);
	bench_askers_make(&askers, BATCHES * CA_ISSUE_MANY);
	bench_ca_make(&few.b, BENCH_DISK);
	bench_ca_make(&many.b, BENCH_DISK);
	if (revoked > REVOKED)
		revoked = REVOKED;
	fill(&few, FEW, FEW / YEARS / 2);
	start = bench_wall_us();
	fill(&many, count, revoked);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	printf("%d certificates on record, and %lld (filled in %.0f s)\n", FEW,
	    (long long)count, (bench_wall_us() - start) / 1e6);
	compare(&few, &many);
	start = revocation_list(&many.b, &len);
	printf("revocation list of %lld live ones: %.2f s, %zu bytes\n",
	    (long long)revoked, start, len);
	bench_ca_close(&few.b);
	bench_ca_close(&many.b);
	bench_askers_free(&askers);
	return 0;
}
