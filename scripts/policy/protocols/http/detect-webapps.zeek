# Applications on servers, by their pages: rows of software.log with the URL that they were found at.

@load base/frameworks/signatures
@load base/frameworks/software
@load base/protocols/http
@load-sigs ./detect-webapps.sig

module HTTP;

redef Signatures::ignored_ids += /^webapp-/;

export {
	redef enum Software::Type += {
		## An application that a server has.
		WEB_APPLICATION,
	};

	redef record Software::Info += {
		## The shortest URL that it was found at.
		url: string &optional &log;
	};
}

event signature_match(state: signature_state, msg: string, data: string) &priority=5
	{
	if ( /^webapp-/ !in state$sig_id || ! state$conn?$http )
		return;
	local id = state$conn$id;
	Software::found(id, [$name=msg, $unparsed_version=msg, $host=id$resp_h, $host_p=id$resp_p,
		$software_type=WEB_APPLICATION, $url=HTTP::build_url_http(state$conn$http)]);
	}

# A URL that a known one begins with is closer to where the application is.
event Software::register(info: Software::Info) &priority=5
	{
	if ( ! info?$url || info$host !in Software::tracked || info$name !in Software::tracked[info$host] )
		return;
	local known = Software::tracked[info$host][info$name];
	if ( ! known?$url || |info$url| > |known$url| || ! starts_with(known$url, info$url) )
		return;
	known$url = info$url;
	info$force_log = T;
	}
