//! Atoms and result groups, against Python reading the same files, and broken ones.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::csg::{self, ResultGroup};
use nilas_formats::pdb::{self, ModelFormat, parse_structure};
use proptest::prelude::*;
use std::path::Path;

/// Reads the first model with other means than we do: fixed columns, and for mmCIF the item order of the header.
const ORACLE: &str = r#"
import sys, shlex, gzip
for f in sys.argv[1:]:
    n = 0; s = [0.0]*5; labels = []; el = {}
    for line in open(f, encoding='latin-1'):
        if line.startswith('ENDMDL'): break
        if line.startswith('_atom_site.'): labels.append(line.split('.')[1].strip())
        if not line.startswith(('ATOM  ', 'HETATM')) and not (labels and line.startswith('ATOM ')): continue
        if labels:
            v = dict(zip(labels, shlex.split(line)))
            if v['pdbx_PDB_model_num'] != '1': continue
            row = [v['Cartn_x'], v['Cartn_y'], v['Cartn_z'], v['occupancy'], v['B_iso_or_equiv']]; e = v['type_symbol']
        else:
            row = [line[30:38], line[38:46], line[46:54], line[54:60], line[60:66]]; e = line[76:78].strip()
        n += 1
        el[e.upper()] = el.get(e.upper(), 0) + 1
        for i, x in enumerate(row): s[i] += float(x)
    print(n, *s, el.get('C', 0), el.get('N', 0), el.get('S', 0))
"#;

#[test]
fn real_models_have_their_atoms() {
    let mut files = testdata::files_below("07_maps_models");
    files.retain(|p| p.extension().is_some_and(|e| e == "pdb" || e == "cif"));
    let names: Vec<String> = files.iter().map(|p| p.to_string_lossy().into_owned()).collect();
    let args: Vec<&str> = names.iter().map(String::as_str).collect();
    if files.is_empty() {
        return;
    }
    let Some(answer) = testdata::python("shlex", ORACLE, &args) else {
        return;
    };
    for (path, line) in files.iter().zip(answer.lines()) {
        let want: Vec<f64> = line.split(' ').map(|v| v.parse().unwrap()).collect();
        let s = pdb::read_structure(path).unwrap();
        assert_eq!(s.format == ModelFormat::MmCif, path.extension().unwrap() == "cif");
        let mut got = vec![s.atoms.len() as f64];
        got.extend((0..3).map(|i| s.atoms.iter().map(|a| a.position_angstrom[i]).sum::<f64>()));
        got.push(s.atoms.iter().map(|a| a.occupancy).sum());
        got.push(s.atoms.iter().map(|a| a.b_factor).sum());
        got.extend([6, 7, 16].map(|z| s.atoms.iter().filter(|a| a.atomic_number == z).count() as f64));
        for (g, w) in got.iter().zip(&want) {
            assert!(
                (g - w).abs() < 1e-6 * (1.0 + w.abs()),
                "{}: {got:?} {want:?}",
                path.display()
            );
        }
        println!(
            "{}: {} atoms, {} model(s)",
            path.file_name().unwrap().to_string_lossy(),
            s.atoms.len(),
            s.models
        );
    }
    let one = pdb::read_atoms(&files[files.iter().position(|p| p.ends_with("1u6g.pdb")).unwrap()]).unwrap();
    assert_eq!(
        (
            one[0].chain.as_str(),
            one[0].residue.as_str(),
            one[1].name.as_str(),
            one[1].symbol()
        ),
        ("A", "LEU", "CA", "C")
    );
}

#[test]
fn elements_alternatives_and_models() {
    let line = |name: &str, element: &str| {
        format!(
            "ATOM      1 {name:<4}AALA B   1       1.000   2.000   3.000  0.50 10.00          {element:>2}\n"
        )
    };
    for (name, element, z) in [
        (" CA ", "", 6),
        ("CA  ", "", 20),
        ("HG21", "", 1),
        ("1HB ", "", 1),
        (" CA ", "D", 1),
        ("FE  ", "FE", 26),
        ("SE  ", "", 34),
    ] {
        let s = parse_structure("x.pdb", line(name, element).as_bytes()).unwrap();
        assert_eq!(s.atoms[0].atomic_number, z, "{name:?} {element:?}");
        assert_eq!(
            (
                s.atoms[0].alternative,
                s.atoms[0].occupancy,
                s.atoms[0].chain.as_str()
            ),
            (Some('A'), 0.5, "B")
        );
    }
    let models = format!("MODEL 1\n{0}ENDMDL\nMODEL 2\n{0}ENDMDL\n", line(" CA ", "C"));
    let s = parse_structure("x.pdb", models.as_bytes()).unwrap();
    assert_eq!((s.atoms.len(), s.models), (1, 2));
    let e = parse_structure("x.pdb", line(" CA ", "C").replace("2.000", "2.0x0").as_bytes())
        .unwrap_err()
        .to_string();
    assert!(e.contains("x.pdb: line 1: y is"), "{e}");
    assert!(
        parse_structure("x.pdb", line(" QQ ", "QQ").as_bytes())
            .unwrap_err()
            .to_string()
            .contains("element")
    );
    for nothing in ["", "hello\n", "data_x\n_cell.a 1\n", "HEADER\nEND\n", "\0"] {
        assert!(parse_structure("x", nothing.as_bytes()).is_err(), "{nothing:?}");
    }
}

const CIF: &str = "data_t
_struct.title
;a text
loop_
;
_atom_site_aniso.x 1
loop_
_other.a
1 2 'x y' 3
loop_
_atom_site.group_PDB
_atom_site.type_symbol
_atom_site.label_atom_id
_atom_site.Cartn_x
_atom_site.Cartn_y
_atom_site.Cartn_z
_atom_site.B_iso_or_equiv
_atom_site.pdbx_PDB_model_num
ATOM C \"C1'\" 1.0 2.0(3) 3.0 ? 1
HETATM ZN ZN 4.0
5.0 6.0 7.5 1
ATOM C CA 1 2 3 4 2
loop_
_after.x
9
";

#[test]
fn mmcif_follows_its_grammar() {
    let s = parse_structure("t.cif", CIF.as_bytes()).unwrap();
    assert_eq!((s.atoms.len(), s.models), (2, 2));
    assert_eq!(
        (
            s.atoms[0].name.as_str(),
            s.atoms[0].b_factor,
            s.atoms[0].occupancy
        ),
        ("C1'", 0.0, 1.0)
    );
    assert_eq!(
        (
            s.atoms[1].symbol(),
            s.atoms[1].hetero,
            s.atoms[1].position_angstrom
        ),
        ("Zn", true, [4.0, 5.0, 6.0])
    );
    let one = "data_x\n_atom_site.type_symbol C\n_atom_site.Cartn_x 1\n_atom_site.Cartn_y 2\n_atom_site.Cartn_z 3\nloop_\n_a.b\n1\n";
    assert_eq!(parse_structure("x", one.as_bytes()).unwrap().atoms.len(), 1);
    let cut = CIF.replace("5.0 6.0 7.5 1\nATOM C CA 1 2 3 4 2\n", "");
    assert!(
        parse_structure("x", cut.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("within a row")
    );
    assert!(
        parse_structure("x", CIF.replace("4.0\n", "4.0.0\n").as_bytes())
            .unwrap_err()
            .to_string()
            .contains("line 21")
    );
    assert!(parse_structure("x", b"data_x\n;never ends\n").is_err());
}

#[test]
fn groups_of_cryosparc_and_of_pyyaml_are_read() {
    let mut files = testdata::files_below("04_cryosparc");
    files.retain(|p| p.extension().is_some_and(|e| e == "csg"));
    for path in &files {
        let g = csg::read(path).unwrap();
        assert!(!g.slots.is_empty() && g.version == "v2.15.0");
        // What we write is what PyYAML wrote.
        assert_eq!(
            csg::to_text(&g),
            std::fs::read_to_string(path).unwrap(),
            "{}",
            path.display()
        );
        let slot = g.slots.values().next().unwrap();
        assert_eq!(slot.path(path, Path::new("/p")).parent(), path.parent());
    }
    let flow = "created: 2024-01-02 03:04:05.678901\ngroup: {description: 'a, b', name: particles, title: All, type: particle}\nresults:\n  alignments3D: {metafile: '>J350_particles_exported.cs', num_items: 456024, type: particle.alignments3D}\n  ctf:          {metafile: J3/x.cs,\n    num_items: 3, type: particle.ctf}   # comment\nversion: v4.4.1\n";
    let g = csg::parse(Path::new("x.csg"), flow).unwrap();
    assert_eq!(
        (
            g.description.as_str(),
            g.slots["alignments3D"].num_items,
            g.slots["ctf"].metafile.as_str()
        ),
        ("a, b", 456_024, "J3/x.cs")
    );
    assert_eq!(
        g.slots["ctf"].path(Path::new("/a/x.csg"), Path::new("/p")),
        Path::new("/p/J3/x.cs")
    );
}

#[test]
fn awkward_texts_survive_and_pyyaml_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("g.csg");
    let texts = [
        "it's: a",
        "",
        "yes",
        "123",
        "a # b",
        "- x",
        "{x}",
        "two\nlines",
        "é ü",
        "\"q\"",
        " lead",
        "%p",
        "a: b",
        "~",
    ];
    for (i, text) in texts.iter().enumerate() {
        let mut g = ResultGroup {
            created: "2024-01-02 03:04:05.678901".into(),
            description: (*text).into(),
            title: texts[(i + 1) % texts.len()].into(),
            ..Default::default()
        };
        g.slots.insert(
            "blob".into(),
            csg::GroupSlot {
                metafile: ">a b'c.cs".into(),
                num_items: 7,
                kind: "particle.blob".into(),
            },
        );
        csg::write(&path, &g).unwrap();
        assert_eq!(csg::read(&path).unwrap(), g, "{}", csg::to_text(&g));
        let code = "import sys, yaml\nd = yaml.safe_load(open(sys.argv[1]))\nassert d['group']['description'] == sys.argv[2], d\nassert d['results']['blob']['metafile'] == \">a b'c.cs\" and d['created'].year == 2024\n";
        let _ = testdata::python("yaml", code, &[&path.to_string_lossy(), text]);
    }
    let folded = "import sys, yaml, datetime\nopen(sys.argv[1], 'w').write(yaml.dump({'created': datetime.datetime(2024,1,2,3,4,5,6), 'group': {'description': sys.argv[2], 'name': 'n', 'title': 'word: ' * 40 + '.', 'type': 't'}, 'results': {'a': {'metafile': '>x', 'num_items': 1, 'type': 'u'}}, 'version': 'v'}))\n";
    let long = "some words that PyYAML will fold ".repeat(12) + "end";
    if testdata::python("yaml", folded, &[&path.to_string_lossy(), &long]).is_some() {
        let g = csg::read(&path).unwrap();
        assert_eq!((g.description, g.title), (long, "word: ".repeat(40) + "."));
    }
}

#[test]
fn broken_groups_are_refused() {
    for (text, word) in [
        ("", "no 'group'"),
        ("group:\n  a: b\n", "no 'results'"),
        ("group: {a: b\nresults: c\n", "without end"),
        ("a: 'open\n", "without end"),
        ("a: b\na: c\n", "twice"),
        ("- a\n", "lists"),
        ("a: [1]\n", "lists"),
        ("a:\n    b: c\n  d: e\n", "indentation"),
        (
            "group: {}\nresults:\n  x: {metafile: a, num_items: many}\n",
            "no number",
        ),
        ("group: {}\nresults:\n  x: {num_items: 1}\n", "no metafile"),
    ] {
        let e = csg::parse(Path::new("b.csg"), text).unwrap_err().to_string();
        assert!(e.contains(word) && e.contains("b.csg"), "{text:?}: {e}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn spoiled_text_never_panics(flips in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..10), cut in any::<u16>(), which in 0usize..3) {
        let pdb_text = "ATOM      1  CA AALA B   1       1.000   2.000   3.000  0.50 10.00           C\nENDMDL\n".repeat(3);
        let csg_text = "created: x\ngroup:\n  description: 'a\n\n    b'\nresults:\n  a: {metafile: '>x', num_items: 1, type: \"u\\n\"}\nversion: v\n";
        let mut bytes = [pdb_text.as_str(), CIF, csg_text][which].as_bytes().to_vec();
        let n = bytes.len();
        for (at, v) in flips {
            bytes[usize::from(at) % n] = v;
        }
        for candidate in [&bytes[..], &bytes[..usize::from(cut) % n]] {
            let _ = parse_structure("x", candidate);
            let _ = csg::parse(Path::new("x"), &String::from_utf8_lossy(candidate));
        }
    }
}
