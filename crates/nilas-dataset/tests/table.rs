//! The table's rules: columns, rows, joins, slots, uids.
#![allow(clippy::unwrap_used)]

use nilas_dataset::{Column, Dataset, DatasetError, Text, Values, fresh_uids};
use rand::SeedableRng;

fn particles() -> Dataset {
    let mut d = Dataset::from_uids(vec![5, 6, 7, 8]);
    d.set("blob/idx", vec![0u32, 1, 2, 3]).unwrap();
    d.set_texts("blob/path", ["a", "a", "b", ""]).unwrap();
    d.set_array("alignments3D/shift", &[2], vec![0f32, 1., 2., 3., 4., 5., 6., 7.])
        .unwrap();
    d
}

#[test]
fn getters_check_type_and_shape() {
    let d = particles();
    assert_eq!(d.get::<u32>("blob/idx").unwrap(), &[0, 1, 2, 3]);
    assert_eq!(d.get_array::<f32, 2>("alignments3D/shift").unwrap()[3], [6., 7.]);
    assert!(matches!(
        d.get::<f32>("blob/idx"),
        Err(DatasetError::WrongType { .. })
    ));
    assert!(matches!(
        d.get_array::<f32, 3>("alignments3D/shift"),
        Err(DatasetError::WrongShape { .. })
    ));
    assert!(matches!(
        d.get::<f32>("blob/none"),
        Err(DatasetError::MissingColumn { .. })
    ));
    assert_eq!(d.numbers("blob/idx").unwrap(), [0., 1., 2., 3.]);
    assert!(d.numbers("blob/path").is_err());
    assert_eq!(d.numbers_or("ctf/none", 2, 7.0).unwrap(), [7.0; 8]);
    assert!(d.numbers_or("blob/idx", 2, 7.0).is_err());
}

#[test]
fn set_refuses_what_cannot_be_stored() {
    let mut d = particles();
    assert!(matches!(
        d.set("x/y", vec![0u8; 3]),
        Err(DatasetError::WrongLength {
            wanted: 4,
            found: 3,
            ..
        })
    ));
    assert!(d.set_array("x/y", &[2, 2, 2, 2], vec![0u8; 64]).is_err());
    assert!(d.set_array("x/y", &[0], Vec::<u8>::new()).is_err());
    assert!(d.set_texts("x/y", ["a\0", "", "", ""]).is_err());
    assert!(d.set("", vec![0u8; 4]).is_err());
    assert!(d.set("uid", vec![0u32; 4]).is_err());
    d.set("uid", vec![1u64, 2, 3, 4]).unwrap();
    assert_eq!(d.uids(), &[1, 2, 3, 4]);
    assert!(
        d.set_column("x/s", Column::array(Values::Text(vec![Text::from("a"); 8]), &[2]))
            .is_err()
    );
}

#[test]
fn rows_are_taken_in_order() {
    let d = particles();
    let s = d.subset(&[3, 1]).unwrap();
    assert_eq!(s.uids(), &[8, 6]);
    assert_eq!(s.get::<f32>("alignments3D/shift").unwrap(), &[6., 7., 2., 3.]);
    assert_eq!(&*s.texts("blob/path").unwrap()[1], "a");
    assert!(matches!(
        d.subset(&[4]),
        Err(DatasetError::NoRow { row: 4, rows: 4 })
    ));
    assert_eq!(d.filter(|r| r % 2 == 1).uids(), &[6, 8]);
}

#[test]
fn append_needs_equal_columns_and_new_uids() {
    let d = particles();
    let mut twice = d.clone();
    assert!(matches!(
        twice.append(&d),
        Err(DatasetError::DuplicateUid { uid: 5, .. })
    ));
    assert_eq!(twice, d, "a refused append changes nothing");
    let mut other = d.clone();
    other.set_uids(vec![1, 2, 3, 4]).unwrap();
    twice.append(&other).unwrap();
    assert_eq!(twice.rows(), 8);
    assert_eq!(twice.get::<f32>("alignments3D/shift").unwrap().len(), 16);
    other.set("blob/idx", vec![0i32; 4]).unwrap();
    assert!(matches!(
        twice.append(&other),
        Err(DatasetError::ColumnsDiffer { .. })
    ));
    let (a, b) = d.common_columns(&other);
    assert_eq!(a.names(), b.names());
    assert!(!a.has("blob/idx"));
}

#[test]
fn join_is_inner_and_keeps_the_left_order() {
    let d = particles();
    let mut ctf = Dataset::from_uids(vec![8, 99, 5]);
    ctf.set("ctf/df1_A", vec![1f32, 2., 3.]).unwrap();
    let j = d.join(&ctf).unwrap();
    assert_eq!(j.uids(), &[5, 8]);
    assert_eq!(j.get::<f32>("ctf/df1_A").unwrap(), &[3., 1.]);
    assert!(matches!(d.join(&d), Err(DatasetError::Clash { .. })));
    let doubled = Dataset::from_uids(vec![5, 5]);
    assert!(matches!(
        d.join(&doubled),
        Err(DatasetError::DuplicateUid {
            uid: 5,
            first: 0,
            second: 1
        })
    ));
    assert!(matches!(
        d.with_passthrough(&ctf),
        Err(DatasetError::NoPartner {
            missing: 2,
            total: 4,
            uid: 6
        })
    ));
    let full = d.subset(&[0, 3]).unwrap().with_passthrough(&ctf).unwrap();
    assert_eq!(full.get::<f32>("ctf/df1_A").unwrap(), &[3., 1.]);
}

#[test]
fn slots_follow_the_prefix() {
    let mut d = particles();
    d.set("blobby/idx", vec![0u32; 4]).unwrap();
    assert_eq!(d.slots(), ["blob", "alignments3D", "blobby"]);
    assert_eq!(d.slot_columns("blob"), ["blob/idx", "blob/path"]);
    assert_eq!(d.with_slots(&["blob", "none"]).names(), ["blob/idx", "blob/path"]);
    assert_eq!(
        d.without_slots(&["blob"]).names(),
        ["alignments3D/shift", "blobby/idx"]
    );
    d.copy_slot("blob", "raw").unwrap();
    assert_eq!(
        d.get::<u32>("raw/idx").unwrap(),
        d.get::<u32>("blob/idx").unwrap()
    );
    assert!(matches!(
        d.rename_slot("raw", "blob"),
        Err(DatasetError::Clash { .. })
    ));
    d.rename_slot("raw", "kept").unwrap();
    assert!(!d.has_slot("raw") && d.has_slot("kept"));
    assert!(d.rename_slot("raw", "x").is_err());
    assert!(d.remove("blob/idx").is_some() && d.remove("blob/idx").is_none());
    assert_eq!(d.texts("blob/path").unwrap().len(), 4);
}

#[test]
fn uids_are_distinct_and_repeatable() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let a = fresh_uids(1000, &[], &mut rng);
    let again = fresh_uids(1000, &[], &mut rand_chacha::ChaCha8Rng::seed_from_u64(7));
    assert_eq!(a, again);
    let b = fresh_uids(1000, &a[..500], &mut rand_chacha::ChaCha8Rng::seed_from_u64(7));
    assert_eq!(&b[..500], &a[500..], "taken uids are passed over");
    Dataset::from_uids(a).check_unique_uids().unwrap();
}
