# That the sensor lives, and how far behind it is.

module Alive;

export {
	redef enum Notice::Type += {
		## Raised every interval: silence is the alarm.
		Sensor_Is_Watching,
		## What is analysed now was sent too long ago.
		Sensor_Lags,
	};

	const every = 5min &redef;
	## More lag than this is an alarm.
	option max_lag = 1min;
	## A replay is behind by nature.
	option in_replay = F;
}

event Alive::look()
	{
	schedule every { Alive::look() };
	local lag = current_time() - network_time();
	if ( ! in_replay && reading_traces() )
		lag = 0secs;
	NOTICE([$note=Sensor_Is_Watching, $msg="The sensor is watching", $sub=fmt("falling behind by %s", lag),
		$suppress_for=0secs]);
	if ( lag > max_lag )
		NOTICE([$note=Sensor_Lags, $msg=fmt("The sensor lags by %s", lag), $sub=fmt("allowed are %s", max_lag),
			$actions=set(Notice::ACTION_ALARM), $suppress_for=0secs]);
	}

event zeek_init()
	{
	schedule every { Alive::look() };
	}
