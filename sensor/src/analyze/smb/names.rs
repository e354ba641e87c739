//! Names of numbers, as Zeek has them.

use std::borrow::Cow;

/// Commands of SMB 1 (MS-CIFS §2.2.2.1).
pub(super) const V1_COMMANDS: &[(u16, &str)] = &[
    (0x00, "CREATE_DIRECTORY"),
    (0x01, "DELETE_DIRECTORY"),
    (0x02, "OPEN"),
    (0x03, "CREATE"),
    (0x04, "CLOSE"),
    (0x05, "FLUSH"),
    (0x06, "DELETE"),
    (0x07, "RENAME"),
    (0x08, "QUERY_INFORMATION"),
    (0x09, "SET_INFORMATION"),
    (0x0a, "READ"),
    (0x0b, "WRITE"),
    (0x0c, "LOCK_BYTE_RANGE"),
    (0x0d, "UNLOCK_BYTE_RANGE"),
    (0x0e, "CREATE_TEMPORARY"),
    (0x0f, "CREATE_NEW"),
    (0x10, "CHECK_DIRECTORY"),
    (0x11, "PROCESS_EXIT"),
    (0x12, "SEEK"),
    (0x13, "LOCK_AND_READ"),
    (0x14, "WRITE_AND_UNLOCK"),
    (0x1a, "READ_RAW"),
    (0x1b, "READ_MPX"),
    (0x1c, "READ_MPX_SECONDARY"),
    (0x1d, "WRITE_RAW"),
    (0x1e, "WRITE_MPX"),
    (0x1f, "WRITE_MPX_SECONDARY"),
    (0x20, "WRITE_COMPLETE"),
    (0x21, "QUERY_SERVER"),
    (0x22, "SET_INFORMATION2"),
    (0x23, "QUERY_INFORMATION2"),
    (0x24, "LOCKING_ANDX"),
    (0x25, "TRANSACTION"),
    (0x26, "TRANSACTION_SECONDARY"),
    (0x27, "IOCTL"),
    (0x28, "IOCTL_SECONDARY"),
    (0x29, "COPY"),
    (0x2a, "MOVE"),
    (0x2b, "ECHO"),
    (0x2c, "WRITE_AND_CLOSE"),
    (0x2d, "OPEN_ANDX"),
    (0x2e, "READ_ANDX"),
    (0x2f, "WRITE_ANDX"),
    (0x30, "NEW_FILE_SIZE"),
    (0x31, "CLOSE_AND_TREE_DISC"),
    (0x32, "TRANSACTION2"),
    (0x33, "TRANSACTION2_SECONDARY"),
    (0x34, "FIND_CLOSE2"),
    (0x35, "FIND_NOTIFY_CLOSE"),
    (0x70, "TREE_CONNECT"),
    (0x71, "TREE_DISCONNECT"),
    (0x72, "NEGOTIATE"),
    (0x73, "SESSION_SETUP_ANDX"),
    (0x74, "LOGOFF_ANDX"),
    (0x75, "TREE_CONNECT_ANDX"),
    (0x80, "QUERY_INFORMATION_DISK"),
    (0x81, "SEARCH"),
    (0x82, "FIND"),
    (0x83, "FIND_UNIQUE"),
    (0x84, "FIND_CLOSE"),
    (0xa0, "NT_TRANSACT"),
    (0xa1, "NT_TRANSACT_SECONDARY"),
    (0xa2, "NT_CREATE_ANDX"),
    (0xa4, "NT_CANCEL"),
    (0xa5, "NT_RENAME"),
    (0xc0, "OPEN_PRINT_FILE"),
    (0xc1, "WRITE_PRINT_FILE"),
    (0xc2, "CLOSE_PRINT_FILE"),
    (0xc3, "GET_PRINT_QUEUE"),
    (0xd8, "READ_BULK"),
    (0xd9, "WRITE_BULK"),
    (0xda, "WRITE_BULK_DATA"),
];

/// What transactions are for (MS-CIFS §2.2.5).
pub(super) const TRANSACTIONS: &[(u16, &str)] = &[
    (0x01, "SET_NMPIPE_STATE"),
    (0x11, "RAW_READ_NMPIPE"),
    (0x21, "QUERY_NMPIPE_STATE"),
    (0x22, "QUERY_NMPIPE_INFO"),
    (0x23, "PEEK_NMPIPE"),
    (0x26, "TRANSACT_NMPIPE"),
    (0x31, "RAW_WRITE_NMPIPE"),
    (0x36, "READ_NMPIPE"),
    (0x37, "WRITE_NMPIPE"),
    (0x53, "WAIT_NMPIPE"),
    (0x54, "CALL_NMPIPE"),
];

/// What those of the second kind are for (§2.2.6).
pub(super) const TRANSACTIONS2: &[(u16, &str)] = &[
    (0x00, "OPEN2"),
    (0x01, "FIND_FIRST2"),
    (0x02, "FIND_NEXT2"),
    (0x03, "QUERY_FS_INFORMATION"),
    (0x04, "SET_FS_INFORMATION"),
    (0x05, "QUERY_PATH_INFORMATION"),
    (0x06, "SET_PATH_INFORMATION"),
    (0x07, "QUERY_FILE_INFORMATION"),
    (0x08, "SET_FILE_INFORMATION"),
    (0x09, "FSCTL"),
    (0x0a, "IOCTL"),
    (0x0b, "FIND_NOTIFY_FIRST"),
    (0x0c, "FIND_NOTIFY_NEXT"),
    (0x0d, "CREATE_DIRECTORY"),
    (0x0e, "SESSION_SETUP"),
    (0x10, "GET_DFS_REFERRAL"),
    (0x11, "REPORT_DFS_INCONSISTENCY"),
];

/// Commands of SMB 2 (MS-SMB2 §2.2.1).
pub(super) const V2_COMMANDS: &[(u16, &str)] = &[
    (0, "NEGOTIATE_PROTOCOL"),
    (1, "SESSION_SETUP"),
    (2, "LOGOFF"),
    (3, "TREE_CONNECT"),
    (4, "TREE_DISCONNECT"),
    (5, "CREATE"),
    (6, "CLOSE"),
    (7, "FLUSH"),
    (8, "READ"),
    (9, "WRITE"),
    (10, "LOCK"),
    (11, "IOCTL"),
    (12, "CANCEL"),
    (13, "ECHO"),
    (14, "QUERY_DIRECTORY"),
    (15, "CHANGE_NOTIFY"),
    (16, "QUERY_INFO"),
    (17, "SET_INFO"),
    (18, "OPLOCK_BREAK"),
];

/// Dialects of SMB 2 and 3.
pub(super) const DIALECTS: &[(u16, &str)] = &[
    (0x0202, "2.0.2"),
    (0x0210, "2.1"),
    (0x0300, "3.0"),
    (0x0302, "3.0.2"),
    (0x0311, "3.1.1"),
    (0x02ff, "2.1+"),
];

/// Kinds of shares.
pub(super) const SHARES: &[(u16, &str)] = &[(1, "DISK"), (2, "PIPE"), (3, "PRINT")];

/// A number's name, or what is said where it has none.
fn name(names: &[(u16, &'static str)], code: u16, unknown: &str) -> Cow<'static, str> {
    let known = names.iter().find(|(known, _)| *known == code);
    known.map_or_else(|| Cow::Owned(format!("{unknown}-{code}")), |(_, name)| Cow::Borrowed(*name))
}

pub(super) fn command(is_v1: bool, code: u16) -> Cow<'static, str> {
    name(if is_v1 { V1_COMMANDS } else { V2_COMMANDS }, code, "unknown")
}

pub(super) fn dialect(code: u16) -> Cow<'static, str> {
    name(DIALECTS, code, "unknown")
}

pub(super) fn share_type(code: u8) -> Cow<'static, str> {
    name(SHARES, code.into(), "unknown")
}

pub(super) fn transaction(code: u16) -> Cow<'static, str> {
    name(TRANSACTIONS, code, "unknown-trans-sub-cmd")
}

pub(super) fn transaction2(code: u16) -> Cow<'static, str> {
    name(TRANSACTIONS2, code, "unknown-trans2-sub-cmd")
}

/// What came of requests (MS-ERREF §2.3, MS-CIFS §2.2.2.4): those that are met with shares, files and logins.
const STATUSES: &[(u32, &str)] = &[
    (0x0000_0000, "SUCCESS"),
    (0x0000_0103, "PENDING"),
    (0x0000_010b, "NOTIFY_CLEANUP"),
    (0x0000_010c, "NOTIFY_ENUM_DIR"),
    (0x0001_0002, "INVALID_SMB"),
    (0x0005_0002, "SMB_BAD_TID"),
    (0x0006_0001, "SMB_BAD_FID"),
    (0x000c_0001, "OS2_INVALID_ACCESS"),
    (0x0016_0002, "SMB_BAD_COMMAND"),
    (0x005b_0002, "SMB_BAD_UID"),
    (0x0071_0001, "OS2_NO_MORE_SIDS"),
    (0x007c_0001, "OS2_INVALID_LEVEL"),
    (0x0083_0001, "OS2_NEGATIVE_SEEK"),
    (0x00ad_0001, "OS2_CANCEL_VIOLATION"),
    (0x00ae_0001, "OS2_ATOMIC_LOCKS_NOT_SUPPORTED"),
    (0x00fa_0002, "SMB_USE_MPX"),
    (0x00fb_0002, "SMB_USE_STANDARD"),
    (0x00fc_0002, "SMB_CONTINUE_MPX"),
    (0x010a_0001, "OS2_CANNOT_COPY"),
    (0x0113_0001, "OS2_EAS_DIDNT_FIT"),
    (0x03e2_0001, "OS2_EA_ACCESS_DENIED"),
    (0x8000_0005, "BUFFER_OVERFLOW"),
    (0x8000_0006, "NO_MORE_FILES"),
    (0x8000_000e, "DEVICE_PAPER_EMPTY"),
    (0x8000_001a, "NO_MORE_ENTRIES"),
    (0x8000_002d, "STOPPED_ON_SYMLINK"),
    (0xc000_0001, "UNSUCCESSFUL"),
    (0xc000_0002, "NOT_IMPLEMENTED"),
    (0xc000_0003, "INVALID_INFO_CLASS"),
    (0xc000_0004, "INFO_LENGTH_MISMATCH"),
    (0xc000_0008, "INVALID_HANDLE"),
    (0xc000_000d, "INVALID_PARAMETER"),
    (0xc000_000e, "NO_SUCH_DEVICE"),
    (0xc000_000f, "NO_SUCH_FILE"),
    (0xc000_0010, "INVALID_DEVICE_REQUEST"),
    (0xc000_0011, "END_OF_FILE"),
    (0xc000_0012, "WRONG_VOLUME"),
    (0xc000_0013, "NO_MEDIA_IN_DEVICE"),
    (0xc000_0015, "NONEXISTENT_SECTOR"),
    (0xc000_0016, "MORE_PROCESSING_REQUIRED"),
    (0xc000_001e, "INVALID_LOCK_SEQUENCE"),
    (0xc000_001f, "INVALID_VIEW_SIZE"),
    (0xc000_0021, "ALREADY_COMMITTED"),
    (0xc000_0022, "ACCESS_DENIED"),
    (0xc000_0023, "BUFFER_TOO_SMALL"),
    (0xc000_0024, "OBJECT_TYPE_MISMATCH"),
    (0xc000_0025, "HANDLE_NOT_CLOSABLE"),
    (0xc000_0032, "DISK_CORRUPT_ERROR"),
    (0xc000_0033, "OBJECT_NAME_INVALID"),
    (0xc000_0034, "OBJECT_NAME_NOT_FOUND"),
    (0xc000_0035, "OBJECT_NAME_COLLISION"),
    (0xc000_0037, "PORT_DISCONNECTED"),
    (0xc000_0039, "OBJECT_PATH_INVALID"),
    (0xc000_003a, "OBJECT_PATH_NOT_FOUND"),
    (0xc000_003b, "OBJECT_PATH_SYNTAX_BAD"),
    (0xc000_003e, "DATA_ERROR"),
    (0xc000_003f, "CRC_ERROR"),
    (0xc000_0040, "SECTION_TOO_BIG"),
    (0xc000_0041, "PORT_CONNECTION_REFUSED"),
    (0xc000_0042, "INVALID_PORT_HANDLE"),
    (0xc000_0043, "SHARING_VIOLATION"),
    (0xc000_004b, "THREAD_IS_TERMINATING"),
    (0xc000_004f, "EAS_NOT_SUPPORTED"),
    (0xc000_0050, "EA_TOO_LARGE"),
    (0xc000_0054, "FILE_LOCK_CONFLICT"),
    (0xc000_0055, "LOCK_NOT_GRANTED"),
    (0xc000_0056, "DELETE_PENDING"),
    (0xc000_0061, "PRIVILEGE_NOT_HELD"),
    (0xc000_0064, "NO_SUCH_USER"),
    (0xc000_006a, "WRONG_PASSWORD"),
    (0xc000_006d, "LOGON_FAILURE"),
    (0xc000_006e, "ACCOUNT_RESTRICTION"),
    (0xc000_006f, "INVALID_LOGON_HOURS"),
    (0xc000_0070, "INVALID_WORKSTATION"),
    (0xc000_0071, "PASSWORD_EXPIRED"),
    (0xc000_0072, "ACCOUNT_DISABLED"),
    (0xc000_007e, "RANGE_NOT_LOCKED"),
    (0xc000_007f, "DISK_FULL"),
    (0xc000_0097, "TOO_MANY_PAGING_FILES"),
    (0xc000_009a, "INSUFFICIENT_RESOURCES"),
    (0xc000_009b, "DFS_EXIT_PATH_FOUND"),
    (0xc000_009c, "DEVICE_DATA_ERROR"),
    (0xc000_00a2, "MEDIA_WRITE_PROTECTED"),
    (0xc000_00a5, "BAD_IMPERSONATION_LEVEL"),
    (0xc000_00ab, "INSTANCE_NOT_AVAILABLE"),
    (0xc000_00ac, "PIPE_NOT_AVAILABLE"),
    (0xc000_00ad, "INVALID_PIPE_STATE"),
    (0xc000_00ae, "PIPE_BUSY"),
    (0xc000_00af, "ILLEGAL_FUNCTION"),
    (0xc000_00b0, "PIPE_DISCONNECTED"),
    (0xc000_00b1, "PIPE_CLOSING"),
    (0xc000_00b4, "INVALID_READ_MODE"),
    (0xc000_00b5, "IO_TIMEOUT"),
    (0xc000_00ba, "FILE_IS_A_DIRECTORY"),
    (0xc000_00bb, "NOT_SUPPORTED"),
    (0xc000_00c4, "UNEXPECTED_NETWORK_ERROR"),
    (0xc000_00c6, "PRINT_QUEUE_FULL"),
    (0xc000_00c7, "NO_SPOOL_SPACE"),
    (0xc000_00c8, "PRINT_CANCELLED"),
    (0xc000_00c9, "NETWORK_NAME_DELETED"),
    (0xc000_00ca, "NETWORK_ACCESS_DENIED"),
    (0xc000_00cb, "BAD_DEVICE_TYPE"),
    (0xc000_00cc, "BAD_NETWORK_NAME"),
    (0xc000_00ce, "TOO_MANY_SESSIONS"),
    (0xc000_00d0, "REQUEST_NOT_ACCEPTED"),
    (0xc000_00d4, "NOT_SAME_DEVICE"),
    (0xc000_00d5, "FILE_RENAMED"),
    (0xc000_00d9, "PIPE_EMPTY"),
    (0xc000_00fb, "REDIRECTOR_NOT_STARTED"),
    (0xc000_0101, "DIRECTORY_NOT_EMPTY"),
    (0xc000_0103, "NOT_A_DIRECTORY"),
    (0xc000_010a, "PROCESS_IS_TERMINATING"),
    (0xc000_011f, "TOO_MANY_OPENED_FILES"),
    (0xc000_0120, "CANCELLED"),
    (0xc000_0121, "CANNOT_DELETE"),
    (0xc000_0123, "FILE_DELETED"),
    (0xc000_0128, "FILE_CLOSED"),
    (0xc000_015b, "LOGON_TYPE_NOT_GRANTED"),
    (0xc000_0184, "INVALID_DEVICE_STATE"),
    (0xc000_0193, "ACCOUNT_EXPIRED"),
    (0xc000_0203, "USER_SESSION_DELETED"),
    (0xc000_0205, "INSUFF_SERVER_RESOURCES"),
    (0xc000_0224, "PASSWORD_MUST_CHANGE"),
    (0xc000_0225, "NOT_FOUND"),
    (0xc000_0234, "ACCOUNT_LOCKED_OUT"),
    (0xc000_0257, "PATH_NOT_COVERED"),
    (0xc000_0275, "NOT_A_REPARSE_POINT"),
    (0xc000_035c, "NETWORK_SESSION_EXPIRED"),
    (0xc000_205a, "SMB_TOO_MANY_UIDS"),
    (0xffff_0002, "SMB_NO_SUPPORT"),
];

/// What scripts know the names by: `base/protocols/smb/consts`.
pub(super) fn consts_zeek() -> String {
    use std::fmt::Write;
    let mut out =
        "# SMB: names of numbers. Follows from the tables of the sensor.\n\nmodule SMB;\n\nexport {\n\
                   \ttype StatusCode: record {\n\t\tid: string;\n\t\tdesc: string;\n\t};\n\n\
                   \tconst statuses: table[count] of StatusCode = {\n"
            .to_owned();
    for (code, name) in STATUSES {
        let desc = name.to_lowercase().replace('_', " ");
        let _ = writeln!(out, "\t\t[{code:#010x}] = StatusCode($id=\"{name}\", $desc=\"{desc}\"),");
    }
    out.push_str(
        "\t} &redef &default=function(i: count): StatusCode\n\t\t{\n\t\tlocal unknown = fmt(\"unknown-%d\", i);\n\
         \t\treturn StatusCode($id=unknown, $desc=unknown);\n\t\t};\n}\n",
    );
    let tables = [
        ("SMB1", "commands", V1_COMMANDS, "unknown"),
        ("SMB1", "trans2_sub_commands", TRANSACTIONS2, "unknown-trans2-sub-cmd"),
        ("SMB1", "trans_sub_commands", TRANSACTIONS, "unknown-trans-sub-cmd"),
        ("SMB2", "commands", V2_COMMANDS, "unknown"),
        ("SMB2", "dialects", DIALECTS, "unknown"),
        ("SMB2", "share_types", SHARES, "unknown"),
    ];
    for (module, table, names, unknown) in tables {
        let _ =
            write!(out, "\nmodule {module};\n\nexport {{\n\tconst {table}: table[count] of string = {{\n");
        for (code, name) in names {
            let _ = writeln!(out, "\t\t[{code:#06x}] = \"{name}\",");
        }
        let _ = writeln!(
            out,
            "\t}} &default=function(i: count): string {{ return fmt(\"{unknown}-%d\", i); }};\n}}"
        );
    }
    out
}
