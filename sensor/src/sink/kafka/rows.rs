//! Single rows to librdkafka, and its reports on them.
//!
//! rdkafka's own calls for this look up the topic by name, and keep a counted reference and a callback for
//! every report. At 200,000 rows a second that is a third of what exporting costs, so that these few calls
//! go to librdkafka directly. Connections, settings and all that is done rarely use rdkafka.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{self, NonNull};
use std::time::Duration;

use hashbrown::HashMap;
use rdkafka::bindings::{self as native, rd_kafka_vtype_t as Tag};
use rdkafka::client::ClientContext as _;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::sink::kafka::client::Context;

/// A row as librdkafka takes it.
pub(super) struct Record<'a> {
    pub topic: &'a str,
    pub key: &'a [u8],
    pub value: &'a [u8],
    /// Names and values.
    pub headers: &'a [(&'a CStr, &'a [u8])],
    /// In milliseconds since 1970; 0: when it is sent.
    pub timestamp: i64,
    /// What the report calls it.
    pub pos: u64,
}

/// A producer with its topics and reports. What librdkafka counts on goes in this order, the producer last.
pub(super) struct Rows {
    topics: HashMap<Box<str>, Topic, foldhash::fast::RandomState>,
    queue: Queue,
    producer: BaseProducer<Context>,
}

struct Topic(NonNull<native::rd_kafka_topic_t>);
struct Queue(NonNull<native::rd_kafka_queue_t>);
struct Event(NonNull<native::rd_kafka_event_t>);
struct Headers(NonNull<native::rd_kafka_headers_t>);

// SAFETY: librdkafka lets any thread use these.
unsafe impl Send for Topic {}
// SAFETY: as above.
unsafe impl Send for Queue {}

/// librdkafka allocates seven pieces a row and frees them in bulk much later. glibc keeps small ones in bins that
/// are merged again and again as the large ones go; without those bins a row costs a sixth less.
pub(super) fn prepare_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it sets a number.
    unsafe {
        libc::mallopt(libc::M_MXFAST, 0);
    }
}

/// Topics whose handles are kept. Scripts can make more; theirs are asked for each time.
const MAX_TOPICS: usize = 1_000;

impl Rows {
    pub fn new(producer: BaseProducer<Context>) -> Option<Rows> {
        // SAFETY: the client lives; the queue is counted.
        let queue = unsafe { native::rd_kafka_queue_get_main(producer.client().native_ptr()) };
        Some(Rows { topics: HashMap::default(), queue: Queue(NonNull::new(queue)?), producer })
    }

    pub fn producer(&self) -> &BaseProducer<Context> {
        &self.producer
    }

    /// Puts a row, copied, into librdkafka's queue.
    pub fn send(&mut self, record: &Record<'_>) -> Result<(), Code> {
        let Some(topic) = self.topic(record.topic) else { return Err(Code::InvalidTopic) };
        let headers = Headers::new(record.headers).ok_or(Code::Fail)?;
        let key = if record.key.is_empty() { ptr::null() } else { record.key.as_ptr() };
        // SAFETY: tags and the types of what follows them are those of rdkafka.h. Key and value are copied;
        // the headers become librdkafka's if it takes the row. Copying, it writes to neither.
        let answer = unsafe {
            native::rd_kafka_producev(
                self.producer.client().native_ptr(),
                Tag::RD_KAFKA_VTYPE_RKT,
                topic,
                Tag::RD_KAFKA_VTYPE_MSGFLAGS,
                native::RD_KAFKA_MSG_F_COPY,
                Tag::RD_KAFKA_VTYPE_VALUE,
                record.value.as_ptr().cast::<c_void>(),
                record.value.len(),
                Tag::RD_KAFKA_VTYPE_KEY,
                key.cast::<c_void>(),
                record.key.len(),
                Tag::RD_KAFKA_VTYPE_TIMESTAMP,
                record.timestamp,
                Tag::RD_KAFKA_VTYPE_OPAQUE,
                ptr::without_provenance_mut::<c_void>(record.pos as usize),
                Tag::RD_KAFKA_VTYPE_HEADERS,
                headers.0.as_ptr(),
                Tag::RD_KAFKA_VTYPE_END,
            )
        };
        match Code::from(answer) {
            Code::NoError => {
                std::mem::forget(headers);
                Ok(())
            }
            code => Err(code),
        }
    }

    fn topic(&mut self, name: &str) -> Option<*mut native::rd_kafka_topic_t> {
        if let Some(topic) = self.topics.get(name) {
            return Some(topic.0.as_ptr());
        }
        if self.topics.len() >= MAX_TOPICS {
            self.topics.clear();
        }
        let text = CString::new(name).ok()?;
        // SAFETY: the client lives, the name ends with a zero, and no settings are those of the client.
        let topic = unsafe {
            native::rd_kafka_topic_new(self.producer.client().native_ptr(), text.as_ptr(), ptr::null_mut())
        };
        let topic = Topic(NonNull::new(topic)?);
        Some(self.topics.entry(name.into()).insert(topic).get().0.as_ptr())
    }

    /// What librdkafka knows of a topic is not used any more.
    pub fn forget(&mut self, topic: &str) {
        self.topics.remove(topic);
    }

    /// Waits for something to come from librdkafka, but not longer than `wait`, and takes what there is: on
    /// rows into `reports`, all else to the producer's context.
    pub fn poll(&self, wait: Duration, reports: &mut Vec<(u64, Option<Code>)>) {
        let mut wait = c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX);
        for _ in 0..EVENTS_AT_A_TIME {
            // SAFETY: the queue is ours, and so is the event.
            let event = NonNull::new(unsafe { native::rd_kafka_queue_poll(self.queue.0.as_ptr(), wait) });
            let Some(event) = event.map(Event) else { return };
            event.take(self.producer.context(), reports);
            wait = 0;
        }
    }
}

/// Each of them is a request's worth of reports.
const EVENTS_AT_A_TIME: usize = 64;

impl Event {
    fn take(&self, context: &Context, reports: &mut Vec<(u64, Option<Code>)>) {
        let event = self.0.as_ptr();
        // SAFETY: the event lives until the end of this call, and messages and texts as long as it does.
        unsafe {
            match native::rd_kafka_event_type(event) {
                native::RD_KAFKA_EVENT_DR => {
                    while let Some(message) = native::rd_kafka_event_message_next(event).as_ref() {
                        let error = Some(Code::from(message.err)).filter(|code| *code != Code::NoError);
                        reports.push((message._private.addr() as u64, error));
                    }
                }
                native::RD_KAFKA_EVENT_LOG => {
                    let (mut facility, mut text, mut level) = (ptr::null(), ptr::null(), 0);
                    if native::rd_kafka_event_log(event, &mut facility, &mut text, &mut level) == 0 {
                        let level = if level <= RDKafkaLogLevel::Error as c_int {
                            RDKafkaLogLevel::Error
                        } else {
                            RDKafkaLogLevel::Info
                        };
                        context.log(level, text_at(facility).trim(), text_at(text).trim());
                    }
                }
                native::RD_KAFKA_EVENT_ERROR => {
                    let error = KafkaError::Global(native::rd_kafka_event_error(event).into());
                    context.error(error, text_at(native::rd_kafka_event_error_string(event)).trim());
                }
                _ => {}
            }
        }
    }
}

/// # Safety
/// `text` is null or ends with a zero, and stays for as long as the result.
unsafe fn text_at<'a>(text: *const c_char) -> std::borrow::Cow<'a, str> {
    if text.is_null() {
        return "".into();
    }
    // SAFETY: as the caller says.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

impl Headers {
    fn new(headers: &[(&CStr, &[u8])]) -> Option<Headers> {
        // SAFETY: names and values are copied.
        unsafe {
            let made = Headers(NonNull::new(native::rd_kafka_headers_new(headers.len()))?);
            for (name, value) in headers {
                native::rd_kafka_header_add(
                    made.0.as_ptr(),
                    name.as_ptr(),
                    name.count_bytes().cast_signed(),
                    value.as_ptr().cast::<c_void>(),
                    value.len().cast_signed(),
                );
            }
            Some(made)
        }
    }
}

impl Drop for Headers {
    fn drop(&mut self) {
        // SAFETY: librdkafka did not take them.
        unsafe { native::rd_kafka_headers_destroy(self.0.as_ptr()) }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: it is ours.
        unsafe { native::rd_kafka_event_destroy(self.0.as_ptr()) }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        // SAFETY: the handle is ours, and its client still lives.
        unsafe { native::rd_kafka_topic_destroy(self.0.as_ptr()) }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: the reference is ours.
        unsafe { native::rd_kafka_queue_destroy(self.0.as_ptr()) }
    }
}
