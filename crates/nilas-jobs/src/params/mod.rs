//! Parameters: one struct per job type, with help, unit, default and range of a field in one place.
//!
//! The doc comment of a field is its help text; the expression after `=` is its [`Field`]:
//!
//! ```
//! use nilas_jobs::params::{boolean, number, symmetry};
//! nilas_jobs::params! {
//!     /// What this job can be told.
//!     pub struct Params {
//!         /// Point group of the particle. Leave C1 when unsure.
//!         pub symmetry: String = symmetry("C1").title("Symmetry"),
//!         /// The starting map is low-passed to this resolution.
//!         pub lowpass_angstrom: f64 = number(30.0).title("Low-pass").unit("Å").above(0.0),
//!         /// Mask diameter; automatic takes 0.85 of the box.
//!         pub mask_diameter_angstrom: Option<f64> = number(1.0).title("Mask diameter").unit("Å").above(0.0).automatic(),
//!         /// Fit one scale per particle.
//!         pub per_particle_scale: bool = boolean(true).title("Per-particle scale").advanced(),
//!     }
//! }
//! let mut set = serde_json::Map::new();
//! set.insert("lowpass_angstrom".into(), serde_json::json!(20));
//! let params = Params::parse(&set).expect("valid parameters");
//! assert_eq!((params.lowpass_angstrom, params.mask_diameter_angstrom), (20.0, None));
//! ```

mod field;
#[cfg(test)]
mod tests;
mod value;

pub use field::{Field, boolean, choice, integer, number, path, symmetry, text};
pub use value::{ParamValue, also, check_value, read, suggest, unknown_names};

/// Declares the parameters of a job type; see the [module](mod@crate::params).
#[macro_export]
macro_rules! params {
    (
        $(#[doc = $struct_doc:literal])*
        pub struct $struct_name:ident {
            $(
                $(#[doc = $doc:literal])*
                pub $name:ident : $ty:ty = $field:expr
            ),* $(,)?
        }
    ) => {
        $(#[doc = $struct_doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $struct_name {
            $( $(#[doc = $doc])* pub $name: $ty, )*
        }

        impl $struct_name {
            /// The parameters as the form, the manual and the CLI show them.
            pub fn specs() -> Vec<::nilas_model::ParamSpec> {
                vec![ $( $crate::params::Field::into_spec($field, stringify!($name), concat!($($doc, "\n"),*)), )* ]
            }

            /// Reads and checks what was set; everything else takes its default.
            ///
            /// # Errors
            /// All problems at once, each with its field.
            pub fn parse(
                set: &::serde_json::Map<String, ::serde_json::Value>,
            ) -> Result<Self, Vec<::nilas_model::Problem>> {
                let specs = Self::specs();
                let mut problems = $crate::params::unknown_names(&specs, set);
                let mut next = specs.iter();
                $( let $name: Option<$ty> = next.next().and_then(|spec| $crate::params::read(spec, set, &mut problems)); )*
                match ($($name,)*) {
                    ($(Some($name),)*) if problems.is_empty() => Ok(Self { $($name),* }),
                    _ => Err(problems),
                }
            }

            /// All parameters as JSON, defaults included.
            pub fn to_map(&self) -> ::serde_json::Map<String, ::serde_json::Value> {
                let mut map = ::serde_json::Map::new();
                $( map.insert(stringify!($name).to_owned(), $crate::params::ParamValue::to_value(&self.$name)); )*
                map
            }
        }
    };
}
