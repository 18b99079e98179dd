/* Any bytes are a tree within the limits, or an error with a place. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "yaml_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static size_t
count(const struct conf_node *node, unsigned depth)
{
	size_t sum = 0;

	assert(depth <= CONF_MAX_DEPTH + 1);
	for (; node != NULL; node = node->next) {
		assert((node->kind == CONF_SCALAR) == (node->text != NULL));
		assert(node->kind != CONF_SCALAR || node->child == NULL);
		assert(node->mark.line > 0 && node->mark.column > 0);
		sum += 1 + count(node->child, depth + 1);
	}
	return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct conf_node *root = NULL;
	struct err err = {0};

	if (conf_yaml_parse("f", bytes, len, len % 2 == 1, &root, &err) == 0) {
		assert(root->kind == CONF_MAP);
		assert(count(root, 0) <= CONF_MAX_NODES);
		conf_yaml_free(root);
	} else {
		assert(root == NULL);
		assert(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
		assert(strncmp(err.text, "f:", 2) == 0);
	}
	return 0;
}
