//! The program at the interface, which sends every frame into the socket of its queue.
//!
//! It is so small that it stands here as the kernel's instructions (RFC 9669).

use std::ffi::CStr;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

/// Loaded, but not at the interface yet.
pub(super) struct Program {
    program: OwnedFd,
    map: OwnedFd,
}

/// At the interface until this is dropped, or the process ends.
pub(super) struct Attached {
    link: Mutex<Option<OwnedFd>>,
    _program: Program,
    /// The driver runs it, not the kernel's generic code.
    pub in_driver: bool,
}

/// What the program puts in front of a frame, if the driver keeps room for it: when it came, by the clock that
/// counts from the start of the system, in nanoseconds; and a mark that it did.
pub(super) const STAMP_BYTES: usize = 16;
pub(super) const STAMP_MARK: u64 = 0x6e6a_7374_616d_7021;

/// linux/bpf.h.
const MAP_CREATE: i32 = 0;
const MAP_UPDATE_ELEM: i32 = 2;
const PROG_LOAD: i32 = 5;
const LINK_CREATE: i32 = 28;
const MAP_TYPE_XSKMAP: u32 = 17;
const PROG_TYPE_XDP: u32 = 6;
const ATTACH_XDP: u32 = 37;
/// linux/if_link.h.
const XDP_FLAGS_SKB_MODE: u32 = 1 << 1;
const XDP_FLAGS_DRV_MODE: u32 = 1 << 2;

#[repr(C)]
struct Instruction {
    code: u8,
    /// The destination in the lower half, the source in the upper one.
    registers: u8,
    offset: i16,
    immediate: i32,
}

const fn op(code: u8, to: u8, from: u8, offset: i16, immediate: i32) -> Instruction {
    Instruction { code, registers: from << 4 | to, offset, immediate }
}

/// `to = from`.
const fn copy(to: u8, from: u8) -> Instruction {
    op(0xbf, to, from, 0, 0)
}

/// `to = value`.
const fn set(to: u8, value: i32) -> Instruction {
    op(0xb7, to, 0, 0, value)
}

/// `to = *(u32 *)(from + offset)`.
const fn load(to: u8, from: u8, offset: i16) -> Instruction {
    op(0x61, to, from, offset, 0)
}

/// `*(u64 *)(to + offset) = from`.
const fn store(to: u8, from: u8, offset: i16) -> Instruction {
    op(0x7b, to, from, offset, 0)
}

const fn call(helper: i32) -> Instruction {
    op(0x85, 0, 0, 0, helper)
}

/// The two halves of `to = value`; of a map's descriptor where `kind` is 1.
const fn set_wide(to: u8, kind: u8, value: u64) -> [Instruction; 2] {
    [op(0x18, to, kind, 0, value as u32 as i32), op(0, 0, 0, 0, (value >> 32) as u32 as i32)]
}

/// bpf_ktime_get_ns, bpf_redirect_map, bpf_xdp_adjust_meta.
const KTIME: i32 = 5;
const REDIRECT_MAP: i32 = 51;
const ADJUST_META: i32 = 54;
/// Fields of `struct xdp_md`.
const DATA: i16 = 0;
const DATA_META: i16 = 8;
const QUEUE: i16 = 16;
/// What is done with frames of a queue without a socket: the host gets them.
const XDP_PASS: i32 = 2;

fn instructions(map: BorrowedFd<'_>) -> Vec<Instruction> {
    let [mark_low, mark_high] = set_wide(1, 0, STAMP_MARK);
    let [map_low, map_high] = set_wide(1, 1, map.as_raw_fd() as u64);
    vec![
        copy(6, 1),
        set(2, -(STAMP_BYTES as i32)),
        call(ADJUST_META),
        // if r0 != 0: no room, on without a stamp
        op(0x55, 0, 0, 10, 0),
        load(7, 6, DATA_META),
        load(2, 6, DATA),
        copy(3, 7),
        op(0x07, 3, 0, 0, STAMP_BYTES as i32),
        // if r3 > r2: never, but the kernel wants to see it
        op(0x2d, 3, 2, 5, 0),
        call(KTIME),
        store(7, 0, 0),
        mark_low,
        mark_high,
        store(7, 1, 8),
        map_low,
        map_high,
        load(2, 6, QUEUE),
        set(3, XDP_PASS),
        call(REDIRECT_MAP),
        op(0x95, 0, 0, 0, 0),
    ]
}

/// The address of a `T` that the kernel reads, for as long as that is borrowed.
#[repr(transparent)]
struct Address<'a, T: ?Sized>(u64, PhantomData<&'a T>);

impl<'a, T: ?Sized> Address<'a, T> {
    fn of(what: &'a T) -> Self {
        Address((&raw const *what).addr() as u64, PhantomData)
    }
}

/// What bpf(2) is given.
///
/// # Safety
/// It begins as the kernel's `union bpf_attr` does for that command and has no gaps; of the command the kernel only reads
/// what the addresses in it are of.
unsafe trait Attributes {
    const COMMAND: i32;
}

// SAFETY: linux/bpf.h; it has no address.
unsafe impl Attributes for MapCreate {
    const COMMAND: i32 = MAP_CREATE;
}

// SAFETY: linux/bpf.h; our map has keys and values of four bytes.
unsafe impl Attributes for MapUpdate<'_> {
    const COMMAND: i32 = MAP_UPDATE_ELEM;
}

// SAFETY: linux/bpf.h; `ProgLoad::new` gives the number of the instructions, and a text ends with a zero.
unsafe impl Attributes for ProgLoad<'_> {
    const COMMAND: i32 = PROG_LOAD;
}

// SAFETY: linux/bpf.h; it has no address.
unsafe impl Attributes for LinkCreate {
    const COMMAND: i32 = LINK_CREATE;
}

#[repr(C)]
struct MapCreate {
    kind: u32,
    key_size: u32,
    value_size: u32,
    max_entries: u32,
}

#[repr(C)]
struct MapUpdate<'a> {
    map: u32,
    _pad: u32,
    key: Address<'a, u32>,
    value: Address<'a, u32>,
    flags: u64,
}

#[repr(C)]
struct ProgLoad<'a> {
    kind: u32,
    instructions: u32,
    code: Address<'a, [Instruction]>,
    license: Address<'a, CStr>,
}

impl<'a> ProgLoad<'a> {
    fn new(code: &'a [Instruction]) -> Self {
        ProgLoad {
            kind: PROG_TYPE_XDP,
            instructions: code.len() as u32,
            code: Address::of(code),
            license: Address::of(c"Apache-2.0"),
        }
    }
}

#[repr(C)]
struct LinkCreate {
    program: u32,
    interface: u32,
    attach: u32,
    flags: u32,
}

impl Program {
    /// For so many queues.
    pub fn load(queues: usize) -> io::Result<Program> {
        let create = MapCreate {
            kind: MAP_TYPE_XSKMAP,
            key_size: size_of::<u32>() as u32,
            value_size: size_of::<u32>() as u32,
            max_entries: u32::try_from(queues).map_err(io::Error::other)?,
        };
        let map = made(bpf(&create)?);
        let code = instructions(map.as_fd());
        Ok(Program { program: made(bpf(&ProgLoad::new(&code))?), map })
    }

    /// Frames of this queue go into this socket.
    pub fn send_to(&self, queue: usize, socket: &impl AsFd) -> io::Result<()> {
        let key = queue as u32;
        let value = socket.as_fd().as_raw_fd() as u32;
        let update = MapUpdate {
            map: self.map.as_raw_fd() as u32,
            _pad: 0,
            key: Address::of(&key),
            value: Address::of(&value),
            flags: 0,
        };
        bpf(&update).map(drop)
    }

    /// In the driver if that can, else in the kernel's generic code.
    pub fn attach(self, interface: u32) -> io::Result<Attached> {
        let attach = |flags| {
            let program = self.program.as_raw_fd() as u32;
            bpf(&LinkCreate { program, interface, attach: ATTACH_XDP, flags })
        };
        let (link, in_driver) = match attach(XDP_FLAGS_DRV_MODE) {
            Ok(link) => (link, true),
            Err(_) => (attach(XDP_FLAGS_SKB_MODE)?, false),
        };
        Ok(Attached { link: Mutex::new(Some(made(link))), _program: self, in_driver })
    }
}

impl Attached {
    pub fn detach(&self) {
        // Closing takes it from the interface, which needs no privilege.
        drop(self.link.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

fn made(fd: i32) -> OwnedFd {
    // SAFETY: `fd` is a descriptor that bpf(2) has just made, and nobody else's.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// bpf(2).
fn bpf<T: Attributes>(attributes: &T) -> io::Result<i32> {
    let address = std::ptr::from_ref(attributes);
    // SAFETY: the structure is valid for the length given, is what the command takes, and what its addresses are of is
    // borrowed for as long as it is.
    let result = unsafe { libc::syscall(libc::SYS_bpf, T::COMMAND, address, size_of::<T>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
}
