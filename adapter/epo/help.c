/* The lines of core.help. */
#include "help_internal.h"

#include <string.h>

#include "buf.h"
#include "call_internal.h"

#define WIDTH 80
#define FORMS " / "

/* Words with single blanks between them; CR LF where a line would be longer. */
static void
wrap(struct buf *out, const char *text, size_t *column)
{
	size_t len;

	for (; *text != '\0'; text += len) {
		text += strspn(text, " ");
		len = strcspn(text, " ");
		if (len == 0)
			break;
		if (*column > 0 && *column + 1 + len > WIDTH) {
			buf_str(out, "\r\n");
			*column = 0;
		} else if (*column > 0) {
			buf_char(out, ' ');
			++*column;
		}
		buf_add(out, text, len);
		*column += len;
	}
}

size_t
remote_help_lines(const struct command *command)
{
	const char *at = command->args;
	size_t n = 1;

	while ((at = strstr(at, FORMS)) != NULL) {
		at += strlen(FORMS);
		n++;
	}
	return n;
}

void
remote_help_line(const struct command *command, size_t form, struct buf *out)
{
	const char *from = command->args, *to;
	struct buf args;
	size_t column = 0;

	for (; form > 0; form--)
		from = strstr(from, FORMS) + strlen(FORMS);
	to = strstr(from, FORMS);
	buf_init(&args, strlen(from) + 1);
	buf_add(&args, from, to != NULL ? (size_t)(to - from) : strlen(from));
	wrap(out, command->name, &column);
	wrap(out, buf_text(&args), &column);
	wrap(out, "-", &column);
	wrap(out, command->help, &column);
	buf_free(&args);
}
