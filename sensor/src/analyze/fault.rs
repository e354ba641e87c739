//! A fault to order, for tests of what is done about faults. Builds without debug assertions, such as releases, have
//! none of it.

use std::os::unix::ffi::OsStringExt;
use std::sync::LazyLock;

/// An analyzer that is given this text never comes back.
const SPIN_AT: &str = "NIGHTJAR_TEST_SPIN_AT";

/// Never returns where the environment asks for that at these bytes.
pub(super) fn at(bytes: &[u8]) {
    static SPIN: LazyLock<Option<Vec<u8>>> =
        LazyLock::new(|| std::env::var_os(SPIN_AT).map(OsStringExt::into_vec));
    if let Some(text) = SPIN.as_ref().filter(|text| !text.is_empty()) {
        while bytes.windows(text.len()).any(|window| window == text) {
            std::hint::spin_loop();
        }
    }
}
