//! Numbers and what Zeek calls them.

use std::borrow::Cow;

/// What a file was compiled for.
pub fn machine(number: u16) -> Cow<'static, str> {
    let name = match number {
        0x0 => "UNKNOWN",
        0x1d3 => "AM33",
        0x8664 => "AMD64",
        0x1c0 => "ARM",
        0x1c4 => "ARMNT",
        0xaa64 => "ARM64",
        0xebc => "EBC",
        0x14c => "I386",
        0x200 => "IA64",
        0x9041 => "M32R",
        0x266 => "MIPS16",
        0x366 => "MIPSFPU",
        0x466 => "MIPSFPU16",
        0x1f0 => "POWERPC",
        0x1f1 => "POWERPCFP",
        0x166 => "R4000",
        0x1a2 => "SH3",
        0x1a3 => "SH3DSP",
        0x1a6 => "SH4",
        0x1a8 => "SH5",
        0x1c2 => "THUMB",
        0x169 => "WCEMIPSV2",
        other => return format!("unknown-{other}").into(),
    };
    name.into()
}

/// The system that a file needs, by its version.
pub fn os_version(major: u16, minor: u16) -> Cow<'static, str> {
    let name = match (major, minor) {
        (10, 0) => "Windows 10",
        (6, 4) => "Windows 10 Technical Preview",
        (6, 3) => "Windows 8.1 or Server 2012 R2",
        (6, 2) => "Windows 8 or Server 2012",
        (6, 1) => "Windows 7 or Server 2008 R2",
        (6, 0) => "Windows Vista or Server 2008",
        (5, 2) => "Windows XP x64 or Server 2003",
        (5, 1) => "Windows XP",
        (5, 0) => "Windows 2000",
        (4, 90) => "Windows Me",
        (4, 10) => "Windows 98",
        (4, 0) => "Windows 95 or NT 4.0",
        (3, 51) => "Windows NT 3.51",
        (3, 50) => "Windows NT 3.5",
        (3, 2) => "Windows 3.2",
        (3, 11) => "Windows for Workgroups 3.11",
        (3, 10) => "Windows 3.1 or NT 3.1",
        (3, 0) => "Windows 3.0",
        (2, 11) => "Windows 2.11",
        (2, 10) => "Windows 2.10",
        (2, 0) => "Windows 2.0",
        (1, 4) => "Windows 1.04",
        (1, 3) => "Windows 1.03",
        (1, 1) => "Windows 1.01",
        (1, 0) => "Windows 1.0",
        _ => return format!("unknown-{major}.{minor}").into(),
    };
    name.into()
}

/// What a file runs in.
pub fn subsystem(number: u16) -> Cow<'static, str> {
    let name = match number {
        0 => "UNKNOWN",
        1 => "NATIVE",
        2 => "WINDOWS_GUI",
        3 => "WINDOWS_CUI",
        7 => "POSIX_CUI",
        9 => "WINDOWS_CE_GUI",
        10 => "EFI_APPLICATION",
        11 => "EFI_BOOT_SERVICE_DRIVER",
        12 => "EFI_RUNTIME_DRIVER",
        13 => "EFI_ROM",
        14 => "XBOX",
        other => return format!("unknown-{other}").into(),
    };
    name.into()
}
