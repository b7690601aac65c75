//! Random secrets and their stored form.

use rand::{Rng, TryRng};

/// 256 random bits as 64 hex digits, from the operating system's generator.
pub fn fresh() -> String {
    let mut bytes = [0u8; 32];
    if rand::rngs::SysRng.try_fill_bytes(&mut bytes).is_err() {
        // The thread's generator is cryptographic as well and seeded by the system.
        rand::rng().fill_bytes(&mut bytes);
    }
    hex(&bytes)
}

/// What is stored of a secret. It has 256 bits of its own, so a plain hash can't be reversed.
pub fn stored(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// 128 random bits as 32 hex digits.
pub fn identity() -> String {
    fresh()[..32].to_owned()
}

/// A password for a person to type once: 20 letters and digits without look-alikes (about 98 bits).
pub fn password() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
    fresh()
        .as_bytes()
        .chunks(3)
        .take(20)
        .map(|chunk| {
            let text = std::str::from_utf8(chunk).unwrap_or("0");
            let value = usize::from_str_radix(text, 16).unwrap_or(0);
            LETTERS[value % LETTERS.len()] as char
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_differ_and_have_their_length() {
        let (one, two) = (fresh(), fresh());
        assert_ne!(one, two);
        assert_eq!((one.len(), identity().len(), password().len()), (64, 32, 20));
        assert_ne!(stored(&one), one);
    }
}
