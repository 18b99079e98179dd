#include <stddef.h>

#include "forward_internal.h"
#include "str.h"

/*
 * What others are told events are.  Classes are for ever: a kind that is gone
 * leaves its number unused.  10xx devices, 11xx runs and steps, 12xx
 * certificates and CA, 13xx secrets, 14xx Active Directory, 15xx queries and
 * tags, 16xx tasks and schedules, 17xx users and consoles, 19xx ourselves.
 */
enum { CRITICAL = 2, ERROR, WARNING, NOTICE, INFO };

static const struct forward_kind kinds[] = {
    {"other", 1000, NOTICE, "Event"},
    {"device.added", 1001, NOTICE, "Device added"},
    {"device.changed", 1002, NOTICE, "Device changed"},
    {"device.removing", 1003, NOTICE, "Device is being removed"},
    {"device.removed", 1004, NOTICE, "Device removed"},
    {"device.pinned", 1005, NOTICE, "Device's identity taken on first contact"},
    {"device.diagnosed", 1006, INFO, "Findings of a device changed"},
    {"device.properties", 1007, INFO, "Property of a device set"},
    {"wsman.invoked", 1010, WARNING, "WS-Management method called by hand"},

    {"run.finished", 1101, INFO, "Task ended on a device"},
    {"step.done", 1110, INFO, "Change made and seen"},
    {"step.settled", 1111, INFO, "Change settled"},
    {"step.recovering", 1112, NOTICE, "Change is being found out about"},
    {"step.waiting", 1113, INFO, "Change waits"},
    {"step.failed", 1114, WARNING, "Change failed"},
    {"step.parked", 1115, WARNING, "Change needs a person"},

    {"run.purged", 1120, NOTICE, "Old runs forgotten"},

    {"ca.created", 1201, NOTICE, "CA created"},
    {"ca.requested", 1202, NOTICE, "CA certificate requested"},
    {"ca.imported", 1203, NOTICE, "CA certificate imported"},
    {"ca.certified", 1204, NOTICE, "CA certified"},
    {"ca.crossed", 1205, NOTICE, "CA cross-certified"},
    {"ca.rolled", 1206, NOTICE, "CA rolled over"},
    {"ca.crl.imported", 1207, NOTICE, "CRL imported"},
    {"ca.revoked", 1208, WARNING, "Issuing CA revoked"},
    {"certificate.issued", 1210, INFO, "Certificate issued"},
    {"certificate.signed", 1211, NOTICE, "Certificate signed for a person"},
    {"certificate.revoked", 1212, NOTICE, "Certificate revoked"},
    {"certificate.hastened", 1213, INFO, "Waiting certificate asked for"},
    {"key.blocked", 1220, WARNING, "Key blocked"},
    {"key.unblocked", 1221, WARNING, "Key unblocked"},

    {"secret.revealed", 1301, WARNING, "Password shown to a person"},
    {"keytab.exported", 1302, WARNING, "Keytab exported"},

    {"directory.repairing", 1401, NOTICE, "Directory object to be repaired"},
    {"directory.repaired", 1402, NOTICE, "Directory object repaired"},
    {"directory.repair-failed", 1403, WARNING, "Directory object not repaired"},

    {"query.saved", 1501, INFO, "Query saved"},
    {"query.removed", 1502, INFO, "Query removed"},
    {"tag.applied", 1510, INFO, "Tag applied"},
    {"tag.excluded", 1511, INFO, "Device excluded from a tag"},
    {"tag.cleared", 1512, INFO, "Tag cleared"},
    {"tag.deleted", 1513, INFO, "Tag deleted"},
    {"tag.created", 1514, INFO, "Tag created"},

    {"task.added", 1601, NOTICE, "Client task added"},
    {"task.changed", 1602, NOTICE, "Client task changed"},
    {"task.removed", 1603, NOTICE, "Client task removed"},
    {"task.assigned", 1604, NOTICE, "Client task assigned"},
    {"task.assignment_changed", 1605, NOTICE, "Assignment changed"},
    {"task.unassigned", 1606, NOTICE, "Client task unassigned"},
    {"task.run", 1610, INFO, "Run of a task made"},
    {"task.paused", 1611, NOTICE, "Run of a task paused"},
    {"task.resumed", 1612, NOTICE, "Run of a task resumed"},
    {"task.aborted", 1613, WARNING, "Run of a task stopped"},
    {"task.ended", 1614, INFO, "Run of a task ended"},
    {"task.purged", 1615, NOTICE, "Old runs forgotten"},
    {"server_task.added", 1621, NOTICE, "Server task added"},
    {"server_task.changed", 1622, NOTICE, "Server task changed"},
    {"server_task.removed", 1623, NOTICE, "Server task removed"},
    {"server_task.run", 1630, INFO, "Server task begun"},
    {"server_task.ended", 1631, INFO, "Server task ended"},
    {"server_task.aborted", 1632, WARNING, "Server task stopped"},
    {"server_task.left_out", 1633, WARNING, "Server task left out"},
    {"server_task.webhook", 1634, INFO, "Message of a server task"},

    {"user.added", 1701, NOTICE, "User of the console added"},
    {"user.changed", 1702, NOTICE, "User of the console changed"},
    {"user.removed", 1703, NOTICE, "User of the console removed"},
    {"token.added", 1704, NOTICE, "Token of a user made"},
    {"token.removed", 1705, NOTICE, "Token of a user ended"},
    {"access.login", 1710, INFO, "Login by password"},
    {"access.refused", 1711, WARNING, "Login refused"},
    {"access.locked", 1712, WARNING, "Name locked after wrong passwords"},
    {"access.session", 1713, INFO, "Session begun"},
    {"access.session-ended", 1714, INFO, "Session ended"},
    {"remote.command", 1720, INFO, "Remote command"},
    {"api.request", 1721, INFO, "Request to the API"},
    {"epo.login", 1730, INFO, "Login to another console"},
    {"epo.works", 1731, INFO, "Other console works again"},
    {"epo.failed", 1732, WARNING, "Other console fails"},
    {"epo.accepted", 1733, NOTICE, "Other console's identity accepted"},
    {"epo.linked", 1734, INFO, "Device linked to a system of a console"},
    {"epo.gone", 1735, NOTICE, "System is gone from the other console"},
    {"epo.back", 1736, INFO, "System is back in the other console"},

    {"forward.secret", 1901, WARNING, "Secret of a webhook set"},
    {"mail.password", 1903, WARNING, "Password for mail set"},
    {"forward.again", 1904, NOTICE, "Dead letters to be sent again"},
    {"forward.dropped", 1905, WARNING, "Dead letters dropped"},
    {"forward.test", 1902, INFO, "Test message"},
    {NULL, 0, 0, NULL},
};

const struct forward_kind *
forward_kind(const char *name)
{
	const struct forward_kind *k;

	for (k = kinds; k->class != 0; k++)
		if (str_eq(k->name, name))
			return k;
	return kinds;
}

static const char *const severities[] = {"emergency", "alert", "critical",
    "error", "warning", "notice", "info", "debug"};
#define SEVERITIES (int)(sizeof(severities) / sizeof(severities[0]))

const char *
forward_severity_name(int severity)
{
	return severities[severity];
}

int
forward_severity(const char *name)
{
	int i;

	for (i = 0; i < SEVERITIES; i++)
		if (str_eq(severities[i], name))
			return i;
	return -1;
}
