# mqtt_connect.log. Generated from the declaration of its rows (record!); a test compares it.

module MQTT;

export {
	redef enum Log::ID += { CONNECT_LOG };

	global log_policy_connect: Log::PolicyHook;

	type ConnectInfo: record {
		## When the connection was seen to be MQTT.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The protocol's name.
		proto_name: string &log &optional;
		## Its version.
		proto_version: string &log &optional;
		## Who the client says that it is.
		client_id: string &log &optional;
		## What the server said.
		connect_status: string &log &optional;
		## Where the client's will is published.
		will_topic: string &log &optional;
		## Its will.
		will_payload: string &log &optional;
	};

	## A row of mqtt_connect.log is about to be written.
	global log_mqtt: event(rec: ConnectInfo);
}

redef record connection += {
	mqtt: MQTT::ConnectInfo &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(MQTT::CONNECT_LOG, [$columns=ConnectInfo, $ev=log_mqtt, $path="mqtt_connect", $policy=log_policy_connect]);
	}
