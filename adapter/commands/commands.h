#ifndef COMMANDS_H_
#define COMMANDS_H_

struct cli_program;

/* All commands, as the frame wants them. */
const struct cli_program *commands(void);
#endif
