#ifndef XML_H_
#define XML_H_
#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * A small tree over expat (namespace mode): text from a peer in, nodes in one
 * arena out.  White space before the prolog is skipped (some firmware sends
 * it). DTDs and entities are refused, depth, nodes and bytes are limited, all
 * ends in ERR_PROTOCOL.  No I/O.
 */
#define XML_MAX_BYTES ((size_t)256 * 1024)
#define XML_MAX_DEPTH 32
#define XML_MAX_NODES 20000

struct xml_attr {
	const char *uri; /* "" without a namespace */
	const char *name;
	const char *value;
	const struct xml_attr *next;
};

struct xml_node {
	const char *uri; /* namespace; "" without one */
	const char *name;
	const char
	    *text; /* character data of this element, trimmed; "" if none */
	const struct xml_attr *attrs;
	const struct xml_node *parent;
	const struct xml_node *child; /* first */
	const struct xml_node *next;  /* sibling */
	/* Prefixes declared at the element, for QNames in text: NULL if none.
	 */
	const struct xml_attr *prefixes; /* name = prefix, value = URI */
};

struct xml;
int xml_parse(
    const void *bytes, size_t len, struct xml **ret_xml, struct err *err);
const struct xml_node *xml_root(const struct xml *xml);
void xml_free(struct xml *xml);

/* First child with this local name (uri NULL: any namespace); NULL if none. */
const struct xml_node *xml_child(
    const struct xml_node *node, const char *uri, const char *name);
/* Next sibling of the same name and namespace: repeated elements are arrays. */
const struct xml_node *xml_again(const struct xml_node *node);
/* Text of the named child; NULL if there is none. */
const char *xml_child_text(const struct xml_node *node, const char *name);
const char *xml_attr(const struct xml_node *node, const char *name);
/* "e:AlreadyExists" in text -> URI and local part; -1 if the prefix is unknown.
 */
int xml_qname(const struct xml_node *node, const char *text,
    const char **ret_uri, const char **ret_local);
#endif
