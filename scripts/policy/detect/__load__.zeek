# Every detection.

@load ./real-client
@load ./http-errors
@load ./http-auth
@load ./http-floods
@load ./http-methods
@load ./conn-size
@load ./noise
@load ./liveness
