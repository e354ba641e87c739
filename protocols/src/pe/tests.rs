use super::*;

/// What a reader told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn dos_header(&mut self, header: &DosHeader<'_>) {
        self.0.push(format!("{} {}", header.signature.escape_ascii(), header.new_header));
    }

    fn dos_code(&mut self, code: &[u8]) {
        self.0.push(format!("code {}", code.len()));
    }

    fn file_header(&mut self, header: &FileHeader) {
        self.0.push(format!("{} {} {}", machine(header.machine), header.timestamp, header.sections));
    }

    fn optional_header(&mut self, header: &OptionalHeader<'_>) {
        let [major, minor] = header.os;
        let (os, subsystem) = (os_version(major, minor), subsystem(header.subsystem));
        let sizes: Vec<u32> = header.table_sizes().collect();
        self.0.push(format!("{os} {subsystem} {:x} {:?} {sizes:?}", header.image_base, header.base_of_data));
    }

    fn section(&mut self, header: &SectionHeader<'_>) {
        self.0.push(format!("{} {:x}", header.name.escape_ascii(), header.characteristics));
    }
}

/// A program for 32 or 64 bits with two tables and two sections.
fn program(is_64: bool, code: u32) -> Vec<u8> {
    let mut dos = [&b"MZ"[..], &[0; 58]].concat();
    dos.extend((64 + code).to_le_bytes());
    dos.resize(64 + code as usize, 7);
    let mut optional: Vec<u8> = if is_64 { vec![0x0b, 2, 1, 2] } else { vec![0x0b, 1, 1, 2] };
    optional.extend([0; 20]);
    optional.extend(if is_64 { 0x1_4000_0000_u64.to_le_bytes() } else { [5, 0, 0, 0, 0, 0, 0x40, 0] });
    optional.extend([0; 8]);
    optional.extend([6, 0, 1, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]);
    optional.extend([0; 12]);
    optional.extend([2, 0, 0x40, 1]);
    optional.extend(vec![0; if is_64 { 36 } else { 20 }]);
    optional.extend([2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0]);
    let machine: &[u8] = if is_64 { &[0x64, 0x86] } else { &[0x4c, 1] };
    let file =
        [b"PE\0\0", machine, &[2, 0, 100, 0, 0, 0], &[0; 8], &[optional.len() as u8, 0, 2, 1]].concat();
    let section = |name: &[u8; 8]| [&name[..], &[0; 28], &[0x20, 0, 0, 0x60]].concat();
    [dos, file, optional, section(b".text\0\0\0"), section(b".eightch"), b"the rest".to_vec()].concat()
}

fn trace(file: &[u8], len: usize) -> Vec<String> {
    let (mut reader, mut trace) = (Reader::default(), Recorder::default());
    file.chunks(len).for_each(|piece| reader.data(piece, &mut trace));
    trace.0
}

#[test]
fn headers_are_told_however_they_are_cut() {
    let want = |first: [&str; 2], machine: &str, base: &str| {
        let optional = format!("Windows 7 or Server 2008 R2 WINDOWS_GUI {base} [0, 8]");
        let [header, code] = first;
        [header, code, machine, &optional, ".text 60000020", ".eightch 60000020"].map(str::to_owned)
    };
    for len in [1000, 1, 2, 3, 7, 64] {
        let wide = want(["MZ 128", "code 64"], "AMD64 100 2", "140000000 None");
        assert_eq!(trace(&program(true, 64), len), wide, "{len}");
        let narrow = want(["MZ 64", "code 0"], "I386 100 2", "400000 Some(5)");
        assert_eq!(trace(&program(false, 0), len), narrow, "{len}");
    }
}

#[test]
fn what_is_far_away_is_not_held() {
    let mut file = program(true, 64);
    file[60..64].copy_from_slice(&u32::MAX.to_le_bytes());
    let (mut reader, mut trace) = (Reader::default(), Recorder::default());
    for _ in 0..1000 {
        reader.data(&file, &mut trace);
        assert!(reader.buffered() <= 64 << 10);
    }
    assert_eq!(trace.0, ["MZ 4294967295", "code 65536"]);
}

#[test]
fn what_is_no_program_is_not_read_further() {
    let mut other = program(true, 64);
    other[128] = b'N';
    assert_eq!(trace(&other, 1000), ["MZ 128", "code 64"]);
    let mut object = program(true, 64);
    object[148] = 0;
    assert_eq!(trace(&object, 1000).len(), 3);
    let mut short = program(true, 64);
    short[148] = 60;
    assert_eq!(trace(&short, 1000).len(), 3);
    let (mut reader, mut trace) = (Reader::default(), Recorder::default());
    reader.data(&short[..100], &mut trace);
    reader.gap();
    reader.data(&short[100..], &mut trace);
    assert!(trace.0.len() == 1 && reader.buffered() == 0);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("pe", fuzz::check);
}
