#ifndef AD_LAB_H_
#define AD_LAB_H_
#include <stdbool.h>
#include <stdint.h>

struct directory;
struct krb;
struct secret;

/* The lab's controller (tests/lab/labrun), for tests in C. */

#define AD_DEADLINE 5000 /* ms; for a controller that answers */
#define AD_SHORT 700	 /* for one that does not */

/* From labrun's environment; ends the test when it is not there. */
const char *ad_env(const char *name);
/* A file name in the run's folder; given. */
char *ad_path(const char *name);
/* word is "", "NONE_" or "OPERATOR_": whose keytab. */
struct krb *ad_krb(const char *word, unsigned deadline_ms);
/* Logged in over GSSAPI with k's tickets. */
struct directory *ad_directory(struct krb *k);
/* The domain's Administrator, over ldaps. */
struct directory *ad_administrator(void);
/* A keytab with a key for LAB_PRINCIPAL that is not its; given. */
char *ad_wrong_keytab(void);
struct secret *ad_secret(const char *text);
/* SIGSTOP or SIGCONT for the controller. */
void ad_stop(void);
void ad_continue(void);
/* One attribute of one object, as Administrator. */
void ad_set(struct directory *admin, const char *dn, const char *attribute,
    const char *value);
/* A new object of this class, as Administrator. */
void ad_add(struct directory *admin, const char *dn, const char *class);
int64_t ad_number(
    struct directory *admin, const char *dn, const char *attribute);
#endif
