# The SumStats framework: counting per key over streams of observations.
#
# What is declared here is counted natively. Beyond Zeek's there are sliding windows ($window), reminders ($remind),
# thresholds by key ($threshold_for) and with a number of distinct values ($threshold_unique), ceilings on what is kept,
# and results that outlive a restart (state_file).

@load base/utils/queue

module SumStats;

export {
	## What can be calculated. Scripts may add to it, see register_observe_plugin.
	type Calculation: enum {
		PLACEHOLDER,
		## The average of the values.
		AVERAGE,
		## About how many distinct values there are (HyperLogLog).
		HLL_UNIQUE,
		## The last values.
		LAST,
		## The greatest value.
		MAX,
		## The least value.
		MIN,
		## A random sample of the values.
		SAMPLE,
		## The variance of the values.
		VARIANCE,
		## Their standard deviation.
		STD_DEV,
		## The sum of the values; texts count one each.
		SUM,
		## The most frequent values.
		TOPK,
		## How many distinct values there are.
		UNIQUE,
	};

	## What results are kept for.
	type Key: record {
		str: string &optional;
		host: addr &optional;
	};

	## One data point; give one of the three.
	type Observation: record {
		num: count &optional;
		dbl: double &optional;
		str: string &optional;
	};

	## Takes the observations of one stream.
	type Reducer: record {
		## The stream's name.
		stream: string;
		## What to calculate.
		apply: set[Calculation];
		## Says which observations count.
		pred: function(key: SumStats::Key, obs: SumStats::Observation): bool &optional;
		## Makes the key that is counted for out of the one observed.
		normalize_key: function(key: SumStats::Key): SumStats::Key &optional;
		# The SumStat it belongs to, and all that it calculates; set by create.
		ssname: string &optional;
		calc_funcs: vector of Calculation &optional;
		## HLL_UNIQUE: the error aimed at, and with what confidence.
		hll_error_margin: double &default=0.01;
		hll_confidence: double &default=0.95;
		## LAST: how many values to keep.
		num_last_elements: count &default=0;
		## SAMPLE: how many values to keep.
		num_samples: count &default=0;
		## TOPK: how many values to count.
		topk_size: count &default=500;
		## UNIQUE: beyond how many distinct values counting stops.
		unique_max: count &optional;
	};

	## What a stream's observations come to.
	type ResultVal: record {
		## When the first and the last observation came.
		begin: time;
		end: time;
		## How many came.
		num: count &default=0;
		average: double &optional;
		hll_unique: count &default=0;
		card: opaque of cardinality &optional;
		hll_error_margin: double &optional;
		hll_confidence: double &optional;
		## Read it with get_last.
		last_elements: Queue::Queue &optional;
		max: double &optional;
		min: double &optional;
		samples: vector of Observation &default=vector();
		## Out of how many the samples are.
		sample_elements: count &default=0;
		num_samples: count &default=0;
		variance: double &optional;
		prev_avg: double &optional;
		var_s: double &default=0.0;
		std_dev: double &default=0.0;
		sum: double &default=0.0;
		## For topk_get_top, topk_count and topk_epsilon.
		topk: opaque of topk &optional;
		unique: count &default=0;
		unique_max: count &optional;
		unique_vals: set[Observation] &optional;
	};

	## Results by stream.
	type Result: table[string] of ResultVal;

	## Results by key.
	type ResultTable: table[Key] of Result;

	## What to count, and what to do with it.
	type SumStat: record {
		name: string;
		## After this much time results are handed out and counting starts anew. With 0secs it does when
		## next_epoch is called.
		epoch: interval;
		reducers: set[Reducer];
		## The value that is compared with thresholds. It may be left out where there is one reducer with one
		## calculation that gives a number: then it is that number, and nothing is called.
		threshold_val: function(key: SumStats::Key, result: SumStats::Result): double &optional;
		threshold: double &optional;
		## Without threshold_val: gives the threshold of a key. It is asked for when a key is new, and again after an
		## option was changed, not for each observation. Other thresholds are then parts and multiples of it.
		threshold_for: function(key: SumStats::Key): double &optional;
		## Without threshold_val: beside the number, UNIQUE is calculated, and thresholds are not reached while there
		## are fewer distinct values.
		threshold_unique: count &optional;
		## Several thresholds, ascending.
		threshold_series: vector of double &optional;
		## Called at the observation that makes the value reach a threshold, once an epoch for each threshold.
		threshold_crossed: function(key: SumStats::Key, result: SumStats::Result) &optional;
		## Called for each key when the epoch ends.
		epoch_result: function(ts: time, key: SumStats::Key, result: SumStats::Result) &optional;
		## Called after that.
		epoch_finished: function(ts: time) &optional;
		## Count, at each observation, over this much time back from it, and not from the epoch's beginning:
		## what straddles the edge of two epochs is caught. A threshold that was crossed is so again once an
		## observation has found the value below it. Epochs still hand out results, and reset nothing.
		##
		## Numbers are exact for a key with up to 1,024 moments of observations in its window; beyond that an
		## observation may count up to 1/256 of the window too long. UNIQUE and LAST are exact; HLL_UNIQUE, TOPK and
		## SAMPLE reach back up to 1/16 of the window too far. Calculations of scripts cannot be done over a window.
		window: interval &optional;
		## Where sensors count together ([aggregate] in the configuration): observations go to those who count for all,
		## and what thresholds and epochs lead to happens there, not on the sensor, unless that is cut off. F: each sensor
		## counts and decides for itself.
		aggregate: bool &default=T;
		## How much later than those of other sensors, in packet time, observations may come and still count;
		## allowed_lateness where it is not given.
		lateness: interval &optional;
		## With $window: while observations go on to find the value at a threshold that was crossed, that is told of
		## again (threshold_crossed is called) each time that this much time has gone by. 0secs: never.
		remind: interval &optional;
	};

	## Where sensors count together: how late an observation may come, in packet time, and still count. It counts at its own
	## time: in a sliding window that still reaches back to it, or in the epoch that still lasts; otherwise over a window
	## of its own, with others that come as late.
	option allowed_lateness: interval = 1hr;

	## Most keys of all SumStats together. Beyond it the key seen least recently is dropped, of the SumStat that
	## has most keys.
	option max_keys: count = 1000000;

	## Most bytes that keys and results hold, roughly; handled likewise.
	option max_memory: count = 536870912;

	## Most values that one result keeps for LAST, SAMPLE, TOPK or UNIQUE.
	option max_elements: count = 100000;

	## Where results are kept over a restart: read at the start, written every minute and at the end. With a file
	## the end of the run does not end epochs; they go on in the next run. Empty: nowhere.
	option state_file = "";

	## What is kept, and what was dropped at a ceiling.
	type Stats: record {
		## Keys, and bytes that they hold.
		keys: count;
		memory: count;
		## Keys dropped.
		evicted: count;
		## Distinct values not counted because of max_elements.
		cut: count;
	};

	## What an observation comes from.
	type Origin: record {
		## The connection of the event that is being handled.
		uid: string &optional;
		id: conn_id &optional;
		## The text that was observed.
		str: string &optional;
	};

	## Within threshold_crossed: what the observation comes from that made the value reach the threshold.
	global origin: function(): SumStats::Origin;

	## Starts a SumStat. One of the same name is replaced.
	global create: function(ss: SumStats::SumStat);

	## Gives an observation to a stream.
	global observe: function(id: string, orig_key: SumStats::Key, obs: SumStats::Observation);

	## A key's results so far, or an empty table.
	global request_key: function(ss_name: string, key: SumStats::Key): SumStats::Result;

	## A key as text.
	global key2str: function(key: SumStats::Key): string;

	## Ends the epoch of a SumStat whose epoch is 0secs. F if there is no such SumStat.
	global next_epoch: function(ss_name: string): bool;

	## The values that LAST keeps.
	global get_last: function(rv: SumStats::ResultVal): vector of SumStats::Observation;

	## What is kept, and what was dropped.
	global get_stats: function(): SumStats::Stats;
}

type ObserveFunc: function(r: Reducer, val: double, data: Observation, rv: ResultVal);

# Calculations of scripts: register_observe_plugin and add_observe_plugin_dependency are called from bodies of the first
# hook. The others are called with each new result, and where results are put together.
global register_observe_plugins: hook();
global init_resultval_hook: hook(r: Reducer, rv: ResultVal);
global compose_resultvals_hook: hook(result: ResultVal, rv1: ResultVal, rv2: ResultVal);
global register_observe_plugin: function(calc: Calculation, func: ObserveFunc);
global add_observe_plugin_dependency: function(calc: Calculation, depends_on: Calculation);

global finish_epoch: event(ss: SumStat);
global process_epoch_result: event(ss: SumStat);
global save_state: event();

global __start: function();
global __save: function();
global __finish_epoch: function(ss: SumStat);
global __finish_all: function();
global __deliver: function(ss: SumStat);

function key2str(key: SumStats::Key): string
	{
	local parts: vector of string = vector();
	if ( key?$host )
		parts += fmt("host=%s", key$host);
	if ( key?$str )
		parts += fmt("str=%s", key$str);
	return fmt("sumstats_key(%s)", join_string_vec(parts, ", "));
	}

function get_last(rv: SumStats::ResultVal): vector of SumStats::Observation
	{
	local kept: vector of any = vector();
	if ( rv?$last_elements )
		Queue::get_vector(rv$last_elements, kept);

	local values: vector of SumStats::Observation = vector();
	for ( i in kept )
		values += kept[i] as SumStats::Observation;
	return values;
	}

event zeek_init() &priority=100000
	{
	__start();
	hook register_observe_plugins();
	if ( state_file != "" )
		schedule 1min { SumStats::save_state() };
	}

event SumStats::save_state()
	{
	if ( zeek_is_terminating() )
		return;
	__save();
	schedule 1min { SumStats::save_state() };
	}

event SumStats::finish_epoch(ss: SumStat)
	{
	if ( ! zeek_is_terminating() )
		__finish_epoch(ss);
	}

event SumStats::process_epoch_result(ss: SumStat)
	{
	__deliver(ss);
	}

event zeek_done() &priority=10
	{
	__finish_all();
	}

event zeek_done() &priority=-100000
	{
	if ( state_file != "" )
		__save();
	}
