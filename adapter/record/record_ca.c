/* The CA: its issuers, what they issued and by what, and what is wrong. */
#include "bridge_issue.h"
#include "ca.h"
#include "clock.h"
#include "columns.h"
#include "conf.h"
#include "health.h"
#include "mem.h"
#include "profile.h"
#include "records_ca.h"
#include "str.h"

static const struct report_column record_issuer_kind_columns[] = {INT("id"),
    TEXT("state"), TEXT("subject"), TEXT("root"), TEXT("cross"),
    TIME("not_before"), TIME("not_after"), TEXT("serial")};
KIND(record_issuer_kind);

void
record_issuer(struct record *r, const struct ca_line_info *info, int64_t now)
{
	static const char *const states[] = {
	    [CA_LINE_WAITING] = "waiting",
	    [CA_LINE_ACTIVE] = "active",
	    [CA_LINE_OLD] = "old",
	};
	const char *state = states[info->state];

	if (info->state != CA_LINE_WAITING && info->not_after < now)
		state = "ended";
	else if (info->revoked_at != 0)
		state = "revoked";
	record_begin(r, &record_issuer_kind);
	record_int(r, info->id);
	record_text(r, state);
	record_text(r, info->subject);
	record_text(r, info->root);
	record_text(r, info->cross);
	record_int(r, info->not_before);
	record_int(r, info->not_after);
	record_text(r, info->serial);
}

static const struct report_column record_cert_kind_columns[] = {TEXT("serial"),
    TEXT("device"), TEXT("names"), TEXT("template"), TIME("issued_at"),
    TIME("not_before"), TIME("not_after"), TIME("revoked_at"), TEXT("subject"),
    TEXT("issuer")};
KIND(record_cert_kind);

void
record_cert(struct record *r, const struct ca_cert *cert)
{
	record_begin(r, &record_cert_kind);
	record_text(r, cert->serial);
	record_text(r, cert->device);
	record_text(r, cert->names);
	record_text(r, cert->template_name);
	record_int(r, cert->issued_at);
	record_int(r, cert->not_before);
	record_int(r, cert->not_after);
	record_int(r, cert->revoked_at);
	record_text(r, cert->subject);
	record_text(r, cert->issuer);
}

static const struct report_column record_health_kind_columns[] = {TEXT("level"),
    TEXT("code"), TEXT("subject"), TEXT("serial"), TEXT("finding")};
KIND(record_health_kind);

void
record_health(struct record *r, const struct ca_finding *f)
{
	record_begin(r, &record_health_kind);
	record_text(r, f->bad ? "bad" : "warning");
	record_text(r, f->name);
	record_text(r, f->subject);
	record_text(r, f->serial);
	record_text(r, f->text);
}

static const struct report_column record_blocked_kind_columns[] = {
    TEXT("sha256"), TIME("blocked_at"), TEXT("note")};
KIND(record_blocked_kind);

void
record_blocked(struct record *r, const struct ca_blocked *b)
{
	record_begin(r, &record_blocked_kind);
	record_text(r, b->sha256);
	record_int(r, b->at);
	record_text(r, str_empty(b->note) ? NULL : b->note);
}

/* --- by what they are made --- */

static const struct report_column record_template_kind_columns[] = {
    TEXT("name"), TEXT("validity"), TEXT("renew_before"), TEXT("backdate"),
    TEXT("key"), TEXT("keys"), LIST("usages"), TEXT("key_usage"),
    BOOL("short_name"), BOOL("address"), BOOL("upn"), BOOL("sid"),
    BOOL("underscore"), INT("max_size"), INT("largest"), TEXT("issuer_end"),
    TIME("ends_if_now"), BOOL("tls")};
KIND(record_template_kind);

static void
put_span(struct record *r, int64_t seconds)
{
	char text[CLOCK_TEXT];

	record_given(r, mem_dup(clock_span(seconds, text)));
}

void
record_template(struct record *r, const struct profile *p,
    const struct profile_template *t, const struct ca_template_facts *facts)
{
	record_begin(r, &record_template_kind);
	record_text(r, t->name);
	put_span(r, t->validity);
	put_span(r, t->renew_before);
	put_span(r, t->backdate);
	record_text(r, t->key);
	record_text(r, facts->key);
	record_text(r, t->usages);
	record_text(r, facts->usage);
	record_int(r, t->short_name);
	record_int(r, t->address);
	record_int(r, t->upn);
	record_int(r, t->sid);
	record_int(r, t->underscore);
	record_int(r, t->max_size);
	record_int(r, facts->largest);
	record_text(r, t->issuer_end);
	record_int(r, facts->ends);
	record_int(r, str_eq(t->name, p->template_name));
}

static const struct report_column record_problem_kind_columns[] = {
    TEXT("template"), TEXT("problem")};
KIND(record_problem_kind);

void
record_problem(struct record *r, const char *template, const char *problem)
{
	record_begin(r, &record_problem_kind);
	record_text(r, template);
	record_text(r, problem);
}

static const struct report_column record_bridge_kind_columns[] = {
    TEXT("name"), TEXT("kind"), TEXT("url"), TEXT("template"), INT("waiting")};
KIND(record_bridge_kind);

int
record_bridge(struct record *r, struct ca *ca, const struct profile *p,
    const struct conf_bridge *b, struct err *err)
{
	const struct profile_template *t = profile_tls_template(p);
	int64_t waiting = 0;

	if (ca_bridge_waiting(ca, b->name, &waiting, err) != 0)
		return -1;
	record_begin(r, &record_bridge_kind);
	record_text(r, b->name);
	record_text(r, b->kind);
	record_text(r, b->url);
	record_text(r, str_eq(t->issuer, b->name) ? t->name : NULL);
	record_int(r, waiting);
	return 0;
}

static const struct report_column record_pending_kind_columns[] = {
    TEXT("device"), TEXT("names"), TEXT("bridge"), TEXT("state"),
    TEXT("request"), TIME("since"), INT("tries"), TIME("next_try"),
    TEXT("text"), TEXT("key")};
KIND(record_pending_kind);

void
record_pending(struct record *r, const struct ca_bridge_row *row)
{
	record_begin(r, &record_pending_kind);
	record_text(r, row->device);
	record_text(r, row->names);
	record_text(r, row->bridge);
	record_text(r, row->state);
	record_text(r, row->request_id);
	record_int(r, row->made_at);
	record_int(r, row->tries);
	record_int(r, row->retry_at);
	record_text(r, row->text);
	record_text(r, row->key);
}
