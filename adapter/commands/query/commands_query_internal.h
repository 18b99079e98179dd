#ifndef COMMANDS_QUERY_INTERNAL_H_
#define COMMANDS_QUERY_INTERNAL_H_

struct cli;

/* Handlers, one per row. */
int cmd_query(struct cli *c);
int cmd_query_list(struct cli *c);
int cmd_query_show(struct cli *c);
int cmd_query_save(struct cli *c);
int cmd_query_remove(struct cli *c);
int cmd_query_import(struct cli *c);
int cmd_query_tables(struct cli *c);
int cmd_query_operators(struct cli *c);
int cmd_tag_list(struct cli *c);
int cmd_tag_add(struct cli *c);
int cmd_tag_exclude(struct cli *c);
int cmd_tag_remove(struct cli *c);
int cmd_tag_delete(struct cli *c);
#endif
