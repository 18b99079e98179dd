#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Walk the whole tree: every pointer must lead somewhere. */
static size_t
walk(const struct xml_node *node)
{
	const struct xml_node *c;
	const char *uri, *local;
	size_t count = 1;

	xml_qname(node, node->text, &uri, &local);
	for (c = node->child; c != NULL; c = c->next) {
		assert(c->parent == node);
		count += walk(c);
	}
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct xml *xml = NULL;
	struct err err = {0};

	if (xml_parse(bytes, len, &xml, &err) == 0)
		assert(walk(xml_root(xml)) <= XML_MAX_NODES);
	else
		assert(err.kind == ERR_PROTOCOL && xml == NULL);
	xml_free(xml);
	return 0;
}
