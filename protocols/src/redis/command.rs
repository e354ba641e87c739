//! Commands, and what of them logs tell.

/// A command's words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// As they were sent; of very many or long ones the first.
    pub words: Vec<Vec<u8>>,
    /// So many there are.
    pub count: u64,
}

/// What of a command's words is its key, and its value.
type Places = (Option<usize>, Option<usize>);

/// Commands that Zeek has names for, with the places of their keys and values.
pub const COMMANDS: &[(&str, Places)] = &[
    ("APPEND", (Some(1), Some(2))),
    ("AUTH", (None, None)),
    ("BITCOUNT", (Some(1), None)),
    ("BITFIELD", (Some(1), None)),
    ("BITFIELD_RO", (Some(1), None)),
    ("BITOP", (Some(2), None)),
    ("BITPOS", (Some(1), None)),
    ("BLMPOP", (Some(3), None)),
    ("BLPOP", (Some(1), None)),
    ("BRPOP", (Some(1), None)),
    ("CLIENT", (None, None)),
    ("COPY", (Some(1), None)),
    ("DECR", (Some(1), None)),
    ("DECRBY", (Some(1), Some(2))),
    ("DEL", (Some(1), None)),
    ("DUMP", (Some(1), None)),
    ("EXISTS", (Some(1), None)),
    ("EXPIRE", (Some(1), Some(2))),
    ("EXPIREAT", (Some(1), Some(2))),
    ("EXPIRETIME", (Some(1), None)),
    ("GET", (Some(1), None)),
    ("GETBIT", (Some(1), Some(2))),
    ("GETDEL", (Some(1), None)),
    ("GETEX", (Some(1), None)),
    ("GETRANGE", (Some(1), None)),
    ("GETSET", (Some(1), Some(2))),
    ("HDEL", (Some(1), Some(2))),
    ("HELLO", (None, None)),
    ("HGET", (Some(1), Some(2))),
    ("HSET", (Some(1), None)),
    ("INCR", (Some(1), None)),
    ("INCRBY", (Some(1), Some(2))),
    ("KEYS", (Some(1), None)),
    ("MGET", (Some(1), None)),
    ("MOVE", (Some(1), Some(2))),
    ("MSET", (Some(1), Some(2))),
    ("PERSIST", (Some(1), None)),
    ("PSUBSCRIBE", (None, None)),
    ("PUNSUBSCRIBE", (None, None)),
    ("QUIT", (None, None)),
    ("RENAME", (Some(1), Some(2))),
    ("RESET", (None, None)),
    ("SET", (Some(1), Some(2))),
    ("SSUBSCRIBE", (None, None)),
    ("STRLEN", (Some(1), None)),
    ("SUBSCRIBE", (None, None)),
    ("SUNSUBSCRIBE", (None, None)),
    ("TTL", (Some(1), None)),
    ("TYPE", (Some(1), None)),
    ("UNSUBSCRIBE", (None, None)),
];

impl Command {
    /// Splits a line at its blanks, those in quotes left out. Quotes stay (`SET a "b c"` has the value `"b c"`).
    pub fn inline(line: &[u8], most: usize) -> Command {
        let (mut command, mut rest) = (Command::default(), line);
        loop {
            let blanks = rest.iter().take_while(|byte| is_blank(**byte)).count();
            rest = rest.get(blanks..).unwrap_or_default();
            if rest.is_empty() {
                return command;
            }
            let (word, behind) = rest.split_at_checked(word(rest)).unwrap_or((rest, &[]));
            rest = behind;
            command.count += 1;
            if command.words.len() < most {
                command.words.push(word.to_vec());
            }
        }
    }

    /// A word, if it is there.
    pub fn word(&self, at: usize) -> Option<&[u8]> {
        self.words.get(at).map(Vec::as_slice)
    }

    /// The first of them.
    pub fn name(&self) -> &[u8] {
        self.word(0).unwrap_or_default()
    }

    fn known(&self) -> Option<(usize, &'static (&'static str, Places))> {
        let is =
            |(_, (name, _)): &(usize, &(&str, Places))| self.name().eq_ignore_ascii_case(name.as_bytes());
        COMMANDS.iter().enumerate().find(is)
    }

    /// Which of [`COMMANDS`] it is.
    pub fn number(&self) -> Option<usize> {
        self.known().map(|(at, _)| at)
    }

    /// Whether it is this one, by its name in small letters.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    /// What it is about.
    pub fn key(&self) -> Option<&[u8]> {
        let (_, (_, (key, _))) = self.known()?;
        self.word((*key)?)
    }

    /// What it sets.
    pub fn value(&self) -> Option<&[u8]> {
        let (_, (_, (_, value))) = self.known()?;
        self.word((*value)?)
    }

    /// Bytes of its words.
    pub fn bytes(&self) -> usize {
        self.words.iter().map(|word| word.len() + size_of::<Vec<u8>>()).sum()
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | b'\r' | b' ')
}

/// Bytes of the word that these begin with.
fn word(rest: &[u8]) -> usize {
    let mut quote = None;
    let mut bytes = rest.iter().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match quote {
            Some(open) if *byte == b'\\' && bytes.peek().is_some_and(|(_, next)| **next == open) => {
                bytes.next();
            }
            Some(open) if *byte == open => quote = None,
            Some(_) => {}
            None if matches!(byte, b'"' | b'\'') => quote = Some(*byte),
            None if is_blank(*byte) => return at,
            None => {}
        }
    }
    rest.len()
}
