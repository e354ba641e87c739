# Redis: redis.log, as Zeek 8 has it.

@load base/logs/redis
