#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "buf.h"
#include "cli_internal.h"
#include "clock.h"
#include "device.h"
#include "intake.h"
#include "mem.h"
#include "secret.h"
#include "shown.h"
#include "store.h"
#include "str.h"

#define SECRET_MAX 1024
#define ACTOR_MAX 64

__attribute__((format(printf, 1, 0))) static void
write_complaint(const char *fmt, va_list args)
{
	char *text;

	if (vasprintf(&text, fmt, args) < 0)
		return;
	(void)fputs("amtkeeper: ", stderr);
	shown_put(stderr, text, SHOWN_LINES);
	(void)fputc('\n', stderr);
	free(text);
}

int
cli_complain(int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_complaint(fmt, args);
	va_end(args);
	return code;
}

void
cli_note(const struct cli *c, const char *fmt, ...)
{
	va_list args;

	if (c->quiet)
		return;
	va_start(args, fmt);
	write_complaint(fmt, args);
	va_end(args);
}

int
cli_exit_of(const struct err *err)
{
	static const struct {
		enum err_kind kind;
		int code;
	} codes[] = {
	    {ERR_INVALID, CODE_INPUT},
	    {ERR_NOTFOUND, CODE_NOTHING},
	    {ERR_CONFLICT, CODE_EXISTS},
	    {ERR_DENIED, CODE_DENIED},
	    {ERR_REFUSED, CODE_REFUSED},
	    {ERR_UNREACHABLE, CODE_UNREACHABLE},
	    {ERR_UNKNOWN, CODE_UNKNOWN},
	    {ERR_PROTOCOL, CODE_PROTOCOL},
	    {ERR_UNTRUSTED, CODE_UNTRUSTED},
	    {ERR_STORAGE, CODE_STORE},
	    {ERR_CANCELLED, CODE_INTERRUPTED},
	};
	size_t i;

	/* A file that was named, not a row that was looked for. */
	if (err->domain == ERR_ERRNO && err->kind == ERR_NOTFOUND)
		return CODE_INPUT;
	if (err->domain == ERR_PT || err->domain == ERR_SOAP)
		return CODE_DEVICE_REFUSED;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].kind == err->kind)
			return codes[i].code;
	return CODE_FAILED;
}

int
cli_fail(const struct err *err)
{
	return cli_complain(cli_exit_of(err), "%s", err->text);
}

/* --- parts --- */

int
cli_load(struct cli *c)
{
	struct err err = {.kind = ERR_NONE};

	if (daemon_load(c->conf_file, &c->daemon, &err) == 0)
		return CODE_OK;
	if (err.kind == ERR_NOTFOUND)
		return cli_complain(CODE_CONFIG,
		    "%s\n(\"amtkeeper init\" makes a configuration; "
		    "--config names another file)",
		    err.text);
	return cli_complain(CODE_CONFIG, "%s", err.text);
}

int
cli_open(struct cli *c, enum daemon_parts parts, const char *actor)
{
	struct err err = {.kind = ERR_NONE};
	int code = cli_load(c);

	if (code != CODE_OK)
		return code;
	if (daemon_open(&c->daemon, parts, actor, &err) == 0)
		return CODE_OK;
	code = c->daemon.store == NULL ? CODE_STORE
	    : c->daemon.ca == NULL     ? CODE_CA
				       : CODE_FAILED;
	return cli_complain(code, "%s", err.text);
}

const char *
cli_actor(void)
{
	static char actor[ACTOR_MAX];
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): only this thread asks */
	const struct passwd *user = getpwuid(getuid());

	if (user != NULL)
		(void)snprintf(
		    actor, sizeof(actor), "cli:%.32s", user->pw_name);
	else
		(void)snprintf(
		    actor, sizeof(actor), "cli:%lu", (unsigned long)getuid());
	return actor;
}

int
cli_event(struct cli *c, const struct device *device, const char *kind,
    const char *detail, struct err *err)
{
	struct store_event event = {.at = clock_now(),
	    .device = device == NULL ? 0 : device->id,
	    .name = device == NULL ? NULL : device->name,
	    .kind = kind,
	    .actor = cli_actor(),
	    .detail = detail};

	return store_event_add(c->daemon.store, &event, err);
}

int
cli_commit(struct cli *c, int rc, struct err *err)
{
	if (rc == 0)
		rc = store_commit(c->daemon.store, err);
	if (rc == 0)
		return CODE_OK;
	store_rollback(c->daemon.store);
	return cli_fail(err);
}

int
cli_commit_event(struct cli *c, int rc, const char *kind, struct err *err)
{
	if (rc == 0)
		rc = cli_event(c, NULL, kind, "{}", err);
	return cli_commit(c, rc, err);
}

struct intake_to
cli_intake(const struct cli *c)
{
	return (struct intake_to){
	    .store = c->daemon.store, .actor = cli_actor()};
}

struct table *
cli_table(const struct cli *c, const struct table_column *columns, size_t count)
{
	return cli_table_on(c, columns, count, stdout);
}

struct table *
cli_table_on(const struct cli *c, const struct table_column *columns,
    size_t count, FILE *out)
{
	struct table *t = table_new(c->format, columns, count, out);

	if (c->colour)
		table_set_colour(t);
	if (c->utf8)
		table_set_utf8(t);
	table_set_width(t, c->width);
	return t;
}

int
cli_row(struct table *t, struct err *err)
{
	table_row(t);
	if (ferror(stdout) != 0)
		return err_set(err, ERR_CANCELLED, "cannot write the output");
	return 0;
}

int
cli_scanned(int rc, const struct err *err)
{
	return rc == 0 || ferror(stdout) != 0 ? CODE_OK : cli_fail(err);
}

int
cli_listed(const struct cli *c, struct table *t, int rc, const struct err *err)
{
	if (rc == 0 && table_rows(t) == 0 && c->format == TABLE_TEXT)
		cli_note(c, "nothing to show");
	table_end(t);
	return cli_scanned(rc, err);
}

/* --- asking a person --- */

static struct secret *
read_line(FILE *in)
{
	char line[SECRET_MAX + 2];
	struct secret *secret = NULL;
	size_t len;

	if (fgets(line, sizeof(line), in) != NULL) {
		len = strcspn(line, "\r\n");
		if (len <= SECRET_MAX)
			secret = secret_new(line, len);
	}
	secret_wipe(line, sizeof(line));
	return secret;
}

static struct secret *
prompt_secret(const char *prompt)
{
	struct termios old, quiet;
	struct secret *secret;

	if (tcgetattr(STDIN_FILENO, &old) != 0) {
		(void)cli_complain(CODE_FAILED, "no terminal to ask on");
		return NULL;
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	(void)fputs(prompt, stderr);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	secret = read_line(stdin);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	(void)fputc('\n', stderr);
	return secret;
}

struct secret *
cli_secret(const struct cli *c, const char *option, const char *prompt)
{
	const char *file = cli_text(c, option);
	struct err err = {.kind = ERR_NONE};
	struct secret *secret;
	size_t len = 0;

	if (file == NULL && !isatty(STDIN_FILENO)) {
		(void)cli_complain(CODE_USAGE,
		    "standard input is no terminal: give --%s FILE, or "
		    "--%s - to read it from standard input",
		    option, option);
		return NULL;
	}
	if (file == NULL)
		secret = prompt_secret(prompt);
	else if (str_eq(file, "-"))
		secret = read_line(stdin);
	else if ((secret = secret_from_file(file, &err)) == NULL) {
		(void)cli_complain(CODE_INPUT, "%s", err.text);
		return NULL;
	}
	if (secret != NULL)
		(void)secret_bytes(secret, &len);
	if (secret == NULL || len == 0) {
		(void)cli_complain(CODE_INPUT, "no password was given");
		secret_free(secret);
		return NULL;
	}
	return secret;
}

bool
cli_confirm(const struct cli *c, const char *question)
{
	char line[16];

	if (cli_flag(c, "yes"))
		return true;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		(void)cli_complain(
		    CODE_REFUSED, "%s: refused without --yes", question);
		return false;
	}
	shown_put(stderr, question, SHOWN_LINES);
	(void)fputs("? Type \"yes\": ", stderr);
	if (fgets(line, sizeof(line), stdin) == NULL)
		return false;
	line[strcspn(line, "\r\n")] = '\0';
	return str_eq(line, "yes");
}
