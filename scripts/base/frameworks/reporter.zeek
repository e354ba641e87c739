# Messages about the sensor itself, and reporter.log.
