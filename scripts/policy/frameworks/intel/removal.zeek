# Indicators that a file takes back.

@load base/frameworks/intel

module Intel;

export {
	redef record Intel::MetaData += {
		## What this source says of the indicator is removed, instead of inserted.
		remove: bool &default=F;
	};
}

hook Intel::filter_item(item: Item)
	{
	if ( item$meta$remove )
		{
		Intel::remove(item);
		break;
		}
	}
