#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conn_internal.h"

/*
 * What a request leads to: login, faults, the firmware, and what the firmware
 * wants done to the transport.
 */
#define REALISTIC_MS 200 /* --latency at which the firmware's times hold */

/* Faults that come before the request is executed, and after. */
#define EARLY                                                                  \
	(1u << RULE_CLOSE_BEFORE | 1u << RULE_401 | 1u << RULE_WRONG_REALM |   \
	    1u << RULE_REFUSE | 1u << RULE_STATUS | 1u << RULE_DELAY)
#define LATE                                                                   \
	(1u << RULE_DROP_ANSWER | 1u << RULE_CLOSE_AFTER |                     \
	    1u << RULE_HALF_BODY | 1u << RULE_GARBAGE |                        \
	    1u << RULE_ENDLESS_BODY | 1u << RULE_WRONG_XML)

static const char html[] = "text/html";
static const char soap[] = "application/soap+xml; charset=UTF-8";

static void
page(struct conn *c, int status, const char *text, int64_t delay_ms)
{
	struct text body = {.data = NULL};
	struct http_answer a = {
	    .status = status, .type = html, .close = status != 404};

	text_addf(&body, "<html><body><h1>%s</h1></body></html>\n", text);
	a.body = body.data;
	a.len = body.len;
	http_format(c->port->dev, &a, &c->port->sim->dice, &c->out);
	text_free(&body);
	conn_send(c, a.close ? CONN_CLOSE : CONN_KEEP, delay_ms);
}

void
serve_bad_request(struct conn *c, const char *problem)
{
	c->port->client_errors++;
	c->port->last_client_error = problem;
	page(c, 400, problem, 0);
}

static void
front_page(struct conn *c)
{
	struct http_answer a = {
	    .status = 303, .fields = "Location: /logon.htm\r\n"};

	http_format(c->port->dev, &a, &c->port->sim->dice, &c->out);
	conn_send(c, CONN_KEEP, 0);
}

/* A realm that is well-formed and nobody's. */
static const char wrong_realm[] = "Digest:0BADC0DE0BADC0DE0BADC0DE0BADC0DE";

static void
unauthorized(struct conn *c, const char *realm, bool stale, int64_t delay_ms)
{
	struct sim_port *p = c->port;
	struct text fields = {.data = NULL}, body = {.data = NULL};
	struct http_answer a = {.status = 401, .type = html, .close = true};

	text_adds(&fields, "WWW-Authenticate: ");
	digest_challenge(p, realm, stale, &fields);
	text_adds(&fields, "\r\n");
	if (p->dev->state.krb_enabled)
		text_adds(&fields, "WWW-Authenticate: Negotiate\r\n");
	http_login_page(p->dev, &body);
	a.fields = fields.data;
	a.body = body.data;
	a.len = body.len;
	http_format(p->dev, &a, &p->sim->dice, &c->out);
	p->sim->stats.unauthorized++;
	trace_word(c, "unauthorized");
	text_free(&fields);
	text_free(&body);
	conn_send(c, CONN_CLOSE, delay_ms);
}

static bool
is_scheme(const char *header, const char *scheme)
{
	size_t len = strlen(scheme);

	return header != NULL && strncasecmp(header, scheme, len) == 0 &&
	    header[len] == ' ';
}

static enum auth_verdict
check(struct conn *c, const struct http_request *r, struct sim_login *who,
    struct text *token, const char **ret_problem)
{
	if (is_scheme(r->authorization, "Digest"))
		return digest_check(c, r, who, ret_problem);
	if (is_scheme(r->authorization, "Negotiate"))
		return ticket_check(c, r, who, token, ret_problem);
	if (is_scheme(r->authorization, "Basic")) {
		*ret_problem = "Basic shows the password";
		return AUTH_REFUSED;
	}
	*ret_problem = "unknown scheme in Authorization";
	return AUTH_BROKEN;
}

static void
remember(
    struct conn *c, const struct http_request *r, const struct sim_login *who)
{
	c->login.who = *who;
	c->login.kerberos = is_scheme(r->authorization, "Negotiate");
	c->login.digest = !c->login.kerberos;
	c->login.generation = c->port->acl_generation;
}

static void
save(struct sim_port *p)
{
	if (p->dev->state.dirty && state_save(p->sim, p->dev) < 0)
		exit(1); /* a device that forgets is worse than none */
}

/* Is somebody logged in?  A ticket is shown once per connection, a Digest
 * with every request.  Otherwise the 401 is on its way. */
static bool
login(struct conn *c, const struct http_request *r, struct text *token)
{
	struct sim_port *p = c->port;
	const char *problem = NULL;
	struct sim_login who = {.admin = false};
	enum auth_verdict verdict;

	if (r->authorization == NULL) {
		if (c->login.kerberos)
			return true;
		unauthorized(c, p->dev->state.realm, false, 0);
		return false;
	}
	verdict = check(c, r, &who, token, &problem);
	if (verdict == AUTH_OK) {
		remember(c, r, &who);
		return true;
	}
	if (verdict == AUTH_REFUSED) {
		p->dev->state.wrong_credentials++;
		p->dev->state.dirty = true;
	} else if (verdict == AUTH_BROKEN) {
		p->client_errors++;
	} else if (verdict == AUTH_TICKET) {
		p->tickets_refused++;
	} else {
		p->stale++;
	}
	if (problem != NULL)
		p->last_client_error = problem;
	save(p);
	unauthorized(c, p->dev->state.realm, verdict == AUTH_STALE, 0);
	return false;
}

static void
count_method(struct sim *s, const char *name)
{
	size_t i;

	for (i = 0; i < SIM_METHODS; i++) {
		if (s->stats.methods[i].count != 0 &&
		    strcmp(s->stats.methods[i].name, name) != 0)
			continue;
		strcpy(s->stats.methods[i].name, name);
		s->stats.methods[i].count++;
		return;
	}
}

/* True when the request was dealt with. */
static bool
early_fault(struct conn *c, const struct rule_effect *fault)
{
	struct sim_port *p = c->port;

	if (fault->action == RULE_NONE)
		return false;
	p->sim->stats.faults++;
	switch (fault->action) {
	case RULE_401:
		unauthorized(c, p->dev->state.realm, true, fault->delay_ms);
		break;
	case RULE_WRONG_REALM:
		unauthorized(c, wrong_realm, false, fault->delay_ms);
		break;
	case RULE_STATUS:
		page(c, (int)fault->argument, "Fault by rule", fault->delay_ms);
		break;
	case RULE_REFUSE:
		conn_reset_all(p, NULL);
		listen_refuse(p, fault->argument * 1000);
		break;
	case RULE_NONE:
	case RULE_DROP_ANSWER:
	case RULE_CLOSE_AFTER:
	case RULE_DELAY:
	case RULE_HALF_BODY:
	case RULE_GARBAGE:
	case RULE_ENDLESS_BODY:
	case RULE_WRONG_XML:
	case RULE_ANY_TICKET:
	case RULE_FORGED_ANSWER:
	case RULE_JUNK_ANSWER:
	case RULE_NO_ANSWER:
	case RULE_CLOSE_BEFORE:
	default:
		conn_reset(c);
		break;
	}
	return true;
}

/* What the firmware asked the transport to do.  This connection's answer is
 * still to go out; true when the connection must end after it. */
static bool
take_effects(struct conn *c, unsigned effects)
{
	struct sim_port *p = c->port;
	const struct options *opt = &p->sim->opt;

	if ((effects & SIM_ACL_CHANGED) != 0)
		p->acl_generation++;
	if ((effects & SIM_COMMIT) != 0)
		tls_reload(p);
	if ((effects & (SIM_COMMIT | SIM_NETWORK)) == 0)
		return false;
	conn_reset_all(p, c);
	listen_refuse(p,
	    (effects & SIM_COMMIT) != 0 ? opt->commit_down_ms
					: opt->link_down_ms);
	return true;
}

static void
answer_text(const struct sim_answer *from, enum rule_action fault,
    struct http_answer *a)
{
	static const char nonsense[] = "\x07\xff\xfe Internal Error 0x8086\n";
	static const char other[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
	    "<x:Answer xmlns:x=\"urn:example:wrong\"><x:Nothing/></x:Answer>";

	a->body = from->body;
	a->len = from->len;
	if (fault == RULE_GARBAGE) {
		a->body = nonsense;
		a->len = sizeof(nonsense) - 1;
	} else if (fault == RULE_WRONG_XML) {
		a->body = other;
		a->len = sizeof(other) - 1;
	}
}

/* Cuts the formatted answer short: in its body, or before its last chunk. */
static void
cut(struct text *out, enum rule_action fault)
{
	const char *body = strstr(out->data, "\r\n\r\n");
	size_t head = (size_t)(body - out->data) + 4;

	if (fault == RULE_HALF_BODY)
		out->len = head + (out->len - head) / 2;
	else
		out->len -= strlen("0\r\n\r\n");
	out->data[out->len] = '\0';
}

static void
send_answer(struct conn *c, const struct sim_answer *from,
    const struct text *token, const struct rule_effect *fault, bool close)
{
	enum conn_after after = CONN_KEEP;
	struct text fields = {.data = NULL};
	struct http_answer a = {.status = from->status,
	    .type = soap,
	    .chunked = true,
	    .close = from->status != 200};

	answer_text(from, fault->action, &a);
	if (token->len > 0)
		text_addf(
		    &fields, "WWW-Authenticate: Negotiate %s\r\n", token->data);
	a.fields = fields.data;
	http_format(c->port->dev, &a, &c->port->sim->dice, &c->out);
	text_free(&fields);
	if (fault->action == RULE_ENDLESS_BODY) {
		cut(&c->out, fault->action);
		after = CONN_ENDLESS;
	} else if (fault->action == RULE_HALF_BODY) {
		cut(&c->out, fault->action);
		after = CONN_CLOSE;
	} else if (close || a.close) {
		after = CONN_CLOSE;
	}
	conn_send(c, after,
	    fault->delay_ms +
		from->delay_ms * c->port->sim->opt.latency_ms / REALISTIC_MS);
}

static void
execute(struct conn *c, const struct http_request *r, const struct text *token,
    int64_t delay_ms)
{
	struct sim_port *p = c->port;
	struct sim_answer a = {.status = 0};
	struct rule_effect fault;
	bool close;

	sim_soap(p->dev, &c->login.who,
	    r->body.data == NULL ? "" : r->body.data, r->body.len, &a);
	save(p);
	count_method(p->sim, a.method);
	fault = rules_fire(&p->sim->rules, p, a.method, LATE);
	fault.delay_ms += delay_ms;
	close = take_effects(c, a.effects) || r->close;
	if (fault.action != RULE_NONE)
		p->sim->stats.faults++;
	if (fault.action == RULE_CLOSE_AFTER)
		conn_reset(c);
	else if (fault.action == RULE_DROP_ANSWER)
		conn_send(c, CONN_CLOSE, fault.delay_ms);
	else if (fault.action == RULE_NONE && a.body == NULL && a.status != 200)
		page(c, a.status, "Bad Request", fault.delay_ms); /* no SOAP */
	else
		send_answer(c, &a, token, &fault, close);
	free(a.body);
}

static bool
wrong_type(const struct http_request *r)
{
	const char *type = r->content_type;

	return type != NULL &&
	    (strncasecmp(type, "text/html", 9) == 0 ||
		strncasecmp(type, "application/json", 16) == 0);
}

static void
wsman(struct conn *c, const struct http_request *r, const struct text *token)
{
	struct sim_port *p = c->port;
	struct rule_effect fault;
	char method[64];

	rules_method(r->body.data == NULL ? "" : r->body.data, method);
	fault = rules_fire(&p->sim->rules, p, method, EARLY);
	if (!early_fault(c, &fault))
		execute(c, r, token, fault.delay_ms);
}

void
serve_request(struct conn *c, const struct http_request *r)
{
	struct sim_port *p = c->port;
	struct text token = {.data = NULL};
	struct rule_effect fault = {.action = RULE_NONE};

	p->requests++;
	p->sim->stats.requests++;
	trace_request(c, r);
	/* The wrong challenge is for those who have not logged in, too. */
	if (r->authorization == NULL)
		fault =
		    rules_fire(&p->sim->rules, p, "", 1u << RULE_WRONG_REALM);
	if (strcmp(r->method, "GET") == 0 && strcmp(r->path, "/") == 0)
		front_page(c);
	else if (early_fault(c, &fault) || !login(c, r, &token))
		;
	else if (strcmp(r->path, "/wsman") != 0)
		page(c, 404, "Not Found", 0);
	else if (strcmp(r->method, "POST") != 0)
		page(c, 405, "Method Not Allowed", 0);
	else if (wrong_type(r))
		serve_bad_request(c, "Content-Type is not SOAP");
	else
		wsman(c, r, &token);
	text_free(&token);
}
