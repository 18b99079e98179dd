#ifndef COMMANDS_EVENT_INTERNAL_H_
#define COMMANDS_EVENT_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_journal_list(struct cli *c);
int cmd_events(struct cli *c);
int cmd_forward_status(struct cli *c);
int cmd_forward_test(struct cli *c);
int cmd_forward_secret(struct cli *c);
int cmd_forward_dead(struct cli *c);
int cmd_forward_again(struct cli *c);
int cmd_forward_drop(struct cli *c);
#endif
