# Messages about the sensor itself, and reporter.log.

module Reporter;

export {
	type Level: enum {
		INFO = 0,
		WARNING = 1,
		ERROR = 2,
	};
}
