# Oddities of traffic.
