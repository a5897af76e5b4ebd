//! The form in which a group of settings is declared.

/// Declares a group of settings: each with its documentation, type, and default if it has one.
///
/// A field is `/// doc` `name: Type`, then `= default` (text as in the environment, a number or a bool), then
/// `=> check`, a function from `&Type` to `Result<(), String>`. The variable is `PREFIX_NAME`. A field whose type is
/// another group reads `PREFIX_NAME_…`. A field without a default is required, unless it is an `Option` or a `Vec`.
#[macro_export]
macro_rules! settings {
    (
        $(#[$outer:meta])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $field_vis:vis $field:ident : $type:ty $(= $default:expr)? $(=> $check:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug)]
        $vis struct $name {
            $( $(#[doc = $doc])* $field_vis $field: $type, )*
        }

        impl $crate::Settings for $name {
            fn read(reader: &mut $crate::Reader<'_>, prefix: &str) -> ::core::option::Option<Self> {
                $(
                    let name = $crate::Reader::name(prefix, ::core::stringify!($field));
                    let default = $crate::settings!(@default $($default)?);
                    let $field = <$type as $crate::Part>::read(reader, &name, default);
                    $( let $field = reader.check(&name, $field, $check); )?
                )*
                ::core::option::Option::Some(Self { $( $field: $field?, )* })
            }

            fn describe(prefix: &str) -> ::std::vec::Vec<$crate::Entry> {
                let mut entries = ::std::vec::Vec::new();
                $(
                    let name = $crate::Reader::name(prefix, ::core::stringify!($field));
                    let default = $crate::settings!(@default $($default)?);
                    let doc = ::core::concat!($($doc),*);
                    entries.extend(<$type as $crate::Part>::describe(&name, default, doc));
                )*
                entries
            }
        }

        impl $crate::Part for $name {
            fn read(
                reader: &mut $crate::Reader<'_>,
                name: &str,
                _: ::core::option::Option<::std::string::String>,
            ) -> ::core::option::Option<Self> {
                <Self as $crate::Settings>::read(reader, name)
            }

            fn describe(
                name: &str,
                _: ::core::option::Option<::std::string::String>,
                _: &str,
            ) -> ::std::vec::Vec<$crate::Entry> {
                <Self as $crate::Settings>::describe(name)
            }
        }
    };
    (@default) => { ::core::option::Option::None };
    (@default $default:expr) => { ::core::option::Option::Some(::std::string::ToString::to_string(&$default)) };
}
