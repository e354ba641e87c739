# Metrics of scripts. They are kept and told to scripts; the sensor's own are at /metrics, and these are not among them.

module Telemetry;

export {
	type MetricType: enum {
		COUNTER,
		GAUGE,
		HISTOGRAM,
	};

	## Values by the names of a family, in their order.
	type labels_vector: vector of string;

	## What a family is called and counts.
	type MetricOpts: record {
		prefix: string;
		name: string;
		unit: string &optional;
		help_text: string &optional;
		## The names of its labels.
		label_names: vector of string &default=vector();
		## It only grows; Zeek appends _total then.
		is_total: bool &optional;
		## Of histograms: the upper ends of their buckets.
		bounds: vector of double &optional;
		metric_type: MetricType &optional;
	};

	type Metric: record {
		opts: MetricOpts;
		label_names: vector of string &optional;
		label_values: vector of string &optional;
		value: double &optional;
	};

	type HistogramMetric: record {
		opts: MetricOpts;
		label_names: vector of string &optional;
		label_values: vector of string &optional;
		## In each bucket, the last without an end.
		values: vector of double;
		observations: double;
		sum: double;
	};

	## One metric; not for other scripts.
	type Cell: record {
		opts: MetricOpts;
		labels: labels_vector;
		value: double &default=0.0;
		buckets: vector of double &optional;
		observations: double &default=0.0;
	};

	type Family: record {
		opts: MetricOpts;
	};
	type CounterFamily: record {
		family: Family;
	};
	type GaugeFamily: record {
		family: Family;
	};
	type HistogramFamily: record {
		family: Family;
	};
	type Counter: record {
		cell: Cell;
	};
	type Gauge: record {
		cell: Cell;
	};
	type Histogram: record {
		cell: Cell;
	};

	global register_counter_family: function(opts: MetricOpts): CounterFamily;
	global counter_with: function(cf: CounterFamily, label_values: labels_vector &default=vector()): Counter;
	global counter_inc: function(c: Counter, amount: double &default=1.0): bool;
	global counter_family_inc: function(cf: CounterFamily, label_values: labels_vector &default=vector(),
	                                    amount: double &default=1.0): bool;
	global counter_value: function(c: Counter): double;

	global register_gauge_family: function(opts: MetricOpts): GaugeFamily;
	global gauge_with: function(gf: GaugeFamily, label_values: labels_vector &default=vector()): Gauge;
	global gauge_inc: function(g: Gauge, amount: double &default=1.0): bool;
	global gauge_dec: function(g: Gauge, amount: double &default=1.0): bool;
	global gauge_set: function(g: Gauge, value: double): bool;
	global gauge_family_inc: function(gf: GaugeFamily, label_values: labels_vector &default=vector(),
	                                  value: double &default=1.0): bool;
	global gauge_family_dec: function(gf: GaugeFamily, label_values: labels_vector &default=vector(),
	                                  value: double &default=1.0): bool;
	global gauge_family_set: function(gf: GaugeFamily, label_values: labels_vector, value: double): bool;
	global gauge_value: function(g: Gauge): double;

	global register_histogram_family: function(opts: MetricOpts): HistogramFamily;
	global histogram_with: function(hf: HistogramFamily, label_values: labels_vector &default=vector()): Histogram;
	global histogram_observe: function(h: Histogram, measurement: double): bool;
	global histogram_family_observe: function(hf: HistogramFamily, label_values: labels_vector,
	                                          measurement: double): bool;

	## The metrics of families whose prefix and name fit these, in which `*` is anything.
	global collect_metrics: function(prefix: string &default="*", name: string &default="*"): vector of Metric;
	global collect_histogram_metrics: function(prefix: string &default="*", name: string &default="*"):
	    vector of HistogramMetric;

	## Families bring their metrics up to date before they are collected.
	global sync: hook();
}

# By prefix, name and labels.
global cells: table[string] of Cell &ordered;

# More of them are not kept: a label that takes ever new values would fill memory.
const most_cells = 100000;
global told_of_too_many = F;

function cell_of(opts: MetricOpts, labels: labels_vector): Cell
	{
	local key = cat(opts$prefix, "\x00", opts$name, "\x00", join_string_vec(labels, "\x00"));
	if ( key in cells )
		return cells[key];
	local cell = Cell($opts=opts, $labels=labels);
	if ( opts?$bounds )
		{
		cell$buckets = vector();
		for ( i in opts$bounds )
			cell$buckets += 0.0;
		cell$buckets += 0.0;
		}
	if ( |labels| != |opts$label_names| )
		Reporter::error(fmt("Invalid label values expected %s, have %s", |opts$label_names|, |labels|));
	else if ( |cells| < most_cells )
		cells[key] = cell;
	else if ( ! told_of_too_many )
		{
		told_of_too_many = T;
		Reporter::warning(fmt("more than %d metrics of scripts: others are not kept", most_cells));
		}
	return cell;
	}

function family(opts: MetricOpts, kind: MetricType): Family
	{
	local own = copy(opts);
	own$metric_type = kind;
	return Family($opts=own);
	}

function register_counter_family(opts: MetricOpts): CounterFamily
	{
	return CounterFamily($family=family(opts, COUNTER));
	}

function counter_with(cf: CounterFamily, label_values: labels_vector): Counter
	{
	return Counter($cell=cell_of(cf$family$opts, label_values));
	}

function counter_inc(c: Counter, amount: double): bool
	{
	if ( amount < 0.0 )
		return F;
	c$cell$value += amount;
	return T;
	}

function counter_family_inc(cf: CounterFamily, label_values: labels_vector, amount: double): bool
	{
	return counter_inc(counter_with(cf, label_values), amount);
	}

function counter_value(c: Counter): double
	{
	return c$cell$value;
	}

function register_gauge_family(opts: MetricOpts): GaugeFamily
	{
	return GaugeFamily($family=family(opts, GAUGE));
	}

function gauge_with(gf: GaugeFamily, label_values: labels_vector): Gauge
	{
	return Gauge($cell=cell_of(gf$family$opts, label_values));
	}

function gauge_inc(g: Gauge, amount: double): bool
	{
	g$cell$value += amount;
	return T;
	}

function gauge_dec(g: Gauge, amount: double): bool
	{
	g$cell$value -= amount;
	return T;
	}

function gauge_set(g: Gauge, value: double): bool
	{
	g$cell$value = value;
	return T;
	}

function gauge_family_inc(gf: GaugeFamily, label_values: labels_vector, value: double): bool
	{
	return gauge_inc(gauge_with(gf, label_values), value);
	}

function gauge_family_dec(gf: GaugeFamily, label_values: labels_vector, value: double): bool
	{
	return gauge_dec(gauge_with(gf, label_values), value);
	}

function gauge_family_set(gf: GaugeFamily, label_values: labels_vector, value: double): bool
	{
	return gauge_set(gauge_with(gf, label_values), value);
	}

function gauge_value(g: Gauge): double
	{
	return g$cell$value;
	}

function register_histogram_family(opts: MetricOpts): HistogramFamily
	{
	return HistogramFamily($family=family(opts, HISTOGRAM));
	}

function histogram_with(hf: HistogramFamily, label_values: labels_vector): Histogram
	{
	return Histogram($cell=cell_of(hf$family$opts, label_values));
	}

function histogram_observe(h: Histogram, measurement: double): bool
	{
	local cell = h$cell;
	if ( ! cell?$buckets )
		return F;
	local at = 0;
	while ( at < |cell$opts$bounds| && measurement > cell$opts$bounds[at] )
		++at;
	cell$buckets[at] += 1.0;
	cell$observations += 1.0;
	cell$value += measurement;
	return T;
	}

function histogram_family_observe(hf: HistogramFamily, label_values: labels_vector, measurement: double): bool
	{
	return histogram_observe(histogram_with(hf, label_values), measurement);
	}

function fits(what: string, like: string): bool
	{
	return like == "*" || what == like;
	}

function collect_metrics(prefix: string, name: string): vector of Metric
	{
	hook Telemetry::sync();
	local found: vector of Metric;
	for ( _, cell in cells )
		if ( fits(cell$opts$prefix, prefix) && fits(cell$opts$name, name) && cell$opts$metric_type != HISTOGRAM )
			found += Metric($opts=cell$opts, $label_names=cell$opts$label_names, $label_values=cell$labels,
			                $value=cell$value);
	return found;
	}

function collect_histogram_metrics(prefix: string, name: string): vector of HistogramMetric
	{
	hook Telemetry::sync();
	local found: vector of HistogramMetric;
	for ( _, cell in cells )
		if ( fits(cell$opts$prefix, prefix) && fits(cell$opts$name, name) && cell$opts$metric_type == HISTOGRAM )
			found += HistogramMetric($opts=cell$opts, $label_names=cell$opts$label_names, $label_values=cell$labels,
			                         $values=copy(cell$buckets), $observations=cell$observations, $sum=cell$value);
	return found;
	}
