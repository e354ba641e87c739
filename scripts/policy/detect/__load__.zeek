# Every detection. None of them keeps a row out of a log: policy/tuning/noise does.

@load ./real-client
@load ./http-errors
@load ./http-auth
@load ./http-floods
@load ./http-slow
@load ./http-methods
@load ./syn-floods
@load misc/scan
@load ./conn-size
@load ./liveness
