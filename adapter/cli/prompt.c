/* Asking a person, and secrets that a person gave or gets. */
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "buf.h"
#include "cli.h"
#include "file.h"
#include "secret.h"
#include "shown.h"
#include "str.h"

#define SECRET_MAX 1024

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

int
cli_write_secret(const char *path, const struct secret *secret, struct err *err)
{
	struct buf line;
	int rc;

	buf_init(&line, SECRET_MAX + 1);
	buf_printf(&line, "%s\n", secret_text(secret));
	rc = file_write(path, line.data, line.len, 0600, true, err);
	buf_free(&line);
	return rc;
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
