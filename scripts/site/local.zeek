# What a site loads, where it has no local.zeek of its own: give yours in the folder that the sensor is started in, or
# below ZEEKPATH, and it is loaded instead.

# Which scripts were loaded.
@load misc/loaded-scripts

# HTTP errors, floods, slow requests and password guessing by client; floods of SYNs; sizes of connections.
@load detect

# Who scans hosts and ports.
@load misc/scan

# Which software is seen, in which version; what is vulnerable, and what changes.
@load frameworks/software/vulnerable
@load frameworks/software/version-changes
@load protocols/http/software
@load protocols/ssh/software

# Which hosts, services and certificates there are.
@load protocols/conn/known-hosts
@load protocols/conn/known-services
@load protocols/ssl/known-certs

# Logs of TLS; certificates that expire; the certificates of servers alone.
@load protocols/ssl/expiring-certs
@load protocols/ssl/log-hostcerts-only

# Logins over SSH.
@load protocols/ssh/geo-data
@load protocols/ssh/detect-bruteforcing
@load protocols/ssh/interesting-hostnames

# SQL injection.
@load protocols/http/detect-sqli

# Names outside of Site::local_zones that point inside.
@load protocols/dns/detect-external-names

# Digests of all files.
@load frameworks/files/hash-all-files
