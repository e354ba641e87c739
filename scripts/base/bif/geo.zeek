# Where addresses are, and whose.

## Databases of places and of networks in MaxMind's format: the folder, or where it is not set, those that are looked
## into; the files; how often it is looked whether they have changed.
const mmdb_dir = "" &redef;
const mmdb_dir_fallbacks: vector of string = {
	"/usr/share/GeoIP",
	"/var/lib/GeoIP",
	"/usr/local/share/GeoIP",
	"/usr/local/var/GeoIP",
} &redef;
const mmdb_city_db = "GeoLite2-City.mmdb" &redef;
const mmdb_country_db = "GeoLite2-Country.mmdb" &redef;
const mmdb_asn_db = "GeoLite2-ASN.mmdb" &redef;
const mmdb_stale_check_interval: interval = 5min &redef;

global lookup_location: function(a: addr): geo_location;
global lookup_autonomous_system: function(a: addr): geo_autonomous_system;
global lookup_asn: function(a: addr): count;
global mmdb_open_location_db: function(f: string): bool;
global mmdb_open_asn_db: function(f: string): bool;
