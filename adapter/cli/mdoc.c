#include "mdoc.h"

#include <stdbool.h>
#include <string.h>

/* Escapes make a line longer than what is counted. */
#define LINE_WIDTH 72

void
mdoc_char(FILE *out, char c)
{
	if (c == '\\')
		(void)fputs("\\e", out);
	else if (c == '-')
		(void)fputs("\\-", out);
	else
		(void)fputc(c, out);
}

/* mdoc wants each sentence to begin a line, and no line to begin with what
 * could be a macro. */
void
mdoc_text(FILE *out, const char *text)
{
	int column = 0, len;
	bool sentence = false;

	while (*text != '\0') {
		len = (int)strcspn(text, " ");
		if (column > 0 && (sentence || column + 1 + len > LINE_WIDTH)) {
			(void)fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			(void)fputc(' ', out);
		else if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		sentence = len > 0 && text[len - 1] == '.';
		column += 1 + len;
		for (; len > 0; len--)
			mdoc_char(out, *text++);
		text += strspn(text, " ");
	}
	(void)fputc('\n', out);
}

void
mdoc_quoted(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			(void)fputs("\"\"", out);
		else
			mdoc_char(out, *text);
	}
	(void)fputc('"', out);
}
