#ifndef COMMANDS_CA_INTERNAL_H_
#define COMMANDS_CA_INTERNAL_H_
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct ca;
struct ca_cert;
struct cli;
struct device;
struct err;
struct profile_template;
struct table_column;

/* What anybody may read: to the file of --out, or stdout. */
int cmd_ca_put_public(
    const struct cli *c, const struct buf *pem, struct err *err);
/* The issuing CA of --issuer; NULL with the complaint printed. */
struct ca *cmd_ca_line(struct cli *c);
/* Its chain, or that of --cross. */
int cmd_ca_put_chain(
    struct cli *c, const struct ca *ca, struct buf *out, struct err *err);

/* By name, or the one of TLS certificates when that is NULL; NULL when there is
 * none of this name. */
const struct profile_template *cmd_ca_template(
    const struct cli *c, const char *name);
/* A certificate that a person was given, into the audit chain, before anybody
 * sees it. */
int cmd_ca_tell_signed(struct cli *c, const struct device *device,
    const struct ca_cert *cert, struct err *err);
/* One of ours beside one of the forest; with all parts open. */
int cmd_ca_template_beside(
    struct cli *c, const struct profile_template *ours, const char *name);
/* A serial number as people and programs write it ("4D:F7"), as our records do;
 * given. */
char *cmd_ca_serial(const char *text);
/* Is this argument a file, and not a serial number? Then the certificate in it,
 * DER. */
bool cmd_ca_names_file(const char *what);
int cmd_ca_read_cert(const char *path, struct buf *der, struct err *err);
/* Revoke the issuing CA of this serial number, or the certificate of one in a
 * file; with all parts open. false: it is no issuing CA's serial number. */
bool cmd_ca_revoke_issuing(
    struct cli *c, const char *what, int reason, int *ret_code);

/* Said of one of our own. */
#define CMD_CA_REVOKED "%s is revoked; \"ca crl\" has it"

/* --- with --server: the same of a service elsewhere --- */

int cmd_ca_show_remote(
    struct cli *c, const struct table_column *columns, size_t count);
int cmd_ca_chain_remote(struct cli *c);
int cmd_ca_export_remote(struct cli *c);
int cmd_ca_revoke_remote(struct cli *c);
/* Appended: DER. CODE_OK, or the code with the complaint printed. */
int cmd_ca_crl_remote(struct cli *c, struct buf *ret_der);

/* Handlers, one per row. */
int cmd_ca_init(struct cli *c);
int cmd_ca_show(struct cli *c);
int cmd_ca_chain(struct cli *c);
int cmd_ca_csr(struct cli *c);
int cmd_ca_import(struct cli *c);
int cmd_ca_certify(struct cli *c);
int cmd_ca_rollover(struct cli *c);
int cmd_ca_cross(struct cli *c);
int cmd_ca_sign(struct cli *c);
int cmd_ca_csr_check(struct cli *c);
int cmd_ca_helper(struct cli *c);
int cmd_ca_export(struct cli *c);
int cmd_ca_list(struct cli *c);
int cmd_ca_crl(struct cli *c);
int cmd_ca_ocsp(struct cli *c);
int cmd_ca_check(struct cli *c);
int cmd_ca_health(struct cli *c);
int cmd_ca_revoke(struct cli *c);
int cmd_ca_block_add(struct cli *c);
int cmd_ca_block_list(struct cli *c);
int cmd_ca_block_remove(struct cli *c);
int cmd_ca_template_list(struct cli *c);
int cmd_ca_template_show(struct cli *c);
int cmd_ca_template_check(struct cli *c);
int cmd_ca_bridge_list(struct cli *c);
int cmd_ca_bridge_test(struct cli *c);
int cmd_ca_bridge_pending(struct cli *c);
int cmd_ca_bridge_hasten(struct cli *c);
#endif
