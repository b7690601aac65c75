#![allow(clippy::unwrap_used)]
use super::pattern::{find, matches, natural};
use std::cmp::Ordering;
use std::path::Path;

#[test]
fn patterns_match_as_shells_do() {
    for (pattern, name, yes) in [
        ("*.mrc", "a.mrc", true),
        ("*.mrc", ".a.mrc", false),
        ("a?c*", "abcdef", true),
        ("a?c*", "ac", false),
        ("[ab]_[0-9]*", "b_7x", true),
        ("[!ab]_*", "b_7x", false),
        ("*_*_*.mrc", "x_1_2.mrc.mrc", true),
        ("**", "anything", true),
        ("[", "[", true),
        ("a*b*c", "aXbXbXc", true),
        ("a*b*c", "aXbXbX", false),
        ("", "", true),
    ] {
        assert_eq!(matches(pattern, name), yes, "{pattern} {name}");
    }
    // Many stars must not take exponential time.
    assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
}

#[test]
fn natural_order_counts() {
    assert_eq!(natural("img_9.mrc", "img_10.mrc"), Ordering::Less);
    assert_eq!(natural("img_010", "img_10"), Ordering::Less);
    assert_eq!(natural("a", "b"), Ordering::Less);
    assert_eq!(natural("x12y", "x12y"), Ordering::Equal);
}

#[test]
fn two_stars_go_through_folders() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.mrc", "one/b.mrc", "one/two/c.mrc", "one/two/c.txt"] {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, b"x").unwrap();
    }
    std::os::unix::fs::symlink(dir.path(), dir.path().join("one/circle")).unwrap();
    let names = |pattern: &str| -> Vec<String> {
        find(Path::new("/"), &dir.path().join(pattern))
            .0
            .iter()
            .map(|p| p.strip_prefix(dir.path()).unwrap().to_string_lossy().into_owned())
            .collect()
    };
    assert_eq!(names("**/*.mrc"), ["a.mrc", "one/b.mrc", "one/two/c.mrc"]);
    assert_eq!(names("*/*.mrc"), ["one/b.mrc"]);
    assert_eq!(names("one/two/c.*"), ["one/two/c.mrc", "one/two/c.txt"]);
    assert!(names("none/*.mrc").is_empty());
}
