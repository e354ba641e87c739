# memcached: memcached.log.

@load base/logs/memcached
