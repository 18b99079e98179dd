#ifndef COMMAND_H_
#define COMMAND_H_

/*
 * The command line: one table of commands (commands.c) drives parsing, --help,
 * the man page and the completion, so they cannot disagree.
 */

/* What the process ends with.  Groups as in rpc-go: 1-19 basics, 20-69 input,
 * 70-99 connection, 100 and above operations. */
enum command_code {
	CODE_OK = 0,
	CODE_FAILED = 1,
	CODE_USAGE = 2,
	CODE_PARTIAL = 3,
	CODE_NOTHING = 4,
	CODE_REFUSED = 5,
	CODE_INTERRUPTED = 6,
	CODE_WARNED = 7,
	CODE_CONFIG = 10,
	CODE_STORE = 11,
	CODE_CA = 12,
	CODE_INPUT = 20,
	CODE_EXISTS = 21,
	CODE_UNREACHABLE = 70,
	CODE_DENIED = 71,
	CODE_UNTRUSTED = 72,
	CODE_UNKNOWN = 73,
	CODE_PROTOCOL = 101,
	CODE_DEVICE_REFUSED = 102
};

/* Does what argv says and returns one of the above. */
int command_main(int argc, char **argv);
#endif
