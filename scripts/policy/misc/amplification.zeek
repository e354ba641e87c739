# Servers that answer little with much, as those do that are used to flood others in whose name they are asked.

module Amplification;

export {
	redef enum Notice::Type += {
		## A server answers questions of few bytes with many times as many, again and again, to the same host: it is
		## used against that host, or could be.
		Amplifying,
		## A server tells who has asked it for the time (ntpd's monlist), which no server should.
		NTP_Monlist,
	};

	## An answer counts that has so many times the bytes of the question; of SNMP so many times the variables.
	option factor = 5.0;

	## So many of them to one host, in interval, are a notice.
	option answers = 20;
	const interval_of_answers = 1min &redef;

	## Servers that may.
	option allowed: set[subnet] = {};
}

redef record connection += {
	## Of the last question: its bytes, or variables, and whether it is one that is looked at.
	amplification_asked: count &default=0;
	amplification_looked_at: bool &default=F;
	## Bytes of either side up to the last datagram that was looked at.
	amplification_sent: table[bool] of count &default=table([T] = 0, [F] = 0);
};

# Large answers, by kind, server and the host that they are sent to.
global large: table[string, addr, addr] of count &create_expire=interval_of_answers;

function answered(c: connection, kind: string, told: count)
	{
	if ( c$id$resp_h in allowed || told < factor * c$amplification_asked )
		return;
	local server = c$id$resp_h;
	local host = c$id$orig_h;
	if ( [kind, server, host] !in large )
		large[kind, server, host] = 0;
	if ( ++large[kind, server, host] == answers )
		NOTICE([$note=Amplifying, $conn=c, $identifier=cat(kind, server, host),
			$msg=fmt("%s answers %s with much more than it is asked: %s", server, host, kind),
			$sub=fmt("%d large answers, the last of %d to a question of %d", answers, told, c$amplification_asked)]);
	}

# MON_GETLIST and MON_GETLIST_1.
const monlist = set(20, 42);

event ntp_message(c: connection, is_orig: bool, msg: NTP::Message)
	{
	if ( ! msg?$mode7_msg || msg$mode7_msg$req_code !in monlist )
		return;
	# Of what a datagram holds a message shows little.
	local all = is_orig ? c$orig$size : c$resp$size;
	local size = all - c$amplification_sent[is_orig];
	c$amplification_sent[is_orig] = all;
	if ( is_orig )
		{
		c$amplification_asked = size;
		return;
		}
	if ( msg$mode7_msg$err == 0 && c$id$resp_h !in allowed )
		NOTICE([$note=NTP_Monlist, $conn=c, $identifier=cat(c$id$resp_h),
			$msg=fmt("%s tells %s who has asked it for the time", c$id$resp_h, c$id$orig_h),
			$sub=fmt("%d bytes", size)]);
	answered(c, "NTP monlist", size);
	}

event dns_message(c: connection, is_orig: bool, msg: dns_msg, len: count)
	{
	if ( is_orig )
		c$amplification_asked = len;
	else if ( c$amplification_looked_at )
		answered(c, "DNS ANY", len);
	}

event dns_request(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string)
	{
	# ANY (RFC 1035 §3.2.3).
	c$amplification_looked_at = qtype == 255;
	}

event snmp_get_bulk_request(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::BulkPDU)
	{
	c$amplification_looked_at = T;
	c$amplification_asked = |pdu$bindings|;
	}

event snmp_response(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU)
	{
	if ( c$amplification_looked_at )
		answered(c, "SNMP GetBulk", |pdu$bindings|);
	}
