# Logs as lines of JSON.

redef LogAscii::use_json = T;
