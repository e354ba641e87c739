# Logs as lines of JSON, with moments as dates.

redef LogAscii::use_json = T;
redef LogAscii::json_timestamps = JSON::TS_ISO8601;
