# What the Collective Intelligence Framework says of indicators.

@load base/frameworks/intel

module Intel;

export {
	## These fields are read from its files beside those of every indicator.
	redef record Intel::MetaData += {
		## What it would be bad for.
		cif_tags: string &optional;
		## How sure they are, of a hundred.
		cif_confidence: double &optional;
		## Where they have it from.
		cif_source: string &optional;
		## What it is.
		cif_description: string &optional;
		## When it was first and last told of.
		cif_firstseen: string &optional;
		cif_lastseen: string &optional;
	};
}
