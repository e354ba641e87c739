use super::*;
use crate::time::Interval;

fn at(millis: i64) -> Time {
    Time::from_nanos(millis * 1_000_000)
}

fn host(n: u32) -> Key {
    let mut address = [0; 16];
    address[12..].copy_from_slice(&n.to_be_bytes());
    Key { host: Some(address), text: None }
}

fn num(n: u64) -> Obs {
    Obs { num: Some(n), ..Obs::default() }
}

fn text(text: &str) -> Obs {
    Obs { text: Some(text.as_bytes().into()), ..Obs::default() }
}

fn reducer(calcs: &[Calc]) -> Reducer {
    let mut all = Calcs::default();
    calcs.iter().for_each(|calc| all.add(*calc));
    Reducer {
        stream: 0,
        calcs: all,
        last: 3,
        samples: 2,
        topk: 10,
        unique_max: None,
        hll_error: 0.01,
        hll_confidence: 0.95,
    }
}

fn spec(name: &str, calcs: &[Calc], window: Option<i64>, threshold: Option<f64>) -> Spec {
    Spec {
        name: name.to_owned(),
        streams: vec![b"stream".to_vec()],
        reducers: vec![reducer(calcs)],
        window: window.map(Interval::from_millis),
        remind: None,
        threshold,
        series: Vec::new(),
        crossings: true,
        results: false,
    }
}

/// Observes and compares the sum with the threshold, as the host does.
fn hit(engine: &mut Engine, id: StatId, key: &Key, value: u64, now: Time) -> bool {
    let Some(slot) = engine.observe(id, 0, key, &num(value), now) else { return false };
    engine.fill(slot, now);
    let sum = value_of(engine, slot, Calc::Sum).unwrap();
    engine.cross(slot, sum, now).is_some()
}

fn value_of(engine: &Engine, slot: Slot, calc: Calc) -> Option<f64> {
    let rule = &engine.spec(slot.stat).unwrap().reducers[0];
    engine.entry(slot).unwrap().held[0].as_ref().unwrap().number(rule, calc)
}

const ALL: [Calc; 11] = [
    Calc::Average,
    Calc::HllUnique,
    Calc::Last,
    Calc::Max,
    Calc::Min,
    Calc::Sample,
    Calc::StdDev,
    Calc::Sum,
    Calc::Topk,
    Calc::Unique,
    Calc::Variance,
];

#[test]
fn a_crossing_that_goes_on_is_told_of_again() {
    let mut engine = Engine::default();
    let remind = Some(Interval::from_millis(2_000));
    let id = engine.add(Spec { remind, ..spec("kept up", &[Calc::Sum], Some(1_000), Some(3.0)) });
    let crossed: Vec<i64> =
        (0..70).map(|i| i * 100).filter(|ms| hit(&mut engine, id, &host(1), 1, at(*ms))).collect();
    assert_eq!(crossed, [200, 2_200, 4_200, 6_200]);
    // After a pause it is a crossing of its own, and the time to the next reminder begins with it.
    let crossed: Vec<i64> =
        (90..120).map(|i| i * 100).filter(|ms| hit(&mut engine, id, &host(1), 1, at(*ms))).collect();
    assert_eq!(crossed, [9_200, 11_200]);

    // What was saved goes on.
    let saved = engine.save(|_| None);
    let mut again = Engine::default();
    let id = again.add(Spec { remind, ..spec("kept up", &[Calc::Sum], Some(1_000), Some(3.0)) });
    again.adopt(id, &mut Saved::read(&saved).unwrap());
    let crossed: Vec<i64> =
        (120..150).map(|i| i * 100).filter(|ms| hit(&mut again, id, &host(1), 1, at(*ms))).collect();
    assert_eq!(crossed, [13_200]);
    // Without a window there is nothing that could go on.
    let epoch = engine.add(Spec { remind, ..spec("epoch", &[Calc::Sum], None, Some(3.0)) });
    assert_eq!((0..90).filter(|i| hit(&mut engine, epoch, &host(1), 1, at(i * 100))).count(), 1);
}

#[test]
fn numbers_are_those_of_the_definitions() {
    for window in [None, Some(1_000_000)] {
        let mut engine = Engine::default();
        let id = engine.add(spec("all", &ALL, window, None));
        let mut slot = None;
        for (i, n) in [5, 22, 94, 50, 50].into_iter().enumerate() {
            slot = engine.observe(id, 0, &host(1), &num(n), at(i as i64));
        }
        let slot = slot.unwrap();
        let about = |calc: Calc, wanted: f64| {
            let got = value_of(&engine, slot, calc).unwrap();
            assert!((got - wanted).abs() < 1e-9, "{calc:?} over {window:?}: {got}, not {wanted}");
        };
        about(Calc::Sum, 221.0);
        about(Calc::Average, 44.2);
        about(Calc::Max, 94.0);
        about(Calc::Min, 5.0);
        about(Calc::Variance, 1144.2);
        about(Calc::StdDev, 1144.2_f64.sqrt());
        about(Calc::Unique, 4.0);
        about(Calc::HllUnique, 4.0);
        let held = engine.entry(slot).unwrap().held[0].as_ref().unwrap();
        assert_eq!((held.num(), held.begin(), held.end()), (5, at(0), at(4)));
    }
}

#[test]
fn a_threshold_is_crossed_at_the_observation_that_reaches_it_and_once_an_epoch() {
    let mut engine = Engine::default();
    let id = engine.add(spec("errors", &[Calc::Sum], None, Some(10.0)));
    let crossed: Vec<bool> = (0..15).map(|i| hit(&mut engine, id, &host(1), 1, at(i))).collect();
    assert_eq!(crossed.iter().position(|c| *c), Some(9));
    assert_eq!(crossed.iter().filter(|c| **c).count(), 1);
    assert_eq!(engine.take_all(id).len(), 1);
    assert!((0..9).all(|i| !hit(&mut engine, id, &host(1), 1, at(100 + i))));
    assert!(hit(&mut engine, id, &host(1), 1, at(200)));
}

#[test]
fn a_series_is_crossed_step_by_step() {
    let mut engine = Engine::default();
    let series = Spec { series: vec![3.0, 6.0, 800.0], ..spec("steps", &[Calc::Sum], None, None) };
    let id = engine.add(series);
    assert!(hit(&mut engine, id, &host(1), 1000, at(0)));
    assert!(hit(&mut engine, id, &host(1), 1, at(1)));
    assert!(hit(&mut engine, id, &host(1), 1, at(2)));
    assert!(!hit(&mut engine, id, &host(1), 1, at(3)));
}

#[test]
fn a_window_catches_what_straddles_an_edge_and_rests_until_the_value_has_fallen() {
    let mut engine = Engine::default();
    let id = engine.add(spec("window", &[Calc::Sum], Some(1_000), Some(98.0)));
    let crossed: Vec<i64> = (0..120).filter(|i| hit(&mut engine, id, &host(1), 1, at(*i))).collect();
    assert_eq!(crossed, [97]);
    // All of it has left the window: 98 more are needed, and are told of again.
    let again: Vec<i64> = (5_000..5_200).filter(|i| hit(&mut engine, id, &host(1), 1, at(*i))).collect();
    assert_eq!(again, [5_097]);
}

#[test]
fn an_observation_leaves_the_window_when_it_is_that_old() {
    let mut engine = Engine::default();
    let id = engine.add(spec("window", &ALL, Some(1_000), None));
    let mut see = |n: u64, now: i64| engine.observe(id, 0, &host(1), &num(n), at(now)).unwrap();
    see(100, 0);
    see(7, 1);
    let slot = see(9, 999);
    assert_eq!(value_of(&engine, slot, Calc::Sum), Some(116.0));
    let slot = engine.observe(id, 0, &host(1), &num(9), at(1_000)).unwrap();
    let got = |calc| value_of(&engine, slot, calc).unwrap();
    assert_eq!((got(Calc::Sum), got(Calc::Max), got(Calc::Unique)), (25.0, 9.0, 2.0));
    let Some(Held::Window(window)) = &engine.entry(slot).unwrap().held[0] else { panic!("not a window") };
    assert_eq!(window.last().map(|obs| obs.num.unwrap()).collect::<Vec<_>>(), [7, 9, 9]);
    assert_eq!((window.sample_elements(), window.samples(2).len()), (4, 2));
}

/// Against adding up everything anew each time.
#[test]
fn windows_agree_with_a_plain_recount() {
    let mut engine = Engine::default();
    let id = engine.add(spec("window", &[Calc::Sum, Calc::Max, Calc::Variance], Some(700), None));
    let mut all: Vec<(i64, u64)> = Vec::new();
    let (mut state, mut now) = (7_u64, 0);
    for _ in 0..3_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        now += (state >> 61) as i64;
        let n = (state >> 40) % 1_000;
        all.push((now, n));
        let slot = engine.observe(id, 0, &host(1), &num(n), at(now)).unwrap();
        let live: Vec<f64> =
            all.iter().filter(|(when, _)| *when + 700 > now).map(|(_, n)| *n as f64).collect();
        let sum: f64 = live.iter().sum();
        let mean = sum / live.len() as f64;
        let squares: f64 = live.iter().map(|n| (n - mean).powi(2)).sum();
        let variance = if live.len() > 1 { squares / (live.len() - 1) as f64 } else { 0.0 };
        assert_eq!(value_of(&engine, slot, Calc::Sum), Some(sum));
        assert_eq!(value_of(&engine, slot, Calc::Max), live.iter().copied().reduce(f64::max));
        let got = value_of(&engine, slot, Calc::Variance).unwrap();
        assert!((got - variance).abs() < 1e-6 * variance.max(1.0), "{got}, not {variance}");
    }
}

#[test]
fn a_busy_key_costs_bounded_memory_and_counts_at_most_a_256th_too_long() {
    let mut engine = Engine::default();
    let id = engine.add(spec("window", &[Calc::Sum], Some(1_000_000), None));
    let mut bytes = 0;
    for i in 0..200_000_i64 {
        // A hundred observations a second, each at a time of its own.
        let now = at(i * 10);
        let slot = engine.observe(id, 0, &host(1), &num(1), now).unwrap();
        bytes = bytes.max(engine.counters().bytes);
        let exact = (i + 1).min(100_000) as f64;
        let got = value_of(&engine, slot, Calc::Sum).unwrap();
        assert!(got >= exact && got <= exact + 100_000.0 / 256.0 + 1.0, "{got}, not {exact}, at {i}");
    }
    assert!(bytes < 256 << 10, "{bytes}");
}

#[test]
fn a_million_keys_stay_under_the_ceiling_and_the_one_that_crosses_is_caught() {
    let mut engine = Engine::default();
    engine.set_limits(Limits { keys: 10_000, bytes: usize::MAX, elements: 100 });
    let quiet = engine.add(spec("quiet", &[Calc::Sum], None, None));
    for i in 0..50 {
        engine.observe(quiet, 0, &host(i), &num(1), at(0));
    }
    let id = engine.add(spec("flooded", &[Calc::Sum], None, Some(100.0)));
    let attacker = host(u32::MAX);
    let mut crossed = Vec::new();
    for i in 0..1_000_000_u32 {
        hit(&mut engine, id, &host(i), 1, at(1));
        if i % 5_000 == 0 && hit(&mut engine, id, &attacker, 1, at(1)) {
            crossed.push(i / 5_000 + 1);
        }
        assert!(engine.counters().keys <= 10_000);
    }
    assert_eq!(crossed, [100]);
    let counters = engine.counters();
    assert_eq!((counters.keys, counters.evicted), (10_000, 1_000_000 + 1 + 50 - 10_000));
    assert_eq!(engine.slots(quiet).len(), 50, "the flood cost another SumStat its keys");
    assert!(engine.find(id, &host(999_999)).is_some() && engine.find(id, &host(5)).is_none());
}

#[test]
fn bytes_are_bounded_too_and_accounted_for() {
    let mut engine = Engine::default();
    engine.set_limits(Limits { keys: usize::MAX, bytes: 1 << 20, elements: 1_000 });
    for window in [None, Some(60_000)] {
        let id = engine.add(spec("values", &ALL, window, None));
        for i in 0..20_000_u32 {
            let obs = text(&format!("{i} {}", "x".repeat((i % 97) as usize)));
            engine.observe(id, 0, &host(i % 200), &obs, at(i64::from(i)));
            assert!(engine.counters().bytes <= 1 << 20);
        }
        assert!(engine.counters().evicted > 0);
        engine.remove(id);
        assert_eq!((engine.counters().keys, engine.counters().bytes), (0, 0), "{window:?}");
    }
}

/// What is accounted for bit by bit is what a look at the whole finds.
#[test]
fn the_account_of_bytes_does_not_drift() {
    for window in [None, Some(500)] {
        let mut engine = Engine::default();
        engine.set_limits(Limits { keys: 1_000, bytes: usize::MAX, elements: 20 });
        let id = engine.add(spec("values", &ALL, window, None));
        engine.observe(id, 0, &host(1), &num(1), at(0));
        let empty = engine.entry(engine.find(id, &host(1)).unwrap()).unwrap();
        let beside = empty.bytes - empty.held[0].as_ref().unwrap().bytes();
        for i in 0..5_000_i64 {
            engine.observe(id, 0, &host(1), &text(&"y".repeat((i % 41) as usize)), at(i));
        }
        let entry = engine.entry(engine.find(id, &host(1)).unwrap()).unwrap();
        assert_eq!(entry.bytes - beside, entry.held[0].as_ref().unwrap().bytes(), "{window:?}");
        assert_eq!(engine.counters().bytes as usize, entry.bytes);
    }
}

#[test]
fn keys_of_an_idle_window_are_dropped() {
    let mut engine = Engine::default();
    let id = engine.add(spec("window", &[Calc::Sum], Some(1_000), None));
    for i in 0..100 {
        engine.observe(id, 0, &host(i), &num(1), at(0));
    }
    for i in 0..60 {
        engine.observe(id, 0, &host(1_000), &num(1), at(1_500 + i));
    }
    let counters = engine.counters();
    assert_eq!((counters.keys, counters.evicted), (1, 0));
}

#[test]
fn distinct_values_are_bounded_and_the_cut_is_counted() {
    for window in [None, Some(60_000)] {
        let mut engine = Engine::default();
        engine.set_limits(Limits { elements: 10, ..engine.limits });
        let id = engine.add(spec("values", &[Calc::Unique], window, None));
        let mut slot = None;
        for i in 0..25 {
            slot = engine.observe(id, 0, &host(1), &num(i), at(i as i64));
        }
        assert_eq!(value_of(&engine, slot.unwrap(), Calc::Unique), Some(10.0));
        assert_eq!(engine.counters().cut, 15);
    }
}

#[test]
fn cardinality_is_close_where_there_are_many() {
    let mut engine = Engine::default();
    let id = engine.add(spec("values", &[Calc::HllUnique], None, None));
    let mut slot = None;
    for i in 0..100_000 {
        slot = engine.observe(id, 0, &host(1), &num(i % 50_000), at(0));
    }
    let got = value_of(&engine, slot.unwrap(), Calc::HllUnique).unwrap();
    assert!((got - 50_000.0).abs() < 1_000.0, "{got}");
}

#[test]
fn the_most_frequent_are_found_in_bounded_memory() {
    let mut engine = Engine::default();
    let id = engine.add(spec("values", &[Calc::Topk], Some(1_000_000), None));
    for i in 0..10_000_i64 {
        engine.observe(id, 0, &host(1), &num(if i % 3 == 0 { 7 } else { i as u64 + 100 }), at(i));
    }
    let entry = engine.entry(engine.find(id, &host(1)).unwrap()).unwrap();
    let Some(Held::Window(window)) = &entry.held[0] else { panic!("not a window") };
    let topk = window.topk(10);
    let (count, element) = topk.elements().last().unwrap();
    assert_eq!((element.obs.num, topk.elements().count()), (Some(7), 10));
    assert!(count >= 3_334 && count - element.epsilon <= 3_334, "{count} {}", element.epsilon);
}

fn saved_and_read(engine: &Engine) -> Saved {
    Saved::read(&engine.save(|_| Some(at(77)))).unwrap()
}

#[test]
fn results_go_on_from_where_they_were_saved() {
    for window in [None, Some(60_000)] {
        let mut before = Engine::default();
        let id = before.add(spec("all", &ALL, window, Some(1e9)));
        for i in 0..700 {
            before.observe(id, 0, &host(i % 7), &num(u64::from(i)), at(i64::from(i)));
            before.observe(id, 0, &host(i % 7), &text(&format!("value {}", i % 300)), at(i64::from(i)));
        }
        let mut after = Engine::default();
        let id = after.add(spec("all", &ALL, window, Some(1e9)));
        assert_eq!(after.adopt(id, &mut saved_and_read(&before)), Some(Some(at(77))));
        assert_eq!(before.counters().keys, after.counters().keys);
        for engine in [&mut before, &mut after] {
            engine.observe(id, 0, &host(3), &num(5), at(800)).unwrap();
        }
        let (old, new) = (before.find(id, &host(3)).unwrap(), after.find(id, &host(3)).unwrap());
        for (calc, _) in Calc::ALL {
            assert_eq!(value_of(&before, old, calc), value_of(&after, new, calc), "{calc:?} {window:?}");
        }
        let bytes = before.entry(old).unwrap().bytes;
        assert!(after.entry(new).unwrap().bytes.abs_diff(bytes) <= bytes / 2);
    }
}

#[test]
fn a_crossing_is_remembered_unless_the_threshold_is_another() {
    let mut before = Engine::default();
    let id = before.add(spec("errors", &[Calc::Sum], None, Some(10.0)));
    assert!(hit(&mut before, id, &host(1), 10, at(0)));
    for (threshold, again) in [(10.0, false), (11.0, true)] {
        let mut after = Engine::default();
        let id = after.add(spec("errors", &[Calc::Sum], None, Some(threshold)));
        assert!(after.adopt(id, &mut saved_and_read(&before)).is_some());
        assert_eq!(hit(&mut after, id, &host(1), 1, at(1)), again);
    }
    // Other reducers: nothing to go on with.
    let mut after = Engine::default();
    let id = after.add(spec("errors", &[Calc::Max], None, Some(10.0)));
    assert_eq!(after.adopt(id, &mut saved_and_read(&before)), None);
    assert_eq!(after.counters().keys, 0);
}

#[test]
fn damage_is_found_wherever_it_is() {
    let mut engine = Engine::default();
    let id = engine.add(spec("all", &ALL, None, None));
    for i in 0..20 {
        engine.observe(id, 0, &host(i), &text("abc"), at(0));
    }
    let whole = engine.save(|_| None);
    assert!(Saved::read(&whole).is_ok());
    for i in 0..whole.len() {
        assert!(Saved::read(&whole[..i]).is_err(), "cut at {i}");
        let mut changed = whole.clone();
        changed[i] ^= 0x10;
        assert!(Saved::read(&changed).is_err(), "changed at {i}");
    }
    assert_eq!(Saved::read(b"text").err(), Some(Damaged::Unknown));
    // A right checksum over lengths that are not there.
    let mut lying = whole[..8].to_vec();
    lying.extend(crc32fast::hash(&[0xff; 8]).to_le_bytes());
    lying.extend([0xff; 8]);
    assert_eq!(Saved::read(&lying).err(), Some(Damaged::Content));
}

#[test]
fn what_changed_is_enough_to_go_on_with() {
    for window in [None, Some(60_000)] {
        let mut before = Engine::default();
        before.track();
        let id = before.add(spec("all", &ALL, window, Some(1e9)));
        let mut kept = std::collections::HashMap::new();
        for round in 0..10 {
            for i in 0..70 {
                let now = at(round * 100 + i64::from(i));
                before.observe(id, 0, &host(i % 7 + u32::try_from(round).unwrap()), &num(u64::from(i)), now);
            }
            for (id, key) in before.take_changes() {
                match before.save_key(id, &key) {
                    Some(held) => drop(kept.insert(key.bytes(), held)),
                    None => drop(kept.remove(&key.bytes())),
                }
            }
        }
        assert!(before.take_changes().is_empty());
        let mut saved = Saved::default();
        saved.add_stat(&before.save_stat(id, Some(at(77))).unwrap()).unwrap();
        kept.values().for_each(|held| saved.add_key("all", held).unwrap());
        assert!(saved.add_key("all", b"nonsense").is_none() && saved.add_key("none", b"").is_none());
        saved.settle();
        let mut after = Engine::default();
        let id = after.add(spec("all", &ALL, window, Some(1e9)));
        assert_eq!(after.adopt(id, &mut saved), Some(Some(at(77))));
        assert_eq!(before.counters().keys, after.counters().keys);
        for slot in before.slots(id) {
            let key = &before.entry(slot).unwrap().key;
            let there = after.find(id, key).unwrap();
            for (calc, _) in Calc::ALL {
                assert_eq!(
                    value_of(&before, slot, calc),
                    value_of(&after, there, calc),
                    "{calc:?} {window:?}"
                );
            }
        }
        // Keys that go are changes too.
        before.take_all(id);
        assert_eq!(before.take_changes().len(), kept.len());
    }
}

#[test]
fn what_comes_late_counts_in_a_window_as_if_it_had_come_in_time() {
    let exact = [Calc::Sum, Calc::Average, Calc::Max, Calc::Min, Calc::Unique];
    let window = 10_000;
    let times: Vec<i64> = (0..400).map(|n| n * 37 % 9_000).collect();
    let (mut late, mut timely) = (Engine::default(), Engine::default());
    let ids = [&mut late, &mut timely].map(|engine| engine.add(spec("all", &ALL, Some(window), None)));
    let seen = |engine: &mut Engine, id, time: i64, is_late| {
        let obs = if time % 3 == 0 { text(&format!("{}", time % 11)) } else { num(time as u64) };
        engine.observe_at(id, 0, (&host(1), &obs), at(time), is_late)
    };
    // One that is the latest of all, and then the others in no order.
    let last = seen(&mut late, ids[0], 9_500, false).unwrap();
    times.iter().for_each(|time| assert!(seen(&mut late, ids[0], *time, true).is_some()));
    let mut sorted = times.clone();
    sorted.sort_unstable();
    sorted.iter().for_each(|time| assert!(seen(&mut timely, ids[1], *time, false).is_some()));
    let same = seen(&mut timely, ids[1], 9_500, false).unwrap();
    for now in [9_500, 13_000, 17_000, 19_000, 25_000] {
        late.expire(last, at(now));
        timely.expire(same, at(now));
        // Of many distinct values the late ones stay as long as the latest.
        for calc in exact.into_iter().filter(|calc| now == 9_500 || *calc != Calc::Unique) {
            let close = |a: Option<f64>, b: Option<f64>| match (a, b) {
                (Some(a), Some(b)) => (a - b).abs() < 1e-6,
                (a, b) => a == b,
            };
            let (a, b) = (value_of(&late, last, calc), value_of(&timely, same, calc));
            assert!(close(a, b), "{calc:?} at {now}: {a:?} and {b:?}");
        }
    }
    assert!(late.reaches_back(ids[0], &host(1), at(0)) && late.reaches_back(ids[0], &host(2), at(-99_999)));
    assert!(!late.reaches_back(ids[0], &host(1), at(-600)));
}
