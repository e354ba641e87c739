# Modbus: what scripts find of it beside what modbus.log has.

@load base/logs/modbus
@load base/protocols/modbus/consts
