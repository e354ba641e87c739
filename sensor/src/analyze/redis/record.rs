//! redis.log: a row for every command with its answer.

use crate::flow::Flow;
use crate::record::record;
use crate::time::Time;

record! {
    /// A command.
    pub struct RedisRow<'a> in "redis" of conn {
        /// When it was sent.
        ts,
        /// Its first word.
        name: Option<&'a [u8]> = "cmd.name" as "Redis::Command$string",
        /// What it is about, where that is known.
        key: Option<&'a [u8]> = "cmd.key" as "Redis::Command$string",
        /// What it sets, where that is known.
        value: Option<&'a [u8]> = "cmd.value" as "Redis::Command$string",
        /// Whether it succeeded, where the server said.
        success: Option<bool> = "success",
        /// What the server said, as text.
        reply: Option<&'a [u8]> = "reply.value" as "Redis::ReplyData &optional$string",
    }
}

/// A command that is not answered yet.
#[derive(Default)]
pub(super) struct Waiting {
    pub ts: Time,
    pub name: Option<Box<[u8]>>,
    pub key: Option<Box<[u8]>>,
    pub value: Option<Box<[u8]>>,
    pub success: Option<bool>,
    pub reply: Option<Box<[u8]>>,
}

impl Waiting {
    pub fn bytes(&self) -> usize {
        let texts = [&self.name, &self.key, &self.value, &self.reply];
        size_of::<Self>() + texts.iter().filter_map(|text| text.as_deref()).map(<[u8]>::len).sum::<usize>()
    }

    pub fn row(&self, flow: &mut Flow) -> RedisRow<'_> {
        RedisRow {
            conn: flow.columns(self.ts),
            name: self.name.as_deref(),
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            success: self.success,
            reply: self.reply.as_deref(),
        }
    }
}
