//! syslog.log of messages that no program would send, end to end.

use crate::build::{CLIENT, Capture, host};
use crate::replay::golden;

#[test]
fn odd_syslog_gives_its_golden_logs() {
    let mut capture = Capture::new();
    let receiver = host(2, 514);
    let messages: [&[u8]; 5] = [
        b"<38>Nov 14 22:13:20 heron sshd[7]: Accepted password for root",
        b"<191>debug of local7",
        b"no priority at all",
        b"<999>a facility without a name",
        b"<34",
    ];
    for (at, message) in messages.into_iter().enumerate() {
        capture.udp(at as u32 * 10, CLIENT, receiver, message);
    }
    // Where nobody listens for it, it is not looked for.
    capture.udp(100, CLIENT, host(2, 9), b"<38>to another port");
    golden::check("odd_syslog", &capture);
}
