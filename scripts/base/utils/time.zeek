# Helpers for time.

# Minutes and seconds, as in "5m3s".
function duration_to_mins_secs(dur: interval): string
	{
	local dur_count = double_to_count(interval_to_double(dur));
	return fmt("%dm%ds", dur_count / 60, dur_count % 60);
	}

const null_ts = double_to_time(0);
