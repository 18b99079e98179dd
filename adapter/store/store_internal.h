#ifndef STORE_INTERNAL_H_
#define STORE_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "store.h"
#include "store_table.h"

struct buf;
struct db;
struct db_rows;
struct secret;

/* Limits on what goes into one row. */
#define STORE_SECRETS_KEPT 4 /* the current one and three before it */
#define STORE_PURPOSE_MAX 64
#define STORE_BLOB_MAX 4096 /* a sealed password */

#define STORE_HASH 32 /* SHA-256 */

/* Conditions of a scan, one bit each; see scan.c. */
#define STORE_CONDITIONS 6

struct store {
	struct db *db;
	struct vault *vault; /* borrowed */
	bool dirty;	     /* we have written since the last commit */
	bool failed;	     /* and part of it is lost: never commit that */

	/* Statements made from device_fields(), once. */
	char *sql_insert;
	char *sql_save_host;
	char *sql_save_state;
	char *sql_get;
	char *sql_find;
	/* By set of conditions, made when first used. */
	char *sql_scan[1 << STORE_CONDITIONS];
	char *sql_count[1 << STORE_CONDITIONS];

	/* Last link of the audit chain, while our transaction is open. */
	bool head_known;
	uint8_t head[STORE_HASH];
};

/* The schema (schema.c). */
int store_schema_make(struct db *db, struct vault *vault, struct err *err);
int store_schema_check(struct db *db, struct vault *vault, struct err *err);
int store_schema_update(struct db *db, struct err *err);
/* Steps of it (schema_task.c). */
extern const char store_task_step[], store_run_step[], store_reach_step[];
extern const char store_forward_step[];	 /* forward.c */
extern const char store_census_step[];	 /* census.c */
extern const char store_deadline_step[]; /* census.c */
/* The end of the AD password's life, SQL, as plan_deadline() has it from the
 * directory: of a user object (512) it is the controllers', if the password
 * expires at all (65536: it does not), of a computer what the domain says.
 * NULL: none. d: "d." or "". */
#define STORE_AD_END(d)                                                        \
	"(CASE WHEN " d "ad_uac & 512 THEN CASE WHEN " d                       \
	"ad_uac & 65536 = 0 THEN nullif(" d "ad_expires_at, 0) END WHEN " d    \
	"ad_password_at > 0 AND " d "ad_max_age > 0 THEN " d                   \
	"ad_password_at + " d "ad_max_age END)"
extern const char store_users_step[]; /* schema_users.c */
extern const char store_upstream_step[], store_host_step[];
extern const char store_server_step[]; /* schema_server.c */
extern const char store_answer_step[]; /* answer.c */
extern const char store_keys_step[];   /* keys.c */
extern const char store_dead_step[];   /* dead.c */
extern const char store_chart_step[];  /* saved.c */

/* Statements over the table "device" (record.c). */
void store_sql_make(struct store *s);
void store_sql_free(struct store *s);

/* Keys that compare, beside the record (keys.c): after it was written; and
 * those of records from before there were any. */
int store_keys_save(struct store *s, const struct device *d, struct err *err);
int store_keys_fill(struct db *db, struct err *err);

/* Seal and unseal for a device (secretbox.c). */
int store_seal(struct store *s, int64_t device, const char *kind,
    const struct secret *secret, struct buf *out, struct err *err);
int store_unseal(struct store *s, int64_t device, const char *kind,
    const void *blob, size_t len, struct secret **ret_secret, struct err *err);
#endif
