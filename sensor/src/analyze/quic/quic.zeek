# QUIC: what scripts may set, and quic.log.

@load base/logs/quic
@load base/protocols/quic/consts
