#include <stdarg.h>
#include <stdlib.h>

#include "cli.h"
#include "shown.h"

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
