#ifndef CLI_INTERNAL_H_
#define CLI_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "command.h"
#include "daemon.h"
#include "err.h"
#include "table_internal.h"

struct ca_key_place;
struct ca_new;
struct cli;
struct intake_to;

/* --- the table of commands --- */

enum cli_kind {
	CLI_FLAG,
	CLI_TEXT,
	CLI_FILE,  /* text that completes as a file name */
	CLI_COUNT, /* a number from 1 */
	CLI_SPAN,  /* "30d" */
	CLI_SINCE, /* "30d" ago, or a time in RFC 3339, or its date */
	CLI_WORD   /* one of words */
};

struct cli_option {
	const char *name; /* "device": --device */
	char letter;	  /* or 0 */
	enum cli_kind kind;
	const char *arg; /* "PATTERN"; NULL for flags */
	const char *const *words;
	const char *help;
};

struct cli_command {
	const char *name; /* "device add" */
	const char *args; /* "NAME..." or "" */
	const char *summary;
	const char *text;			 /* paragraphs; "" */
	const struct cli_option *const *options; /* groups, NULL at the end */
	unsigned min_args, max_args;
	const char *const *examples; /* command lines and NULL */
	int (*run)(struct cli *c);
};

/* Groups end with a row without a name. */
const struct cli_command *cli_commands(size_t *ret_count);
const struct cli_option *cli_globals(void);

struct cli_exit {
	int code;
	const char *name, *help;
};
const struct cli_exit *cli_exits(size_t *ret_count);

/* --- one invocation --- */

#define CLI_MAX_VALUES 256

struct cli_value {
	const struct cli_option *option;
	const char *text; /* NULL for flags */
};

struct cli {
	const struct cli_command *command;
	struct cli_value values[CLI_MAX_VALUES];
	size_t value_count;
	char **args;
	size_t arg_count;
	const char *conf_file;
	const char *conf_origin; /* "option", "environment", "default" */
	enum table_format format;
	size_t width; /* tables fit into so many columns; 0: any */
	bool html;    /* in place of the format; only for `query` */
	bool colour, utf8, quiet, verbose;
	struct daemon daemon;
};

/* Fill *c from argv: CODE_OK and c->command set, or an exit code with the
 * complaint already on stderr, or CODE_OK and c->command NULL when --help or
 * the like was answered. */
int cli_parse(struct cli *c, int argc, char **argv);

/* Options by name; the last one given wins. */
bool cli_flag(const struct cli *c, const char *name);
const char *cli_text(const struct cli *c, const char *name); /* or NULL */
int64_t cli_count(const struct cli *c, const char *name, int64_t fallback);
int64_t cli_span(const struct cli *c, const char *name, int64_t fallback);
/* Unix seconds; of a span: that long ago. */
int64_t cli_since(const struct cli *c, const char *name, int64_t fallback);
/* The i-th use of an option that may be repeated; NULL after the last. */
const char *cli_each(const struct cli *c, const char *name, size_t i);

/* --- complaints --- */

/* "amtkeeper: ..." on stderr; returns code, so: return cli_complain(...). */
int cli_complain(int code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The same with the error's text, and the exit code of its kind. */
int cli_fail(const struct err *err);
/* Exit code of an error of a device. */
int cli_exit_of(const struct err *err);
/* A note on stderr, unless -q. */
void cli_note(const struct cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- parts --- */

/* Load and open c->daemon; CODE_OK or the code, complaint printed. */
int cli_load(struct cli *c);
int cli_open(struct cli *c, enum daemon_parts parts, const char *actor);
/* "cli:alice": who did it, for events; borrowed. */
const char *cli_actor(void);
/* Write an event of this command; device may be NULL. detail is JSON. */
struct device;
struct profile_template;
int cli_event(struct cli *c, const struct device *device, const char *kind,
    const char *detail, struct err *err);
/* The end of a change that came to rc: committed; else all of it is undone, and
 * the complaint printed. Its exit code. */
int cli_commit(struct cli *c, int rc, struct err *err);
/* The same, with an event of it that has no device and says no more. */
int cli_commit_event(struct cli *c, int rc, const char *kind, struct err *err);
/* As cli_event() for what takes devices in. */
struct intake_to cli_intake(const struct cli *c);
/* Revoke a certificate at whichever CA it is from, and write the event; the
 * caller commits. *ret_told false: that CA cannot be told by us, only our
 * record says so. device may be NULL. */
struct cli_revocation {
	const char *serial;
	const char *issuer; /* as in struct ca_cert */
	int reason;	    /* RFC 5280 */
};
int cli_revoke(struct cli *c, const struct device *device,
    const struct cli_revocation *r, bool *ret_told, struct err *err);
/* What a person is to do where its CA could not be told; given. */
char *cli_revoke_there(
    const struct cli *c, const char *issuer, const char *serial);
/* A table of this command's rows on stdout. */
struct table *cli_table(
    const struct cli *c, const struct table_column *columns, size_t count);
/* The same elsewhere. */
struct table *cli_table_on(const struct cli *c,
    const struct table_column *columns, size_t count, FILE *out);
/* table_row() of a scan: -1 when there is no use in going on, since the output
 * cannot be written. */
int cli_row(struct table *t, struct err *err);
/* The code of a scan that came to rc; what became of the output is said at the
 * end of the command. */
int cli_scanned(int rc, const struct err *err);
/* The same, and the end of its table; a person is told when it is empty. */
int cli_listed(
    const struct cli *c, struct table *t, int rc, const struct err *err);
/* A secret from --NAME FILE, "-" for stdin, or a prompt without echo; NULL with
 * the complaint printed. */
struct secret;
struct secret *cli_secret(
    const struct cli *c, const char *option, const char *prompt);
/* As a line, to a new file that only its owner can read. */
int cli_write_secret(
    const char *path, const struct secret *secret, struct err *err);
/* Ask before something that cannot be taken back: --yes, or "yes" typed on a
 * terminal. */
bool cli_confirm(const struct cli *c, const char *question);

/* --- which devices --- */

/* Were devices chosen at all: by arguments from the first-th on, --device,
 * --reason, --site or --all? */
bool cli_selected(const struct cli *c, size_t first);
typedef int cli_device_fn(
    void *cookie, const struct device *device, struct err *err);
/* fn for each chosen one, once; all when none were chosen. CODE_NOTHING with
 * the complaint printed when a name or pattern, or all of them, match nothing.
 */
int cli_select(struct cli *c, size_t first, cli_device_fn *fn, void *cookie);

/* Ids of the chosen ones, for commands that act only when all is well. */
struct cli_ids {
	int64_t *ids;
	size_t count, room;
};
int cli_select_ids(struct cli *c, size_t first, struct cli_ids *ret_ids);
void cli_ids_add(struct cli_ids *ids, int64_t id);

/* Id of the one device named with --device, 0 when none was; CODE_OK or the
 * code with the complaint printed. */
int cli_chosen_device(struct cli *c, int64_t *ret_id);

/* --- about the CA (cmd_ca_issuer.c) --- */

/* What anybody may read: to the file of --out, or stdout. */
struct buf;
int cli_put_public(const struct cli *c, const struct buf *pem, struct err *err);

/* The issuing CA of --issuer; NULL with the complaint printed. */
struct ca;
struct ca *cli_find_line(struct cli *c);
/* Its chain, or that of --cross. */
int cli_put_chain(
    struct cli *c, const struct ca *ca, struct buf *out, struct err *err);

/* Why a certificate was revoked, as --reason has it; NULL (cmd_ca.c). */
const char *cli_reason_word(int number);

/* PINs that places of keys borrow; zeroed before, freed after those. */
struct cli_ca_pins {
	struct secret *key, *root;
};
void cli_ca_pins_free(struct cli_ca_pins *pins);
/* From --key and --pin-file. CODE_OK, or an exit code with the complaint
 * printed. */
int cli_ca_key(
    struct cli *c, struct ca_key_place *ret, struct cli_ca_pins *ret_pins);
/* From --root-key and --root-pin-file. */
int cli_ca_root_key(
    struct cli *c, struct ca_key_place *ret, struct cli_ca_pins *ret_pins);
/* Both, and --organisation. */
int cli_ca_new(struct cli *c, struct ca_new *ret, struct cli_ca_pins *ret_pins);

/* By name, or the one of TLS certificates when that is NULL; NULL when there is
 * none of this name (cmd_ca_sign.c). */
struct profile_template;
const struct profile_template *cli_template(
    const struct cli *c, const char *name);
/* A certificate that a person was given, into the audit chain, before anybody
 * sees it (cmd_ca_sign.c). */
struct ca_cert;
int cli_tell_signed(struct cli *c, const struct device *device,
    const struct ca_cert *cert, struct err *err);

/* --- help --- */

void cli_help(FILE *out);
void cli_help_group(FILE *out, const char *group);
void cli_help_command(FILE *out, const struct cli_command *command);
void cli_man(FILE *out);
void cli_completion(FILE *out);

/* --- handlers, one per row --- */

int cmd_init(struct cli *c);
int cmd_serve(struct cli *c);
int cmd_device_add(struct cli *c);
int cmd_device_set(struct cli *c);
int cmd_device_import(struct cli *c);
int cmd_device_list(struct cli *c);
int cmd_device_show(struct cli *c);
int cmd_device_remove(struct cli *c);
int cmd_discover(struct cli *c);
int cmd_diagnose(struct cli *c);
int cmd_plan(struct cli *c);
int cmd_run(struct cli *c);
int cmd_query(struct cli *c);
int cmd_query_list(struct cli *c);
int cmd_query_show(struct cli *c);
int cmd_query_save(struct cli *c);
int cmd_query_remove(struct cli *c);
int cmd_query_import(struct cli *c);
int cmd_query_tables(struct cli *c);
int cmd_query_operators(struct cli *c);
int cmd_tag_list(struct cli *c);
int cmd_tag_add(struct cli *c);
int cmd_tag_exclude(struct cli *c);
int cmd_tag_remove(struct cli *c);
int cmd_tag_delete(struct cli *c);
int cmd_schedule_preview(struct cli *c);
int cmd_schedule_check(struct cli *c);
int cmd_task_list(struct cli *c);
int cmd_user_add(struct cli *c);
int cmd_user_set(struct cli *c);
int cmd_user_list(struct cli *c);
int cmd_user_remove(struct cli *c);
int cmd_user_sets(struct cli *c);
int cmd_user_token_add(struct cli *c);
int cmd_user_token_list(struct cli *c);
int cmd_user_token_remove(struct cli *c);
int cmd_task_types(struct cli *c);
int cmd_task_show(struct cli *c);
int cmd_task_add(struct cli *c);
int cmd_task_set(struct cli *c);
int cmd_task_remove(struct cli *c);
int cmd_task_assign(struct cli *c);
int cmd_task_assignments(struct cli *c);
int cmd_task_enable(struct cli *c);
int cmd_task_disable(struct cli *c);
int cmd_task_unassign(struct cli *c);
int cmd_task_run(struct cli *c);
int cmd_runs_list(struct cli *c);
int cmd_runs_show(struct cli *c);
int cmd_runs_items(struct cli *c);
int cmd_runs_messages(struct cli *c);
int cmd_runs_wait(struct cli *c);
int cmd_runs_pause(struct cli *c);
int cmd_runs_resume(struct cli *c);
int cmd_runs_abort(struct cli *c);
int cmd_runs_purge(struct cli *c);
int cmd_epo_login(struct cli *c);
int cmd_epo_test(struct cli *c);
int cmd_epo_sync(struct cli *c);
int cmd_epo_status(struct cli *c);
int cmd_epo_accept(struct cli *c);
int cmd_journal_list(struct cli *c);
int cmd_events(struct cli *c);
int cmd_forward_status(struct cli *c);
int cmd_forward_test(struct cli *c);
int cmd_forward_secret(struct cli *c);
int cmd_forward_dead(struct cli *c);
int cmd_ca_init(struct cli *c);
int cmd_ca_show(struct cli *c);
int cmd_ca_chain(struct cli *c);
int cmd_ca_csr(struct cli *c);
int cmd_ca_import(struct cli *c);
int cmd_ca_certify(struct cli *c);
int cmd_ca_cross(struct cli *c);
int cmd_ca_rollover(struct cli *c);
int cmd_ca_list(struct cli *c);
int cmd_ca_crl(struct cli *c);
int cmd_ca_revoke(struct cli *c);
int cmd_ca_block_add(struct cli *c);
int cmd_ca_block_list(struct cli *c);
int cmd_ca_block_remove(struct cli *c);
int cmd_ca_check(struct cli *c);
int cmd_ca_health(struct cli *c);
int cmd_ca_sign(struct cli *c);
int cmd_ca_export(struct cli *c);
int cmd_ca_helper(struct cli *c);
int cmd_ca_ocsp(struct cli *c);
int cmd_ca_template_list(struct cli *c);
int cmd_ca_template_show(struct cli *c);
/* One of ours beside one of the forest; with all parts open. */
int cmd_ca_template_beside(
    struct cli *c, const struct profile_template *ours, const char *name);
int cmd_ca_template_check(struct cli *c);
int cmd_ca_bridge_list(struct cli *c);
int cmd_ca_bridge_test(struct cli *c);
int cmd_ca_bridge_pending(struct cli *c);
int cmd_ca_bridge_hasten(struct cli *c);
int cmd_krb_status(struct cli *c);
int cmd_krb_check(struct cli *c);
int cmd_krb_keytab_export(struct cli *c);
int cmd_directory_audit(struct cli *c);
int cmd_directory_delegate(struct cli *c);
int cmd_directory_repair(struct cli *c);
int cmd_wsman_get(struct cli *c);
int cmd_wsman_enum(struct cli *c);
int cmd_wsman_invoke(struct cli *c);
int cmd_wsman_decode(struct cli *c);
int cmd_config_check(struct cli *c);
int cmd_config_show(struct cli *c);
int cmd_config_example(struct cli *c);
int cmd_secret_show(struct cli *c);
int cmd_version(struct cli *c);
int cmd_help(struct cli *c);
#endif
