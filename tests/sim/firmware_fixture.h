#ifndef FIRMWARE_FIXTURE_H_
#define FIRMWARE_FIXTURE_H_
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fw_internal.h"

/* Hand-written requests to one simulated device, and its answers as trees. */

#define FX_PASSWORD "P@ssw0rd-Fixture"
#define FX_FQDN "pc00001.ad.example.test"
#define FX_FAULT (-1)

struct fx {
	struct sim_device d;
	struct sim_login who;
	struct sim_answer a;
	struct fw_node *tree;
};

/* A device of this version with TLS from a certificate for FX_FQDN. */
void fx_new(struct fx *f, int major, int minor);
/* The same without a certificate: TLS off (or, from 16.1, the default one). */
void fx_new_plain(struct fx *f, int major, int minor);
void fx_free(struct fx *f);

/* Send these bytes as they are. */
void fx_send(struct fx *f, const char *xml);
/* An envelope with this action ("Get", "Enumerate", "Class/Method" ...), class,
 * selectors ("InstanceID=x", or raw XML of w:Selector elements, or NULL) and
 * body (r: is the class's prefix, a: addressing, w: WS-Management). */
void fx_op(struct fx *f, const char *operation, const char *cls,
    const char *selectors, const char *body);
/* A method: its ReturnValue, or FX_FAULT. */
int fx_call(
    struct fx *f, const char *cls, const char *method, const char *params);
/* Get with optional selector, which must work. */
void fx_get(struct fx *f, const char *cls, const char *selectors);
/* Put of properties (raw XML), true when it worked. */
bool fx_put(
    struct fx *f, const char *cls, const char *selectors, const char *props);
/* Enumerate and Pull to the end: the number of items. */
size_t fx_list(struct fx *f, const char *cls);

/* In the last answer: the first element of that name, its text, how many, the
 * local part of the fault's subcode ("" when it is no fault). */
const struct fw_node *fx_node(const struct fx *f, const char *name);
const char *fx_text(const struct fx *f, const char *name);
size_t fx_count(const struct fx *f, const char *name);
const char *fx_fault(const struct fx *f);
/* Borrowed until the next call of it. */
const char *fx_uri(const char *cls);
/* r:NAME holding an EPR to an instance. Given. */
char *fx_epr(
    const char *name, const char *cls, const char *selector, const char *value);
#define fx_assert_fault(f, code) assert_string_equal(fx_fault(f), code)
#define fx_assert_text(f, name, text)                                          \
	assert_string_equal(fx_text(f, name), text)
#endif
