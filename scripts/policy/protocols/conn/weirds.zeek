# Notices about connections whose content is not all there, or was sent again as something else. There may be many.

@load base/frameworks/notice

module Conn;

export {
	redef enum Notice::Type += {
		## Bytes were sent again, and were others: somebody may want to evade.
		Retransmission_Inconsistency,
		## Bytes are missing: they were lost on the way to the sensor, or left out by a filter.
		Content_Gap,
	};
}

event rexmit_inconsistency(c: connection, t1: string, t2: string, tcp_flags: string)
	{
	local what = fmt("%s rexmit inconsistency (%s) (%s) [%s]", id_string(c$id), t1, t2, tcp_flags);
	NOTICE([$note=Retransmission_Inconsistency, $conn=c, $msg=what, $identifier=cat(c$id)]);
	}

event content_gap(c: connection, is_orig: bool, seq: count, length: count)
	{
	local direction = is_orig ? ">" : "<";
	NOTICE([$note=Content_Gap, $conn=c, $msg=fmt("%s content gap (%s %d/%d)", id_string(c$id), direction, seq, length)]);
	}
