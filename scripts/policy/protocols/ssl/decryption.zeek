# What is inside TLS connections, from the secrets that a key log has; ZEEK_TLS_KEYLOG_FILE names it, as for Zeek, unless
# SSL::keylog_file does. Zeek's events that bring secrets over Broker are not there: there is no Broker.

@load base/protocols/ssl

@if ( getenv("ZEEK_TLS_KEYLOG_FILE") != "" )
redef SSL::keylog_file = getenv("ZEEK_TLS_KEYLOG_FILE");
@endif
