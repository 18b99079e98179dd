#ifndef FAKE_SESSION_H_
#define FAKE_SESSION_H_
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "amt.h"
#include "buf.h"
#include "err.h"
#include "loop.h"
#include "mem.h"
#include "secret.h"
#include "str.h"
#include "wsman.h"

/*
 * A wsman session that follows a script: each exchange names the request that
 * must come and the answer to give.  Included by one test program only; as it
 * defines all of the session's functions, the linker takes none of the real
 * ones.  Requests go through the real encoder, answers through the real
 * decoder.
 */
struct exchange {
	const char *action; /* how wsa:Action must end: "/Get", "/AddKey" */
	const char *class_name;
	const char *expect;   /* in the request as text; NULL: anything */
	const char *unwanted; /* must not be in it */
	const char *answer;   /* inner Body; NULL: none, it fails with kind */
	enum err_kind kind;
};

struct wsman {
	struct loop *loop;
	struct loop_timer *timer;
	const struct exchange *next, *end;
	wsman_done_fn *done;
	void *cookie;
	uint64_t id;
};

#define FAULT(code)                                                             \
	"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>" code \
	"</s:Value></s:Subcode></s:Code></s:Fault>"
#define OUTPUT(class, method, inner)                                           \
	"<g:" method "_OUTPUT xmlns:g='" WSMAN_NS_AMT class                    \
	    "'>" inner "<g:ReturnValue>0</g:ReturnValue></g:" method           \
	    "_OUTPUT>"
#define RETURNS(class, method, value)                                          \
	"<g:" method                                                           \
	"_OUTPUT xmlns:g='" WSMAN_NS_AMT class "'><g:ReturnValue>" value       \
					       "</g:ReturnValue></g:" method   \
					       "_OUTPUT>"
#define INSTANCE(class, inner)                                                 \
	"<g:" class " xmlns:g='" WSMAN_NS_AMT class "'>" inner "</g:" class ">"
#define ITEMS(inner)                                                           \
	"<n:PullResponse><n:Items>" inner "</n:Items><n:EndOfSequence/>"       \
	"</n:PullResponse>"
#define EPR(name, class, handle)                                               \
	"<g:" name "><a:Address>x</a:Address><a:ReferenceParameters>"          \
	"<w:ResourceURI>" WSMAN_NS_AMT class                                   \
	    "</w:ResourceURI>"                                                 \
	    "<w:SelectorSet><w:Selector Name='InstanceID'>" handle             \
	    "</w:Selector></w:SelectorSet></a:ReferenceParameters></g:" name   \
	    ">"

static void
fake_answer(void *cookie)
{
	struct wsman *s = cookie;
	const struct exchange *x = s->next++;
	struct wsman_reply *reply = NULL;
	struct err err = {0};
	struct buf b;

	buf_init(&b, XML_MAX_BYTES);
	buf_printf(&b,
	    "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope' "
	    "xmlns:a='http://schemas.xmlsoap.org/ws/2004/08/addressing' "
	    "xmlns:w='http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd' "
	    "xmlns:n='http://schemas.xmlsoap.org/ws/2004/09/enumeration'>"
	    "<s:Header><a:RelatesTo>%d</a:RelatesTo></s:Header>"
	    "<s:Body>%s</s:Body></s:Envelope>",
	    (int)s->id, x->answer == NULL ? "" : x->answer);
	if (x->answer == NULL)
		err_set(&err, x->kind, "as scripted");
	else
		(void)wsman_decode(b.data, b.len, s->id, &reply, &err);
	buf_free(&b);
	s->done(s->cookie, reply, &err);
	wsman_reply_free(reply);
}

int
wsman_call(struct wsman *s, const struct wsman_request *request,
    unsigned timeout_ms, wsman_done_fn *done, void *cookie, struct err *err)
{
	const struct exchange *x = s->next;
	const struct xml_node *header;
	struct xml *xml = NULL;
	const char *action;
	struct buf b;

	(void)timeout_ms;
	assert_true(x < s->end);
	buf_init(&b, 65536);
	if (wsman_encode(&b, request, ++s->id, err) != 0 ||
	    xml_parse(b.data, b.len, &xml, err) != 0)
		fail_msg("%s", err->text);
	header = xml_child(xml_root(xml), NULL, "Header");
	action = xml_child_text(header, "Action");
	if (strlen(action) < strlen(x->action) ||
	    strcmp(action + strlen(action) - strlen(x->action), x->action) != 0)
		fail_msg("%s instead of %s", action, x->action);
	assert_string_equal(request->class_name, x->class_name);
	if (x->expect != NULL && strstr(buf_text(&b), x->expect) == NULL)
		fail_msg("no %s in %s", x->expect, buf_text(&b));
	if (x->unwanted != NULL && strstr(buf_text(&b), x->unwanted) != NULL)
		fail_msg("%s in %s", x->unwanted, buf_text(&b));
	xml_free(xml);
	buf_free(&b);
	s->done = done;
	s->cookie = cookie;
	loop_timer_set(s->timer, 0);
	return 0;
}

void
wsman_free(struct wsman *s)
{
	loop_timer_del(s->timer);
	free(s);
}

/* --- a test's side --- */

struct fake {
	struct loop *loop;
	struct wsman *session;
	struct amt *amt;
	struct err err;
	bool called;
};

static void
fake_open(struct fake *f, const struct exchange *script, size_t count)
{
	struct err err = {0};

	memset(f, 0, sizeof(*f));
	f->loop = loop_new(&err);
	assert_non_null(f->loop);
	f->session = mem_alloc(sizeof(*f->session));
	f->session->loop = f->loop;
	f->session->timer = loop_timer_new(f->loop, fake_answer, f->session);
	f->session->next = script;
	f->session->end = script + count;
	f->amt = amt_new(f->loop, f->session);
}

static void
fake_done(void *cookie, const struct err *err)
{
	struct fake *f = cookie;

	assert_false(f->called);
	f->called = true;
	f->err = *err;
	loop_stop(f->loop);
}

/* Run to done(), close; the whole script must have been used. rc is what the
 * operation returned. */
static enum err_kind
fake_finish(struct fake *f, int rc)
{
	assert_int_equal(rc, 0);
	assert_false(f->called); /* never from inside the call */
	loop_run(f->loop);
	assert_true(f->called);
	assert_ptr_equal(f->session->next, f->session->end);
	amt_free(f->amt);
	loop_free(f->loop);
	return f->err.kind;
}

static void
fake_must(struct fake *f, int rc)
{
	if (fake_finish(f, rc) != ERR_NONE)
		fail_msg("%s", f->err.text);
}

#define FAKE_OPEN(f, script)                                                   \
	fake_open(f, script, sizeof(script) / sizeof((script)[0]))
#endif
