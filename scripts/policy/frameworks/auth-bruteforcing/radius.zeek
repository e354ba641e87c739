# Logins by RADIUS: who tries is the station, where it is told, and else the client of the server.

@load ./main
@load base/protocols/radius

module AuthBruteforcing;

event RADIUS::log_radius(rec: RADIUS::Info)
	{
	if ( ! rec?$result || ( rec$result != "success" && rec$result != "failed" ) )
		return;
	apart_uid = rec$uid;
	apart_id = rec$id;
	attempted(Attempt($protocol="RADIUS", $client=rec?$mac && rec$mac != "" ? rec$mac : cat(rec$id$orig_h),
	                  $server=rec$id$resp_h, $user=rec?$username ? rec$username : "", $success=rec$result == "success",
	                  $uid=rec$uid, $id=rec$id));
	}
