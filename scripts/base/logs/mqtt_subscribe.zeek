# mqtt_subscribe.log. Generated from the declaration of its rows (record!); a test compares it.

module MQTT;

export {
	redef enum Log::ID += { SUBSCRIBE_LOG };

	global log_policy_subscribe: Log::PolicyHook;

	type SubscribeInfo: record {
		## When the client asked for it.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## `MQTT::SUBSCRIBE` or `MQTT::UNSUBSCRIBE`.
		action: SubUnsub &log;
		## To what, as patterns.
		topics: string_vec &log;
		## How often each topic's messages are to be delivered.
		qos_levels: index_vec &log &optional;
		## What the server granted.
		granted_qos_level: count &log &optional;
		## Whether the server confirmed.
		ack: bool &log &default=F;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(MQTT::SUBSCRIBE_LOG, [$columns=SubscribeInfo, $path="mqtt_subscribe", $policy=log_policy_subscribe]);
	}
