#ifndef YAML_JSON_H_
#define YAML_JSON_H_
struct buf;
struct err;

/* A file in the YAML that configurations are in (conf.h; JSON is a part of it)
 * as JSON, appended: an object, each scalar in it a text, which unlike a
 * configuration's may have line breaks (a mail's text). "-" is standard
 * input. ERR_INVALID with "file:line:column: ...". */
int yaml_json(const char *file, struct buf *out, struct err *err);
#endif
