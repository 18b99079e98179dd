#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "device.h"
#include "mem.h"
#include "run_internal.h"
#include "secret.h"
#include "step_internal.h"
#include "str.h"
#include "wish_internal.h"

/*
 * The step table.  Its order is the order of every plan: the clock before
 * certificates and Kerberos, names before SPNs and certificates, the key in the
 * device before its ACL (firmware wants Kerberos on first), roots before what
 * may need them and removed after it, the password late
 * so that earlier steps run with one credential, the address last since it may
 * cut the path.  Adding a kind of step is a file and a line.
 */
static const struct step_kind *const kinds[] = {
    &step_clock_set,
    &step_names_set,
    &step_ad_move,
    &step_ad_object,
    &step_ad_password,
    &step_kerberos_set,
    &step_acl_set,
    &step_certificate_clean,
    &step_root_add,
    &step_key_generate,
    &step_certificate_issue,
    &step_certificate_add,
    &step_tls_switch,
    &step_certificate_remove,
    &step_certificate_revoke,
    &step_root_remove,
    &step_admin_password,
    &step_ip_set,
    NULL,
};

#define STEP_BYTES (64 * 1024) /* a CSR, a token, a salt */

const struct step_kind *
step_kind_find(const char *name)
{
	size_t i;

	for (i = 0; kinds[i] != NULL; i++)
		if (str_eq(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

size_t
step_kind_order(const struct step_kind *kind)
{
	size_t i = 0;

	while (kinds[i] != NULL && kinds[i] != kind)
		i++;
	return i;
}

void
step_init(struct step *step, struct run *run, const struct step_kind *kind)
{
	memset(step, 0, sizeof(*step));
	step->run = run;
	step->kind = kind;
	step->args = json_object_new_object();
	buf_init(&step->bytes, STEP_BYTES);
}

void
step_clear(struct step *step)
{
	const struct port_kdc *kdc = &step_ports(step)->kdc;

	if (step->proof != NULL)
		kdc->proof_free(kdc->self, step->proof);
	step->proof = NULL;
	(void)json_object_put(step->args);
	step->args = NULL;
	secret_free(step->secret);
	step->secret = NULL;
	secret_free(step->borrowed);
	step->borrowed = NULL;
	port_pki_clear(&step->pki);
	port_issued_clear(&step->issued);
	buf_free(&step->bytes);
	free(step->text);
	step->text = NULL;
	step->kind = NULL;
}

const char *
step_arg(const struct step *step, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(step->args, name, &value))
		return NULL;
	return json_object_get_string(value);
}

int64_t
step_arg_int(const struct step *step, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(step->args, name, &value))
		return 0;
	return json_object_get_int64(value);
}

void
step_arg_set(struct step *step, const char *name, const char *value)
{
	if (value != NULL)
		(void)json_object_object_add(
		    step->args, name, json_object_new_string(value));
}

void
step_arg_set_int(struct step *step, const char *name, int64_t value)
{
	(void)json_object_object_add(
	    step->args, name, json_object_new_int64(value));
}

const struct ports *
step_ports(const struct step *step)
{
	return step->run->engine->deps.ports;
}

const struct profile *
step_profile(const struct step *step)
{
	return step->run->engine->deps.profile;
}

void
step_arg_add(struct step *step, const char *list, const char *value)
{
	struct json_object *array;

	if (!json_object_object_get_ex(step->args, list, &array)) {
		array = json_object_new_array();
		(void)json_object_object_add(step->args, list, array);
	}
	(void)json_object_array_add(array, json_object_new_string(value));
}

bool
step_arg_has(const struct step *step, const char *list, const char *value)
{
	struct json_object *array;
	size_t i;

	if (value == NULL ||
	    !json_object_object_get_ex(step->args, list, &array))
		return false;
	for (i = 0; i < json_object_array_length(array); i++)
		if (str_eq(json_object_get_string(
			       json_object_array_get_idx(array, i)),
			value))
			return true;
	return false;
}

const char *
step_arg_at(const struct step *step, const char *list, size_t i)
{
	struct json_object *array;

	if (!json_object_object_get_ex(step->args, list, &array) ||
	    i >= json_object_array_length(array))
		return NULL;
	return json_object_get_string(json_object_array_get_idx(array, i));
}

const struct port_device *
step_device(const struct step *step)
{
	return &step_ports(step)->device;
}

void
step_look(struct step *step, unsigned parts, port_done_fn *then)
{
	const struct port_device *port = step_device(step);

	port->look(
	    port->self, step->run->visit, parts, step->run->device, then, step);
}

void
step_key_hash(const char *spki, char out[65])
{
	str_sha256_hex(spki, strlen(spki), out);
}

void
step_look_pki(struct step *step, unsigned parts, port_done_fn *then)
{
	const struct port_device *port = step_device(step);

	port_pki_clear(&step->pki);
	port->look_pki(
	    port->self, step->run->visit, parts, &step->pki, then, step);
}

void
step_arg_account(struct step *step)
{
	char account[256];

	wish_account(step->run->device, step_profile(step), account);
	step_arg_set(step, "account", account);
}

void
step_look_object(struct step *step, port_done_fn *then)
{
	const struct port_directory *port = &step_ports(step)->directory;

	port->look(port->self, step_arg(step, "account"), step_controller(step),
	    step->run->device, &step->run->by_ticket, then, step);
}

bool
step_object_read(const struct step *step, struct err *err)
{
	if (!step->run->by_ticket)
		return true;
	(void)err_set(err, ERR_UNREACHABLE,
	    "no LDAP answers: what the object is now cannot be read");
	return false;
}

/* --- one domain controller --- */

static void
controller_picked(void *cookie, const struct err *err)
{
	struct step *step = cookie;

	if (err->kind == ERR_NONE)
		step_arg_set(step, "dc", step->text);
	step->then(step, err);
}

void
step_pick_controller(struct step *step, port_done_fn *then)
{
	const struct port_directory *port = &step_ports(step)->directory;

	step->then = then;
	port->pick(port->self, run_controller(step->run), &step->text,
	    controller_picked, step);
}

const char *
step_controller(const struct step *step)
{
	const char *dc = step_arg(step, "dc");

	if (step->elsewhere)
		return NULL;
	return dc != NULL ? dc : run_controller(step->run);
}

bool
step_turns_elsewhere(struct step *step, const struct err *err)
{
	if (err->kind != ERR_UNREACHABLE || step_controller(step) == NULL)
		return false;
	step->elsewhere = true;
	return true;
}

void
step_seen_missing(struct step *step, const struct err *err)
{
	const struct conf *conf = step->run->engine->deps.conf;
	const char *dc = step_arg(step, "dc");
	struct err why;

	if (!step->elsewhere ||
	    clock_now() - step->opened_at >= conf->replication) {
		step_seen(step, SEEN_NOT_APPLIED, err);
		return;
	}
	(void)err_set(&why, ERR_UNREACHABLE,
	    "domain controller %s does not answer, and others need not know "
	    "yet what was written to it",
	    dc != NULL ? dc : "(of before)");
	step_seen(step, SEEN_CANNOT_TELL, &why);
}

void
step_changed_object(struct step *step)
{
	struct device *d = step->run->device;

	mem_replace(&d->ad_dc, step_arg(step, "dc"));
	d->ad_changed_at = clock_now();
}

void
step_seen_if(struct step *step, const struct err *err, bool holds)
{
	if (err->kind != ERR_NONE)
		step_seen(step, SEEN_CANNOT_TELL, err);
	else
		step_seen(step, holds ? SEEN_APPLIED : SEEN_NOT_APPLIED, NULL);
}

void
step_prepared_port(void *cookie, const struct err *err)
{
	step_prepared(cookie, err);
}

void
step_acted_port(void *cookie, const struct err *err)
{
	step_acted(cookie, err);
}

void
port_pki_clear(struct port_pki *pki)
{
	size_t i;

	for (i = 0; i < pki->key_count; i++)
		free(pki->keys[i].spki);
	for (i = 0; i < pki->cert_count; i++) {
		free(pki->certs[i].der);
		free(pki->certs[i].sha256);
		free(pki->certs[i].serial);
	}
	free(pki->keys);
	free(pki->certs);
	memset(pki, 0, sizeof(*pki));
}

void
port_issued_clear(struct port_issued *issued)
{
	free(issued->der);
	free(issued->serial);
	free(issued->sha256);
	free(issued->why);
	memset(issued, 0, sizeof(*issued));
}
