//! The `record!` declaration.

/// Declares a log record.
///
/// ```text
/// record! {
///     /// What the log is about.
///     pub struct Example<'a> in "example" {
///         /// When it happened.
///         ts: Time = "ts",
///         /// What was asked for.
///         name: Option<&'a str> = "name",
///     }
/// }
/// ```
///
/// expands to the struct with public fields as written, and an implementation of
/// [`Record`](crate::record::Record) whose schema lists `ts` and `name` with their Zeek types, their
/// documentation, and whether they are optional (an `Option`). In the Zeek language a column that is not has a
/// default where its type has a natural one; `name: &'a str = "name" as "string &default=\"x\""` says otherwise.
macro_rules! record {
    (@zeek) => { None };
    (@zeek $zeek:literal) => { Some($zeek) };
    (
        $(#[$about:meta])*
        pub struct $name:ident $(<$life:lifetime>)? in $path:literal {
            $( $(#[doc = $doc:literal])* $field:ident : $ty:ty = $column:literal $(as $zeek:literal)?, )+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $name $(<$life>)? {
            $( $(#[doc = $doc])* pub $field: $ty, )+
        }

        impl $(<$life>)? $crate::record::Record for $name $(<$life>)? {
            const SCHEMA: &'static $crate::record::Schema = &$crate::record::Schema {
                path: $path,
                fields: &[ $( $crate::record::FieldDef {
                    name: $column,
                    ty: <$ty as $crate::record::Field>::TYPE,
                    optional: <$ty as $crate::record::Field>::OPTIONAL,
                    zeek: $crate::record::record!(@zeek $($zeek)?),
                    doc: concat!($($doc, "\n"),*),
                }, )+ ],
            };

            #[inline]
            fn visit<V: $crate::record::Visitor>(&self, visitor: &mut V) {
                let mut index = 0;
                $(
                    visitor.field(index, $crate::record::Field::value(&self.$field));
                    index += 1;
                )+
                let _ = index;
            }

            fn get(&self, index: usize) -> $crate::record::Value<'_> {
                let mut at = 0;
                $(
                    if at == index {
                        return $crate::record::Field::value(&self.$field);
                    }
                    at += 1;
                )+
                let _ = at;
                $crate::record::Value::Unset
            }
        }
    };
}

pub(crate) use record;
