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
}

# Packet time when it was looked at last.
global looked: time = double_to_time(0.0);

event Alive::look()
	{
	if ( zeek_is_terminating() )
		return;
	schedule every { Alive::look() };
	# The clock of a run begins with its first packet.
	if ( time_to_double(looked) == 0.0 )
		{
		looked = network_time();
		return;
		}
	looked = network_time();
	# A replay is behind by nature, and must say the same each time.
	local lag = reading_live_traffic() ? current_time() - network_time() : 0secs;
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
