# mqtt_publish.log. Generated from the declaration of its rows (record!); a test compares it.

module MQTT;

export {
	redef enum Log::ID += { PUBLISH_LOG };

	global log_policy_publish: Log::PolicyHook;

	type PublishInfo: record {
		## When it was published.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client published it; if not, it was published to the client.
		from_client: bool &log &default=F;
		## Whether the server is to keep it.
		retain: bool &log &default=F;
		## How often it is delivered.
		qos: string &log;
		## `ok`, or `incomplete_qos` where not all was seen that its delivery needs.
		status: string &log &default="incomplete_qos";
		## Where it was published.
		topic: string &log;
		## Its beginning, up to `MQTT::max_payload_size` bytes.
		payload: string &log;
		## How long all of it is.
		payload_len: count &log &default=0;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(MQTT::PUBLISH_LOG, [$columns=PublishInfo, $path="mqtt_publish", $policy=log_policy_publish]);
	}
