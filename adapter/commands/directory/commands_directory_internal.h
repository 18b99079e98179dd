#ifndef COMMANDS_DIRECTORY_INTERNAL_H_
#define COMMANDS_DIRECTORY_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_krb_status(struct cli *c);
int cmd_krb_check(struct cli *c);
int cmd_krb_keytab_export(struct cli *c);
int cmd_directory_audit(struct cli *c);
int cmd_directory_repair(struct cli *c);
int cmd_directory_delegate(struct cli *c);
#endif
