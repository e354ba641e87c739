# Where MQTT was before it was loaded by default.

@load base/protocols/mqtt
