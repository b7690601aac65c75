//! Newtype ids. Projects are `P1`, workspaces `W1`, jobs `J1` (counted per project), users `U1`.

use serde::{Deserialize, Serialize};

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a {kind} id: expected {prefix} followed by a number, such as {prefix}1")]
pub struct BadId {
    text: String,
    kind: &'static str,
    prefix: char,
}

macro_rules! id {
    ($name:ident, $prefix:literal, $kind:literal) => {
        #[doc = concat!("Id of a ", $kind, ", written `", $prefix, "1`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String)]
        pub struct $name(
            /// The number after the prefix letter.
            pub u64,
        );

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = || BadId { text: text.to_owned(), kind: $kind, prefix: $prefix };
                let digits = text.strip_prefix($prefix).ok_or_else(bad)?;
                if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(bad());
                }
                digits.parse().map($name).map_err(|_| bad())
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }
    };
}

id!(ProjectId, 'P', "project");
id!(WorkspaceId, 'W', "workspace");
id!(JobId, 'J', "job");
id!(UserId, 'U', "user");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip_and_refuse_other_text() {
        let id: JobId = "J12".parse().expect("a job id");
        assert_eq!((id, id.to_string()), (JobId(12), "J12".to_owned()));
        for bad in ["", "J", "P1", "J-1", "J1x", "J99999999999999999999999"] {
            assert!(bad.parse::<JobId>().is_err(), "{bad}");
        }
    }
}
