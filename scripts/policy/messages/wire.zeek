# Messages that cross the tap as syslog are taken by rules too.

@load base/frameworks/messages
@load base/protocols/syslog

event syslog_message(c: connection, facility: count, severity: count, msg: string)
	{
	Messages::take(c, facility, severity, msg);
	}
