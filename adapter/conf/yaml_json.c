#include "yaml_json.h"

#include "buf.h"
#include "err.h"
#include "yaml_internal.h"

static void
write_text(struct buf *out, const char *text)
{
	unsigned char c;

	buf_char(out, '"');
	for (; *text != '\0'; text++) {
		c = (unsigned char)*text;
		if (c < 0x20)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else {
			if (c == '"' || c == '\\')
				buf_char(out, '\\');
			buf_char(out, *text);
		}
	}
	buf_char(out, '"');
}

/* As deep as the parser lets a tree be. */
static void
write_node(struct buf *out, const struct conf_node *n)
{
	const struct conf_node *child;

	if (n->kind == CONF_SCALAR) {
		write_text(out, n->text);
		return;
	}
	buf_char(out, n->kind == CONF_MAP ? '{' : '[');
	for (child = n->child; child != NULL; child = child->next) {
		if (child != n->child)
			buf_char(out, ',');
		if (n->kind == CONF_MAP) {
			write_text(out, child->key);
			buf_char(out, ':');
		}
		write_node(out, child);
	}
	buf_char(out, n->kind == CONF_MAP ? '}' : ']');
}

int
yaml_json(const char *file, struct buf *out, struct err *err)
{
	struct conf_node *root = NULL;

	if (conf_yaml_load(file, true, &root, err) != 0)
		return -1;
	write_node(out, root);
	conf_yaml_free(root);
	return out->over ? err_set(err, ERR_LIMIT, "%s: too long", file) : 0;
}
