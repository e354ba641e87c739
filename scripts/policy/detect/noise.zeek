# Not a detection, and not loaded with them: what it does is asked for by the name that it has now.
@deprecated "it cuts logs and is policy/tuning/noise now"
@load policy/tuning/noise
