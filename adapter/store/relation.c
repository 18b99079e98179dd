/*
 * The tables of the query language, as ePO names them, over ours.  A device is
 * one row for three of them, so naming columns of all three joins nothing.  A
 * compound expression stands in parentheses: it is put into larger ones.
 */
#include "relation_internal.h"
#include "store.h"
#include "store_internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const sources[] = {[RELATION_DEVICE] = "device AS d",
    [RELATION_BRANCH] = "branch AS b",
    [RELATION_RUN] = "run AS r",
    [RELATION_ITEM] = "run_item AS i",
    [RELATION_MESSAGE] = "run_message AS m"};
static const struct query_relation relations[] = {
    {RELATION_DEVICE, RELATION_BRANCH, "b.id = d.group_id", false},
    {RELATION_ITEM, RELATION_DEVICE, "d.id = i.device", true},
    {RELATION_ITEM, RELATION_RUN, "r.id = i.run", true},
    {RELATION_MESSAGE, RELATION_RUN, "r.id = m.run", true},
};

static const char *const states[] = {"unmanaged", "managed", NULL};

#define TAGS_OF(wanted)                                                        \
	"(SELECT group_concat(name, ', ') FROM (SELECT tag.name FROM"          \
	" tag_device AS x JOIN tag ON tag.id = x.tag WHERE x.device = d.id"    \
	" AND x.excluded = " wanted " ORDER BY lower(tag.name)))"
#define TAG_EXISTS(wanted)                                                     \
	"EXISTS (SELECT 1 FROM tag_device AS x JOIN tag ON tag.id = x.tag"     \
	" WHERE x.device = d.id AND x.excluded = " wanted

#define GROUP_PATH "(SELECT g.path FROM branch AS g WHERE g.id = d.group_id)"

/* The firmware's FQDN, and whether the operating system has another. */
#define AMT_FQDN                                                               \
	"(d.amt_host || CASE WHEN d.amt_domain <> '' THEN '.' || d.amt_domain" \
	" ELSE '' END)"
#define OS_FQDN                                                                \
	"(d.os_host || CASE WHEN d.os_domain <> '' THEN '.' || d.os_domain"    \
	" ELSE '' END)"
#define RENAMED                                                                \
	"(lower(d.os_host) <> lower(d.amt_host)"                               \
	" OR (coalesce(d.os_domain, '') <> '' AND lower(d.os_domain) <>"       \
	" lower(coalesce(d.amt_domain, ''))))"

/* Findings that mean: nothing could be said to it (diagnose.h). What failed
 * otherwise is about one feature, and does not begin like that. */
#define ERROR_TEXT                                                             \
	"(CASE WHEN d.error_code IN ('offline', 'name-resolution',"            \
	" 'credentials-rejected', 'credentials-missing',"                      \
	" 'identity-mismatch', 'client-certificate-wanted',"                   \
	" 'protocol-error') THEN"                                              \
	" 'Failed to enforce policy: ' ELSE '' END || d.error_text)"
#define TLS_TEXT                                                               \
	"(CASE WHEN d.tls_enabled = 0 THEN 'Supported and Disabled'"           \
	" ELSE 'Supported and Enabled' END)"

#define READ "d.read_at > 0"

/* Keys are stored beside what they are of: keys.c. An address is 32 hex digits,
 * one of IPv4 the last 8 of them; ePO knows the two forms below. */
#define VERSION_KEY "d.amt_version_key"
#define ADDRESS_KEY "d.ip_address_key"
#define IS_IPV4 "substr(" ADDRESS_KEY ", 1, 24) = '00000000000000000000ffff'"
#define HEX(at) "instr('123456789abcdef', substr(" ADDRESS_KEY ", " #at ", 1))"
#define HEX_BYTE(at, next) "(16 * " HEX(at) " + " HEX(next) ")"
#define IPV4X                                                                  \
	"(16777216 * " HEX_BYTE(25, 26) " + 65536 * " HEX_BYTE(                \
	    27, 28) " + 256 * " HEX_BYTE(29, 30) " + " HEX_BYTE(31,            \
	    32) " - 2147483648)"
#define IPV6_WORD(at)                                                          \
	"coalesce(nullif(ltrim(substr(" ADDRESS_KEY ", " #at                   \
	", 4), '0'), ''), '0')"
#define IPV6                                                                                                                             \
	"upper(" IPV6_WORD(1) " || ':' || " IPV6_WORD(5) " || ':' || " IPV6_WORD(9) " || ':' || " IPV6_WORD(13) " || ':' || " IPV6_WORD( \
	    17) " || ':' || " IPV6_WORD(21) " || ':' || " IPV6_WORD(25) " || ':' || " IPV6_WORD(29) ")"

/* clang-format off */
#define TIME(name, column, help) \
	{name, QUERY_TIME, "d." column, "d." column " > 0", help, NULL, NULL}
#define TEXT(name, column, help) \
	{name, QUERY_TEXT, "d." column, "d." column " <> ''", help, NULL, NULL}
/* ePO's, told by an agent on the host: there for scripts that name them. */
#define NO_TEXT "CAST(NULL AS TEXT)"
#define NO_INT "CAST(NULL AS INTEGER)"
#define UNKNOWN_TEXT(name, what) \
	{name, QUERY_TEXT, NO_TEXT, NULL, what "; not known here", NULL, NULL}
#define UNKNOWN_INT(name, what) \
	{name, QUERY_INT, NO_INT, NULL, what "; not known here", NULL, NULL}

static const struct query_column leaf[] = {
	{"AutoID", QUERY_INT, "d.id", NULL, "number of the device", NULL, NULL},
	{"NodeName", QUERY_TEXT, "d.name", NULL, "system name: the one it was added under", NULL, NULL},
	{"ParentID", QUERY_GROUP, "d.group_id", NULL, "number of its group, EPOBranchNode.AutoID", NULL, NULL},
	{"NodeTextPath2", QUERY_TEXT, GROUP_PATH, NULL, "path of its group, EPOBranchNode.NodeTextPath2", NULL, NULL},
	TEXT("AgentGUID", "uuid", "SMBIOS UUID"),
	{"AgentVersion", QUERY_VERSION, NO_TEXT, NULL, "version of an agent on the host; not known here", NULL, NO_TEXT},
	TIME("LastUpdate", "seen_at", "last communication: its last authenticated answer"),
	{"ManagedState", QUERY_STATE, "(CASE WHEN d.seen_at > 0 THEN 1 ELSE 0 END)", NULL, "managed once it has answered", states, NULL},
	{"Tags", QUERY_TEXT, "coalesce(" TAGS_OF("0") ", '')", NULL, "names of its tags", NULL, NULL},
	{"AppliedTags", QUERY_TAGS, TAGS_OF("0"), NULL, "the same, for the operators about tags", NULL, NULL},
	{"ExcludedTags", QUERY_TEXT, "coalesce(" TAGS_OF("1") ", '')", NULL, "tags it never gets", NULL, NULL},
};

static const struct query_column computer[] = {
	{"ParentID", QUERY_INT, "d.id", NULL, "number of the device, EPOLeafNode.AutoID", NULL, NULL},
	TEXT("ComputerName", "os_host", "host name of the operating system"),
	TEXT("DomainName", "os_domain", "its domain"),
	{"IPHostName", QUERY_TEXT, OS_FQDN, "d.os_host <> ''", "both", NULL, NULL},
	{"IPAddress", QUERY_IPV4, "d.ip_address", "d.ip_address <> ''", "as the firmware says", NULL, ADDRESS_KEY},
	{"IPV4x", QUERY_INT, IPV4X, IS_IPV4, "the same as a number, as ePO keeps it: less 2^31", NULL, NULL},
	{"IPV6", QUERY_IPV6, IPV6, ADDRESS_KEY " IS NOT NULL", "the same as one of IPv6", NULL, ADDRESS_KEY},
	{"NetAddress", QUERY_TEXT, "upper(replace(replace(d.mac, ':', ''), '-', ''))", "d.mac <> ''", "MAC address, 12 hex digits", NULL, NULL},
	TEXT("Description", "description", "as set by a person or a console"),
	TEXT("UserProperty1", "custom1", "custom field 1"),
	TEXT("UserProperty2", "custom2", "custom field 2"),
	TEXT("UserProperty3", "custom3", "custom field 3"),
	TEXT("UserProperty4", "custom4", "custom field 4"),
	UNKNOWN_TEXT("UserProperty5", "custom field 5"),
	UNKNOWN_TEXT("UserProperty6", "custom field 6"),
	UNKNOWN_TEXT("UserProperty7", "custom field 7"),
	UNKNOWN_TEXT("UserProperty8", "custom field 8"),
	UNKNOWN_TEXT("SystemDescription", "the system in words"),
	UNKNOWN_TEXT("TimeZone", "its time zone"),
	UNKNOWN_TEXT("DefaultLangID", "its language"),
	UNKNOWN_TEXT("UserName", "who is logged on"),
	UNKNOWN_TEXT("IPSubnet", "its subnet"),
	UNKNOWN_TEXT("IPSubnetMask", "mask of that"),
	UNKNOWN_TEXT("SubnetAddress", "its subnet, of IPv4"),
	UNKNOWN_TEXT("SubnetMask", "mask of that"),
	UNKNOWN_TEXT("IPXAddress", "its IPX address"),
	UNKNOWN_TEXT("OSType", "name of the operating system"),
	UNKNOWN_TEXT("OSVersion", "its version"),
	UNKNOWN_TEXT("OSServicePackVer", "its service pack"),
	UNKNOWN_INT("OSBuildNum", "its build"),
	UNKNOWN_TEXT("OSPlatform", "workstation or server"),
	UNKNOWN_TEXT("OSOEMID", "its product number"),
	UNKNOWN_INT("OSBitMode", "whether it is of 64 bits"),
	UNKNOWN_TEXT("CPUType", "name of the processor"),
	UNKNOWN_INT("CPUSpeed", "its speed in MHz"),
	UNKNOWN_INT("NumOfCPU", "how many there are"),
	UNKNOWN_TEXT("CPUSerialNum", "its serial number"),
	UNKNOWN_INT("TotalPhysicalMemory", "memory"),
	UNKNOWN_INT("FreeMemory", "memory that is free"),
	UNKNOWN_INT("TotalDiskSpace", "disk space"),
	UNKNOWN_INT("FreeDiskSpace", "disk space that is free"),
	UNKNOWN_INT("SysvolTotalSpace", "the system's volume"),
	UNKNOWN_INT("SysvolFreeSpace", "of that, what is free"),
	UNKNOWN_INT("IsPortable", "whether it is a laptop"),
	{"Vdi", QUERY_BOOL, NO_INT, NULL, "whether it is a virtual desktop; not known here", NULL, NULL},
	UNKNOWN_INT("LastAgentHandler", "the agent handler it spoke to"),
	TEXT("Site", "site", "where it stands"),
	TEXT("Profile", "profile", "the profile it is to have"),
};

static const struct query_column branch[] = {
	{"AutoID", QUERY_INT, "b.id", NULL, "number of the group", NULL, NULL},
	{"ParentID", QUERY_GROUP, "b.parent", NULL, "of the group above", NULL, NULL},
	{"NodeName", QUERY_TEXT, "b.name", NULL, "its name", NULL, NULL},
	{"NodeTextPath", QUERY_TEXT, "b.path", NULL, "with those above it", NULL, NULL},
	{"NodeTextPath2", QUERY_TEXT, "b.path", NULL, "the same", NULL, NULL},
};

static const struct query_column amt[] = {
	{"LeafNodeID", QUERY_INT, "d.id", NULL, "number of the device, EPOLeafNode.AutoID", NULL, NULL},
	{"DNSName", QUERY_TEXT, AMT_FQDN, "d.amt_host <> ''", "FQDN in the firmware", NULL, NULL},
	{"Renamed", QUERY_BOOL, RENAMED, "d.os_host <> '' AND d.amt_host <> ''", "the operating system has another name than the firmware", NULL, NULL},
	{"FullyConfigured", QUERY_BOOL, "(d.control_mode IN ('acm', 'ccm'))", READ, "set up, in one of the two control modes", NULL, NULL},
	TEXT("ControlMode", "control_mode", "acm, ccm or none"),
	{"LastErrorMessage", QUERY_TEXT, ERROR_TEXT, "d.error_text <> ''", "begins with \"Failed to enforce policy\" when nothing could be said to it", NULL, NULL},
	TEXT("LastErrorCode", "error_code", "the finding that stands for it"),
	TIME("LastErrorTime", "error_at", "when that was"),
	{"Reasons", QUERY_LIST, "d.reasons", "d.reasons <> ''", "all findings of the last look", NULL, NULL},
	{"TLS", QUERY_TEXT, TLS_TEXT, READ, "\"Supported and Enabled\" or \"Supported and Disabled\"", NULL, NULL},
	{"MutualTLS", QUERY_BOOL, "d.tls_mutual", READ, "it asks for a certificate as well", NULL, NULL},
	{"Version", QUERY_VERSION, "d.amt_version", "d.amt_version <> ''", "of the firmware", NULL, VERSION_KEY},
	{"MajorVersion", QUERY_INT, "CAST(d.amt_version AS INTEGER)", "d.amt_version <> ''", "its first number", NULL, NULL},
	TEXT("UUID", "uuid", "SMBIOS UUID"),
	{"IPAddress", QUERY_IPV4, "d.ip_address", "d.ip_address <> ''", "as the firmware says", NULL, ADDRESS_KEY},
	TEXT("CertSubject", "cert_subject", "of the TLS certificate in use"),
	TEXT("CertIssuer", "cert_issuer", "who signed it"),
	TEXT("CertSerial", "cert_serial", "hex, as in \"ca list\""),
	TIME("CertStarts", "cert_not_before", "from when it is valid"),
	TIME("CertExpires", "cert_not_after", "until when"),
	{"CertOurs", QUERY_BOOL, "d.cert_ours", "d.cert_not_after > 0", "issued by our CA", NULL, NULL},
	{"ClockOffsetMs", QUERY_INT, "d.clock_offset_ms", "d.clock_read_at > 0", "how far its clock was ahead of ours", NULL, NULL},
	TIME("ClockRead", "clock_read_at", "when that was"),
	TIME("ClockSet", "clock_set_at", "when we last set it"),
	{"Kerberos", QUERY_BOOL, "d.krb_enabled", READ, "Kerberos is on in the firmware", NULL, NULL},
	TEXT("ADObject", "ad_dn", "its object in Active Directory"),
	TIME("ADPasswordSet", "ad_password_at", "when that object's password was set"),
	{"ADPasswordExpires", QUERY_TIME, STORE_AD_END("d."), STORE_AD_END("d.") " IS NOT NULL", "and when the directory lets it expire", NULL, NULL},
	TIME("AdminPasswordSet", "admin_password_at", "when we last set the admin password"),
	TIME("LastRead", "read_at", "when the firmware was last read"),
	TIME("LastRun", "run_at", "when a task last ran"),
	TEXT("LastTask", "run_play", "which task that was"),
	TEXT("LastResult", "run_result", "ok, changed, failed or parked"),
	{"Failures", QUERY_INT, "d.failures", NULL, "runs failed in a row", NULL, NULL},
	TIME("NextRun", "next_due", "when serve looks at it again"),
};
/* clang-format on */

static const struct query_table tables[] = {
    {"EPOLeafNode", "systems in the tree", RELATION_DEVICE, true, leaf,
	COUNT(leaf)},
    {"EPOComputerProperties", "what their hosts say of themselves",
	RELATION_DEVICE, true, computer, COUNT(computer)},
    {"EPOBranchNode", "groups of the tree", RELATION_BRANCH, false, branch,
	COUNT(branch)},
    {"AMT_CustomProps", "what was discovered of Intel AMT, and diagnosed",
	RELATION_DEVICE, true, amt, COUNT(amt)},
    {"AMT_Runs", "runs of tasks", RELATION_RUN, false, relation_runs,
	RELATION_RUNS},
    {"AMT_RunItems", "what became of each device in a run", RELATION_ITEM,
	false, relation_items, RELATION_ITEMS},
    {"OrionTaskLogTask", "the same runs, as ePO names them", RELATION_RUN,
	false, relation_log, RELATION_LOG},
    {"OrionTaskLogTaskMessage", "what happened to a run", RELATION_MESSAGE,
	false, relation_messages, RELATION_MESSAGES},
};

static const struct query_graph graph = {.sources = sources,
    .source_count = COUNT(sources),
    .tables = tables,
    .table_count = COUNT(tables),
    .relations = relations,
    .relation_count = COUNT(relations),
    .tag_applied = TAG_EXISTS("0"),
    .tag_excluded = TAG_EXISTS("1"),
    .tag_by_name = "lower(tag.name) = ?",
    .tag_by_id = "tag.id = ?",
    .tag_containing = "instr(lower(tag.name), ?) > 0",
    .group_below =
	"WITH RECURSIVE below (id) AS (SELECT id FROM branch WHERE id = ?"
	" UNION SELECT branch.id FROM branch JOIN below"
	" ON branch.parent = below.id) SELECT id FROM below"};

const struct query_graph *
store_graph(void)
{
	return &graph;
}

bool
store_query_reads_runs(const struct query *q)
{
	const unsigned runs =
	    1u << RELATION_RUN | 1u << RELATION_ITEM | 1u << RELATION_MESSAGE;

	return (query_sources(q) & runs) != 0;
}
