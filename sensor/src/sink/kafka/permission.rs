//! Whether the brokers let us write to topics, which only librdkafka's own functions ask.

use std::ffi::{CStr, CString};
use std::os::raw::c_int;
use std::ptr::NonNull;
use std::time::Duration;

use rdkafka::bindings::{self as native, rd_kafka_AclOperation_t as Operation};
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::sink::kafka::client::Context;

/// Those of these topics that exist and that we may not write to. Brokers that do not tell are believed to let us.
pub(super) fn not_writable(
    producer: &BaseProducer<Context>,
    topics: &[&str],
    patience: Duration,
) -> Vec<String> {
    let names: Vec<CString> = topics.iter().filter_map(|name| CString::new(*name).ok()).collect();
    let mut places: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    let client = producer.client().native_ptr();
    // SAFETY: the client lives until the end of this function; names are copied; what is made here is destroyed
    // here, and nothing of the answer is used after it.
    unsafe {
        let topics = native::rd_kafka_TopicCollection_of_topic_names(places.as_mut_ptr(), places.len());
        let topics = Owned::of(topics, native::rd_kafka_TopicCollection_destroy);
        let api = native::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
        let options = native::rd_kafka_AdminOptions_new(client, api);
        let options = Owned::of(options, native::rd_kafka_AdminOptions_destroy);
        let queue = Owned::of(native::rd_kafka_queue_new(client), native::rd_kafka_queue_destroy);
        let (Some(topics), Some(options), Some(queue)) = (topics, options, queue) else { return Vec::new() };
        let error = native::rd_kafka_AdminOptions_set_include_authorized_operations(options.get(), 1);
        if Owned::of(error, native::rd_kafka_error_destroy).is_some() {
            return Vec::new();
        }
        native::rd_kafka_DescribeTopics(client, topics.get(), options.get(), queue.get());
        let wait = c_int::try_from(patience.as_millis()).unwrap_or(c_int::MAX);
        let answer = native::rd_kafka_queue_poll(queue.get(), wait);
        match Owned::of(answer, native::rd_kafka_event_destroy) {
            Some(answer) => read(&answer),
            None => Vec::new(),
        }
    }
}

/// # Safety
/// The event lives.
unsafe fn read(answer: &Owned<native::rd_kafka_event_t>) -> Vec<String> {
    let mut refused = Vec::new();
    // SAFETY: what the event points to lives as long as it does, and is as many as it says.
    unsafe {
        let result = native::rd_kafka_event_DescribeTopics_result(answer.get());
        if result.is_null() {
            return refused;
        }
        let mut count = 0;
        let topics = native::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        for nth in 0..count {
            let topic = *topics.add(nth);
            let mut allowed = 0;
            let operations = native::rd_kafka_TopicDescription_authorized_operations(topic, &mut allowed);
            if operations.is_null() {
                continue;
            }
            let operations = std::slice::from_raw_parts(operations, allowed);
            let writes = [Operation::RD_KAFKA_ACL_OPERATION_WRITE, Operation::RD_KAFKA_ACL_OPERATION_ALL];
            if !operations.iter().any(|operation| writes.contains(operation)) {
                let name = CStr::from_ptr(native::rd_kafka_TopicDescription_name(topic));
                refused.push(name.to_string_lossy().into_owned());
            }
        }
    }
    refused
}

/// Something of librdkafka's, destroyed when it is done with.
struct Owned<T>(NonNull<T>, unsafe extern "C" fn(*mut T));

impl<T> Owned<T> {
    /// # Safety
    /// `destroy` is the function for what `made` points to, which nobody else destroys.
    unsafe fn of(made: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Owned<T>> {
        Some(Owned(NonNull::new(made)?, destroy))
    }

    fn get(&self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: as whoever made it says.
        unsafe { (self.1)(self.0.as_ptr()) }
    }
}
