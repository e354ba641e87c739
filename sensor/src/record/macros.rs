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
/// default where its type has a natural one; `name: &'a str = "name" as "string &default=\"x\""` says otherwise. Of a
/// column in a record within the row's (`certificate.serial`) that record's type stands before its own, with a `$`
/// between them.
///
/// A row of a connection has the columns that those have in common, from `ts` to `id.resp_p`, in a field `conn` of
/// type [`ConnColumns`](crate::record::ConnColumns), and says of what its time is:
///
/// ```text
/// pub struct Example<'a> in "example" of conn {
///     /// When it happened.
///     ts,
///     /// What was asked for.
///     name: Option<&'a str> = "name",
/// }
/// ```
///
/// Behind the log's name, or behind `of conn`, may stand the sentences that sum up a row for who reads events and not
/// columns, tried in order: `, summary ["{id.orig_h} asked for {name}", "{id.orig_h}"]`. The first is used whose fields
/// are all set; `{name?}` may be unset.
macro_rules! record {
    (@zeek) => { None };
    (@zeek $zeek:literal) => { Some($zeek) };
    (
        $(#[$about:meta])*
        pub struct $name:ident $(<$life:lifetime>)? in $path:literal of conn $(, summary [$($summary:literal),+])? {
            $(#[doc = $ts:literal])* ts,
            $($columns:tt)*
        }
    ) => {
        $crate::record::record! {
            @declare
            [$(#[$about])*] $name [$($life)?] $path [$($($summary),+)?]
            [conn: $crate::record::ConnColumns = [
                $crate::record::ConnColumns::ts(concat!($($ts, "\n"),*)),
                $crate::record::ConnColumns::UID,
                $crate::record::ConnColumns::ORIG_H,
                $crate::record::ConnColumns::ORIG_P,
                $crate::record::ConnColumns::RESP_H,
                $crate::record::ConnColumns::RESP_P,
            ]]
            $($columns)*
        }
    };
    (
        $(#[$about:meta])*
        pub struct $name:ident $(<$life:lifetime>)? in $path:literal $(, summary [$($summary:literal),+])? {
            $($columns:tt)*
        }
    ) => {
        $crate::record::record! {
            @declare [$(#[$about])*] $name [$($life)?] $path [$($($summary),+)?] [] $($columns)*
        }
    };
    (
        @declare
        [$(#[$about:meta])*] $name:ident [$($life:lifetime)?] $path:literal [$($summary:literal),*]
        [$($head:ident : $head_ty:ty = [$($head_def:expr,)+])?]
        $( $(#[doc = $doc:literal])* $field:ident : $ty:ty = $column:literal $(as $zeek:literal)?, )+
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug)]
        pub struct $name $(<$life>)? {
            $(
                /// When, and which connection.
                pub $head: $head_ty,
            )?
            $( $(#[doc = $doc])* pub $field: $ty, )+
        }

        impl $(<$life>)? $crate::record::Record for $name $(<$life>)? {
            const SCHEMA: &'static $crate::record::Schema = &$crate::record::Schema {
                path: $path,
                summary: &[$($summary),*],
                fields: &[ $($($head_def,)+)? $( $crate::record::FieldDef {
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
                $( index += self.$head.visit(visitor); )?
                $(
                    visitor.field(index, $crate::record::Field::value(&self.$field));
                    index += 1;
                )+
                let _ = index;
            }

            fn get(&self, index: usize) -> $crate::record::Value<'_> {
                let mut at = 0;
                $(
                    at += <$head_ty>::WIDTH;
                    if index < at {
                        return self.$head.get(index);
                    }
                )?
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
