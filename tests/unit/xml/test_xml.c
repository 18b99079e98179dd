#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "xml.h"

static struct xml *
parse(const char *text)
{
	struct xml *xml = NULL;
	struct err err = {0};

	if (xml_parse(text, strlen(text), &xml, &err) != 0)
		fail_msg("%s: %s", text, err.text);
	return xml;
}

static void
refuse(const char *text, size_t len)
{
	struct xml *xml = NULL;
	struct err err = {0};

	assert_int_equal(xml_parse(text, len, &xml, &err), -1);
	assert_null(xml);
	assert_int_equal(err.kind, ERR_PROTOCOL);
	assert_true(err.text[0] != '\0');
}

static void
reads_by_namespace(void **state)
{
	struct xml *xml = parse(" \r\n\t<a:r xmlns:a='urn:1' xmlns='urn:2'"
				" a:k='v' k='w'>\n  <s> x &amp; y </s>"
				"<a:s>two</a:s><s/></a:r>\n");
	const struct xml_node *root = xml_root(xml), *s;

	(void)state;
	assert_string_equal(root->uri, "urn:1");
	assert_string_equal(root->name, "r");
	assert_string_equal(root->text, "");
	assert_string_equal(xml_attr(root, "k"), "v");
	s = xml_child(root, NULL, "s");
	assert_string_equal(s->uri, "urn:2");
	assert_string_equal(s->text, "x & y");
	assert_ptr_equal(s->parent, root);
	/* The next of the same name skips the one of another namespace. */
	s = xml_again(s);
	assert_non_null(s);
	assert_string_equal(s->text, "");
	assert_null(xml_again(s));
	s = xml_child(root, "urn:1", "s");
	assert_string_equal(s->text, "two");
	assert_null(xml_child(root, "urn:3", "s"));
	assert_null(xml_child_text(root, "t"));
	xml_free(xml);
}

/* Parsers are used again: nothing of one document is in the next. */
static void
knows_nothing_of_earlier_ones(void **state)
{
	static const char text[] = "<r xmlns='urn:2'><s>x</s></r>";
	static const char stranger[] = "<a:r/>";
	char *large = calloc(1, 200000);
	struct xml *xml;
	int i;

	(void)state;
	assert_non_null(large);
	memset(large, ' ', 150000);
	(void)strcpy(large + 150000, text);
	for (i = 0; i < 3; i++) {
		xml_free(
		    parse("<a:r xmlns:a='urn:1' xmlns='urn:9'><b/></a:r>"));
		refuse(stranger, strlen(stranger));
		xml_free(parse(i == 1 ? "<r>&#65;</r>" : "<r/>"));
		refuse("<r><s>", 6);
		xml = parse(i == 2 ? large : text);
		assert_string_equal(xml_root(xml)->uri, "urn:2");
		assert_string_equal(xml_child_text(xml_root(xml), "s"), "x");
		assert_null(xml_root(xml)->next);
		xml_free(xml);
	}
	xml = parse("<r/>");
	assert_string_equal(xml_root(xml)->uri, "");
	xml_free(xml);
	free(large);
}

static void
resolves_qnames(void **state)
{
	struct xml *xml = parse("<r xmlns:e='urn:out' xmlns='urn:d'>"
				"<v xmlns:e='urn:in'>e:Name</v></r>");
	const struct xml_node *v = xml_child(xml_root(xml), NULL, "v");
	const char *uri = NULL, *local = NULL;

	(void)state;
	assert_int_equal(xml_qname(v, v->text, &uri, &local), 0);
	assert_string_equal(uri, "urn:in");
	assert_string_equal(local, "Name");
	assert_int_equal(xml_qname(xml_root(xml), "e:X", &uri, &local), 0);
	assert_string_equal(uri, "urn:out");
	assert_int_equal(xml_qname(v, "Plain", &uri, &local), 0);
	assert_string_equal(uri, "urn:d");
	assert_int_equal(xml_qname(v, "f:Name", &uri, &local), -1);
	xml_free(xml);
}

static void
refuses_nonsense(void **state)
{
	static const char *const texts[] = {
	    "",
	    "   ",
	    "text",
	    "<a>",
	    "<a></b>",
	    "<a/><b/>",
	    "<a>&nbsp;</a>",
	    "<p:a/>",
	    "<a b='1' b='2'/>",
	    "<a>\x01</a>",
	    "<a>\xff</a>",
	    "<!DOCTYPE a><a/>",
	    "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
	    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuse(texts[i], strlen(texts[i]));
	refuse("<a>\0</a>", 8);
}

/* prefix, then count times piece, then suffix. */
static void
repeat(struct buf *b, const char *prefix, const char *piece, size_t count,
    const char *suffix)
{
	size_t i;

	buf_reset(b);
	buf_str(b, prefix);
	for (i = 0; i < count; i++)
		buf_str(b, piece);
	buf_str(b, suffix);
}

static void
keeps_its_limits(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 2 * XML_MAX_BYTES);
	repeat(&b, "", "<a>", XML_MAX_DEPTH + 1, "");
	refuse(buf_text(&b), b.len);
	repeat(&b, "<r>", "<a/>", XML_MAX_NODES, "</r>");
	refuse(buf_text(&b), b.len);
	repeat(&b, "<r>", "<a/>", XML_MAX_NODES - 1, "</r>");
	xml_free(parse(buf_text(&b)));
	repeat(&b, "<r>", "x", XML_MAX_BYTES, "</r>");
	refuse(buf_text(&b), b.len);
	/* A long namespace is copied for each name by the parser. */
	repeat(&b, "<r xmlns='urn:", "x", 600, "'/>");
	refuse(buf_text(&b), b.len);
	buf_reset(&b);
	buf_str(&b, "<r>");
	for (i = 0; i < 100; i++)
		buf_printf(&b, "<a xmlns='urn:%zu'/>", i);
	buf_str(&b, "</r>");
	refuse(buf_text(&b), b.len);
	buf_free(&b);
}

static void
nests_to_the_limit(void **state)
{
	const struct xml_node *n;
	struct xml *xml;
	struct buf b;
	int i, depth = 0;

	(void)state;
	buf_init(&b, 4096);
	for (i = 0; i < XML_MAX_DEPTH; i++)
		buf_printf(&b, "<a>%d", i);
	for (i = 0; i < XML_MAX_DEPTH; i++)
		buf_str(&b, " </a>");
	xml = parse(buf_text(&b));
	for (n = xml_root(xml); n != NULL; n = n->child)
		depth++;
	assert_int_equal(depth, XML_MAX_DEPTH);
	xml_free(xml);
	buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_by_namespace),
	    cmocka_unit_test(resolves_qnames),
	    cmocka_unit_test(knows_nothing_of_earlier_ones),
	    cmocka_unit_test(refuses_nonsense),
	    cmocka_unit_test(keeps_its_limits),
	    cmocka_unit_test(nests_to_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
