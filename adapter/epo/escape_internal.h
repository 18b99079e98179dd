#ifndef EPO_ESCAPE_INTERNAL_H_
#define EPO_ESCAPE_INTERNAL_H_

struct buf;

/* With its quotes. */
void escape_json(struct buf *out, const char *text);
void escape_xml(struct buf *out, const char *text);
/* "min(A.B)" as "min.A.B". */
void escape_xml_name(struct buf *out, const char *name);
/* One line: control characters as \xNN. */
void escape_line(struct buf *out, const char *text);
#endif
