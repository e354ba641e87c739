# What a sensor notices of itself: data that it did not get, or did not analyse. Measured natively, by the
# thresholds under [loss] in the configuration, every so often as that says.

@load base/frameworks/notice

module CaptureLoss;

export {
	redef enum Notice::Type += {
		## Too much acknowledged data was never seen.
		Too_Much_Loss,
		## Hardly anything was acknowledged: is this the right link?
		Too_Little_Traffic,
	};
}

module PacketFilter;

export {
	redef enum Notice::Type += {
		## The kernel dropped packets because the sensor did not take them in time.
		Dropped_Packets,
	};
}

module Aggregate;

export {
	redef enum Notice::Type += {
		## Those who count for all sensors cannot be reached: this one decides by itself, and its observations wait.
		Cut_Off,
		## They can be reached again.
		Connected,
	};
}

module Sensor;

export {
	redef enum Notice::Type += {
		## Flows, rows or stream data were given up at a ceiling.
		Analysis_Loss,
		## Of most connections only one side is seen.
		One_Sided_Flows,
		## One worker of an interface gets far more than its share.
		Worker_Skew,
		## A worker hung at a packet, and was replaced.
		Worker_Hangs,
		## An exporter does not deliver: its receiver cannot be reached, is silent, or refuses rows.
		Export_Stalled,
		## An exporter lost rows, has rows that its receiver will never take, or has a spool that fills.
		Export_Loss,
	};
}
