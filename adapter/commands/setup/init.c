#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ca.h"
#include "ca_keys.h"
#include "cli.h"
#include "commands_setup_internal.h"
#include "conf.h"
#include "file.h"
#include "mem.h"
#include "profile.h"
#include "secret.h"

#define DEFAULT_DIR "/etc/amtkeeper"
#define DEFAULT_STATE "/var/lib/amtkeeper"
#define DIR_MODE 0700
#define FILE_MODE 0644
#define MAX_SETTINGS 16

struct init {
	struct cli *c;
	char *dir, *state; /* absolute */
	char *keytab;	   /* absolute; NULL: none */
	char *conf_file, *profile_file;
	char *database, *ca_database;
	bool conf_made, profile_made;
	struct ca_new ca;
};

/* --- files --- */

/* What is typed is relative to where the person is, what stands in a file is
 * not. */
static char *
absolute(const char *path)
{
	char *here, *full;

	if (path[0] == '/')
		return mem_dup(path);
	here = getcwd(NULL, 0);
	full = mem_printf("%s/%s", here == NULL ? "." : here, path);
	free(here);
	return full;
}

static void
set_paths(struct init *in)
{
	const char *dir = cli_text(in->c, "dir");
	const char *state = cli_text(in->c, "state");
	const char *keytab = cli_text(in->c, "keytab");

	if (state == NULL)
		state = dir != NULL ? dir : DEFAULT_STATE;
	in->dir = absolute(dir != NULL ? dir : DEFAULT_DIR);
	in->state = absolute(state);
	in->keytab = keytab == NULL ? NULL : absolute(keytab);
	in->conf_file = mem_printf("%s/amtkeeper.yaml", in->dir);
	in->profile_file = mem_printf("%s/profile.yaml", in->dir);
	in->database = mem_printf("%s/fleet.db", in->state);
	in->ca_database = mem_printf("%s/ca.db", in->state);
}

static void
init_free(struct init *in)
{
	free(in->dir);
	free(in->state);
	free(in->keytab);
	free(in->conf_file);
	free(in->profile_file);
	free(in->database);
	free(in->ca_database);
}

/* --- configuration --- */

static int
write_conf(const struct init *in, FILE *out, struct err *err)
{
	static const char *const directory[] = {
	    "realm", "domain", "dc", "principal"};
	struct conf_setting settings[MAX_SETTINGS];
	char *keys[4] = {NULL};
	size_t i, count = 0;
	int rc;

	settings[count++] = (struct conf_setting){"database", in->database};
	settings[count++] =
	    (struct conf_setting){"ca_database", in->ca_database};
	if (cli_text(in->c, "realm") != NULL)
		settings[count++] =
		    (struct conf_setting){"directory.enabled", "true"};
	for (i = 0; i < 4; i++) {
		if (cli_text(in->c, directory[i]) == NULL)
			continue;
		keys[i] = mem_printf("directory.%s", directory[i]);
		settings[count++] = (struct conf_setting){
		    keys[i], cli_text(in->c, directory[i])};
	}
	if (in->keytab != NULL)
		settings[count++] =
		    (struct conf_setting){"directory.keytab", in->keytab};
	rc = conf_write(settings, count, out, err);
	for (i = 0; i < 4; i++)
		free(keys[i]);
	return rc;
}

/* Write both files; never over an existing one. */
static int
make_files(struct init *in, struct err *err)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int rc;

	if (out == NULL)
		return err_errno(err, errno, "memory");
	rc = write_conf(in, out, err);
	(void)fclose(out);
	if (rc == 0)
		rc = file_write(in->conf_file, text, len, FILE_MODE, true, err);
	in->conf_made = rc == 0;
	free(text);
	if (rc != 0)
		return -1;

	out = open_memstream(&text, &len);
	if (out == NULL)
		return err_errno(err, errno, "memory");
	profile_example(out, cli_text(in->c, "ou"));
	(void)fclose(out);
	rc = file_write(in->profile_file, text, len, FILE_MODE, true, err);
	in->profile_made = rc == 0;
	free(text);
	return rc;
}

static int
check_options(const struct cli *c)
{
	static const char *const with_realm[] = {
	    "domain", "dc", "ou", "principal", "keytab"};
	size_t i;

	if (cli_text(c, "realm") != NULL) {
		if (cli_text(c, "domain") != NULL &&
		    cli_text(c, "principal") != NULL &&
		    cli_text(c, "keytab") != NULL)
			return CODE_OK;
		return cli_complain(CODE_USAGE,
		    "--realm needs --domain, --principal and --keytab too");
	}
	for (i = 0; i < sizeof(with_realm) / sizeof(with_realm[0]); i++)
		if (cli_text(c, with_realm[i]) != NULL)
			return cli_complain(CODE_USAGE,
			    "--%s is for Active Directory: give --realm too",
			    with_realm[i]);
	return CODE_OK;
}

static void
say_next(const struct init *in)
{
	cli_note(in->c,
	    "made %s, %s, the vault key, the store and the CA\n\n"
	    "Next:\n"
	    "  1. copy %s to a safe place: without it no stored password can "
	    "be read\n"
	    "  2. look through %s\n"
	    "  3. export AMTKEEPER_CONFIG=%s (or give -c)\n"
	    "  4. amtkeeper device add NAME, or device import FILE.csv\n"
	    "  5. amtkeeper discover; amtkeeper plan auto --all\n"
	    "  6. amtkeeper run auto --all, then amtkeeper serve",
	    in->conf_file, in->profile_file, in->c->daemon.conf->vault_key,
	    in->profile_file, in->conf_file);
	if (cli_flag(in->c, "offline-root"))
		cli_note(in->c,
		    "\nBefore 4: have the request signed that \"amtkeeper ca "
		    "csr\" writes, and give the certificate to \"amtkeeper "
		    "ca import\".");
}

static int
make_all(struct init *in)
{
	const struct daemon_ca_new ca = {
	    .how = &in->ca, .offline = cli_flag(in->c, "offline-root")};
	struct err err = {.kind = ERR_NONE};

	if (file_mkdirs(in->dir, DIR_MODE, &err) != 0 ||
	    file_mkdirs(in->state, DIR_MODE, &err) != 0 ||
	    make_files(in, &err) != 0)
		return cli_fail(&err);
	if (daemon_load(in->conf_file, &in->c->daemon, &err) != 0)
		return cli_complain(CODE_INPUT, "%s", err.text);
	if (daemon_create(&in->c->daemon, &ca, &err) != 0)
		return cli_fail(&err);
	return CODE_OK;
}

int
cmd_init(struct cli *c)
{
	struct init in = {.c = c};
	struct key_pins pins = {.key = NULL};
	int code = check_options(c);

	if (code == CODE_OK)
		code = key_option_new(c, &in.ca, &pins);
	if (code != CODE_OK) {
		key_pins_free(&pins);
		return code;
	}
	set_paths(&in);
	code = make_all(&in);
	key_pins_free(&pins);
	if (code == CODE_OK)
		say_next(&in);
	if (code != CODE_OK && in.profile_made)
		(void)unlink(in.profile_file);
	if (code != CODE_OK && in.conf_made)
		(void)unlink(in.conf_file);
	init_free(&in);
	return code;
}
