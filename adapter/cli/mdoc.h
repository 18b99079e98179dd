#ifndef MDOC_H_
#define MDOC_H_
#include <stdio.h>

/* Texts as mdoc(7) wants them, for sections of the man page. */

/* A paragraph's text, broken between words; each sentence begins a line. */
void mdoc_text(FILE *out, const char *text);
/* Words of a macro line: quoted, so that none is taken for a macro. */
void mdoc_quoted(FILE *out, const char *text);
/* One character, escaped. */
void mdoc_char(FILE *out, char c);
#endif
