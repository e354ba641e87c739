//! The JSON that a receiver expects around a row's fields.

/// How a row becomes JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Zeek's own, flat: `{"ts":…,"uid":…,"id.orig_h":…}`.
    #[default]
    Zeek,
    /// The same within its stream's name, as zeek-kafka writes it: `{"conn":{…}}`.
    Tagged,
    /// An event of MozDef.
    Mozdef,
    /// What MozDef's plug-in for Bro takes: the flat JSON as a text in an envelope.
    MozdefBro,
    /// A document of the Elastic Common Schema.
    Ecs,
}

impl Shape {
    pub const ALL: [Shape; 5] = [Shape::Zeek, Shape::Tagged, Shape::Mozdef, Shape::MozdefBro, Shape::Ecs];

    /// As configurations spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Shape::Zeek => "zeek",
            Shape::Tagged => "tagged",
            Shape::Mozdef => "mozdef",
            Shape::MozdefBro => "mozdef-bro",
            Shape::Ecs => "ecs",
        }
    }
}
