//! TIFF against tifffile, libtiff's tools and RELION's writer, both ways, and files that lie.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::movie::{PixelType, Pixels};
use nilas_formats::tiff::{Compression, FourBit, RowOrder, TiffFile, TiffOptions, TiffWriter};
use proptest::prelude::*;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::process::Command;

/// Writes files of every kind with tifffile; beside each the pixels of all pages as tifffile reads them, little endian,
/// last row first.
const MAKE: &str = r#"
import sys, os, struct, numpy as np, tifffile, imagecodecs
out = sys.argv[1]
r = np.random.default_rng(7)
def expect(name, data):
    data = np.ascontiguousarray(data[:, ::-1, :])
    data.astype(data.dtype.newbyteorder('<')).tofile(os.path.join(out, name + '.raw'))
    print(name, data.dtype.name, *data.shape)
def reread(name):
    path = os.path.join(out, name + '.tif')
    with tifffile.TiffFile(path) as t:
        return np.stack([p.asarray() for p in t.pages])
def make(name, data, **kw):
    with tifffile.TiffWriter(os.path.join(out, name + '.tif'), byteorder=kw.pop('byteorder', '<'), bigtiff=kw.pop('bigtiff', False)) as t:
        for frame in data:
            t.write(frame, contiguous=False, photometric='minisblack', metadata=None, **kw)
    got = reread(name)
    assert got.dtype == data.dtype and np.array_equal(got, data), name
    expect(name, got)
counts = r.poisson(0.8, (3, 70, 101))
u8 = counts.astype('u1')
make('u8_lzw', u8, compression='lzw', rowsperstrip=16)
make('u8_lzw_one_strip', u8, compression='lzw', rowsperstrip=70)
make('u8_lzw_rows', u8, compression='lzw', rowsperstrip=1)
make('u8_lzw_predictor', u8, compression='lzw', predictor=True, rowsperstrip=7)
make('u8_deflate', u8, compression='zlib', rowsperstrip=16)
make('u8_deflate_predictor', u8, compression='zlib', predictor=True, rowsperstrip=16)
make('u8_none', u8, rowsperstrip=16)
make('u8_big', u8, compression='lzw', rowsperstrip=16, bigtiff=True)
make('u8_msb', u8, compression='lzw', rowsperstrip=16, byteorder='>')
make('u8_tiles', u8, compression='lzw', tile=(32, 48))
make('u8_zeros', np.zeros((2, 300, 257), 'u1'), compression='lzw', rowsperstrip=300)
make('u8_ramp', np.arange(3 * 500 * 256, dtype='u4').reshape(3, 500, 256).astype('u1'), compression='lzw', rowsperstrip=500)
make('u8_wide', r.poisson(2.0, (1, 200, 3000)).astype('u1'), compression='lzw', rowsperstrip=200)
make('i8_lzw', (counts - 3).astype('i1'), compression='lzw', rowsperstrip=16)
for kind, data in [('u16', counts * 300), ('i16', counts * 300 - 900), ('u32', counts * 70000), ('i32', counts * 70000 - 200000)]:
    data = data.astype(np.dtype(kind[0] + str(int(kind[1:]) // 8)))
    for order, name in [('<', ''), ('>', '_msb')]:
        make(kind + '_none' + name, data, rowsperstrip=9, byteorder=order)
        make(kind + '_lzw' + name, data, compression='lzw', rowsperstrip=9, byteorder=order)
        make(kind + '_lzw_predictor' + name, data, compression='lzw', predictor=True, rowsperstrip=9, byteorder=order, bigtiff=order == '>')
        make(kind + '_tiles_predictor' + name, data, compression='zlib', predictor=True, tile=(16, 32), byteorder=order)
f = r.normal(size=(2, 40, 33)).astype('f4')
for order, name in [('<', ''), ('>', '_msb')]:
    make('f32_none' + name, f, byteorder=order)
    make('f32_lzw' + name, f, compression='lzw', rowsperstrip=16, byteorder=order)
    make('f32_predictor' + name, f, compression='zlib', predictor=3, rowsperstrip=16, byteorder=order)
    make('f32_tiles_predictor' + name, f, compression='lzw', predictor=3, tile=(16, 16), byteorder=order)
    for half, n in [('f2', 'f16'), ('f8', 'f64')]:
        d = f.astype(half)
        with tifffile.TiffWriter(os.path.join(out, n + name + '.tif'), byteorder=order) as t:
            for frame in d:
                t.write(frame, contiguous=False, compression='lzw', rowsperstrip=16, metadata=None)
        expect(n + name, reread(n + name).astype('f4'))
# TIFF's own 4 bits: no writer at hand makes them, tifffile reads them.
def four(name, width, order):
    data = r.integers(0, 16, (30, width)).astype('u1')
    padded = np.pad(data, ((0, 0), (0, width % 2)))
    packed = (padded[:, ::2] << 4 | padded[:, 1::2]).astype('u1').tobytes()
    strip = imagecodecs.lzw_encode(packed)
    tags = [(256, 4, width), (257, 4, 30), (258, 3, 4), (259, 3, 5), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 4, 30), (279, 4, len(strip))]
    e = '<' if order == 'II' else '>'
    ifd = struct.pack(e + 'H', len(tags))
    for tag, kind, value in tags:
        v = struct.pack(e + 'HH', value, 0) if kind == 3 else struct.pack(e + 'I', value)
        ifd += struct.pack(e + 'HHI', tag, kind, 1) + v
    ifd += struct.pack(e + 'I', 0)
    pad = b'\0' * (len(strip) % 2)
    head = order.encode() + struct.pack(e + 'HI', 42, 8 + len(strip) + len(pad))
    open(os.path.join(out, name + '.tif'), 'wb').write(head + strip + pad + ifd)
    got = reread(name)
    assert np.array_equal(got[0], data), name
    expect(name, got)
four('u4', 64, 'II')
four('u4_odd_msb', 63, 'MM')
"#;

fn raw(file: &TiffFile) -> Vec<u8> {
    (0..file.frames())
        .flat_map(|i| {
            let frame = file.read(i, RowOrder::BottomFirst).unwrap();
            assert_eq!(frame.shape, file.shape());
            frame.pixels.bytes().to_vec()
        })
        .collect()
}

#[test]
fn every_kind_reads_as_tifffile_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_string_lossy().into_owned();
    let Some(list) = testdata::python("tifffile, imagecodecs", MAKE, &[&folder]) else {
        return;
    };
    let mut files = 0;
    for line in list.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let path = dir.path().join(words[0]).with_extension("tif");
        let file = TiffFile::open(&path).unwrap();
        let [frames, ny, nx] = [2, 3, 4].map(|i| words[i].parse::<usize>().unwrap());
        assert_eq!((file.frames(), file.shape()), (frames, [ny, nx]), "{line}");
        assert_eq!(file.pixel_type().name(), words[1], "{line}");
        let want = std::fs::read(path.with_extension("raw")).unwrap();
        assert!(raw(&file) == want, "{line}");
        // The file's own row order is the other way round.
        let top = file.read(0, RowOrder::AsStored).unwrap();
        let row = nx * file.pixel_type().bytes();
        assert!(
            top.pixels.bytes()[..row] == want[(ny - 1) * row..ny * row],
            "{line}"
        );
        files += 1;
    }
    println!("{files} files are bit-identical to tifffile");
    assert!(files > 50, "{files}");
}

fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output().is_ok();
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

fn counts(shape: [usize; 2], mean: f64, seed: u64) -> Vec<u8> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // Sum of many rare events: nearly Poisson.
    (0..shape[0] * shape[1])
        .map(|_| (0..16).filter(|_| rng.random::<f64>() < mean / 16.0).count() as u8)
        .collect()
}

fn write(path: &Path, shape: [usize; 2], frames: &[Pixels], options: TiffOptions) {
    let mut writer = TiffWriter::create(path, shape, frames[0].kind(), options).unwrap();
    frames.iter().for_each(|f| writer.push(f).unwrap());
    writer.finish().unwrap();
}

#[test]
fn what_libtiff_writes_reads_the_same() {
    if !has("tiffcp") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (shape, source) = ([90, 133], dir.path().join("a.tif"));
    let frames: Vec<Pixels> = (0..3).map(|i| Pixels::U8(counts(shape, 0.8, i))).collect();
    write(&source, shape, &frames, TiffOptions::default());
    let want: Vec<u8> = frames.iter().flat_map(|f| f.bytes().to_vec()).collect();
    for arguments in [
        "-c none",
        "-c lzw",
        "-c lzw:2",
        "-c zip",
        "-c zip:2",
        "-c lzw -r 1",
        "-c lzw -r 90",
        "-c lzw -B",
        "-c lzw -8",
        "-c lzw -8 -B",
        "-c lzw -t -w 32 -l 16",
        "-c zip -t -w 128 -l 128",
    ] {
        let target = dir.path().join("b.tif");
        let done = Command::new("tiffcp")
            .args(arguments.split(' '))
            .args([&source, &target])
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{arguments}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert!(raw(&TiffFile::open(&target).unwrap()) == want, "{arguments}");
    }
    // Reversed bits are refused in words.
    let target = dir.path().join("b.tif");
    let done = Command::new("tiffcp")
        .args(["-f", "lsb2msb", "-c", "lzw"])
        .args([&source, &target])
        .status()
        .unwrap();
    assert!(done.success());
    let e = TiffFile::open(&target).unwrap_err().to_string();
    assert!(e.contains("fill order 2") && e.contains("b.tif"), "{e}");
}

#[test]
fn what_we_write_is_read_by_tifffile_and_libtiff() {
    let dir = tempfile::tempdir().unwrap();
    let shape = [61, 83];
    let base = counts(shape, 1.5, 3);
    let kinds = [
        Pixels::U8(base.clone()),
        Pixels::I8(base.iter().map(|&v| v as i8 - 3).collect()),
        Pixels::U16(base.iter().map(|&v| u16::from(v) * 9000).collect()),
        Pixels::I16(base.iter().map(|&v| i16::from(v) * 900 - 999).collect()),
        Pixels::U32(base.iter().map(|&v| u32::from(v) * 90_000_000).collect()),
        Pixels::I32(base.iter().map(|&v| i32::from(v) * 900_000 - 999_999).collect()),
        Pixels::F32(base.iter().map(|&v| f32::from(v) * 0.37 - 1.0).collect()),
    ];
    let mut names = Vec::new();
    for pixels in &kinds {
        for compression in [Compression::None, Compression::Lzw, Compression::Deflate] {
            for (rows, big, predictor) in [(16, false, false), (usize::MAX, true, false), (1, false, true)] {
                let kind = pixels.kind();
                let predictor = predictor && kind != PixelType::F32 && compression != Compression::None;
                let options = TiffOptions {
                    compression,
                    rows_per_strip: rows,
                    big,
                    predictor,
                    pixel_size_angstrom: Some(0.83),
                };
                let path = dir.path().join(format!(
                    "{}-{}-{}.tif",
                    kind.name(),
                    compression.name(),
                    rows.min(99)
                ));
                write(&path, shape, &[pixels.clone(), pixels.clone()], options);
                let file = TiffFile::open(&path).unwrap();
                assert_eq!((file.frames(), file.compression()), (2, compression));
                assert!((file.pixel_size_angstrom().unwrap() - 0.83).abs() < 1e-6);
                for frame in 0..2 {
                    assert!(
                        file.read(frame, RowOrder::BottomFirst).unwrap().pixels == *pixels,
                        "{}",
                        path.display()
                    );
                }
                names.push(path);
            }
        }
    }
    // Ours above is one program agreeing with itself; the next two are not.
    let code = "
import sys, numpy as np, tifffile
for f in sys.argv[1:]:
    with tifffile.TiffFile(f) as t:
        a = np.stack([p.asarray() for p in t.pages])
    a = np.ascontiguousarray(a[:, ::-1, :])
    a.astype(a.dtype.newbyteorder('<')).tofile(f + '.raw')
    print(a.dtype.name, *a.shape)
";
    let texts: Vec<String> = names.iter().map(|n| n.to_string_lossy().into_owned()).collect();
    let arguments: Vec<&str> = texts.iter().map(String::as_str).collect();
    if let Some(answer) = testdata::python("tifffile, imagecodecs", code, &arguments) {
        for (path, line) in names.iter().zip(answer.lines()) {
            let file = TiffFile::open(path).unwrap();
            assert_eq!(line, format!("{} 2 61 83", file.pixel_type().name()));
            let want = std::fs::read(format!("{}.raw", path.display())).unwrap();
            assert!(raw(&file) == want, "{}", path.display());
        }
    }
    if has("tiffcp") {
        for path in &names {
            let plain = dir.path().join("plain.tif");
            let done = Command::new("tiffcp")
                .args(["-c", "none"])
                .args([path, &plain])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            assert!(
                done.status.success() && said.is_empty(),
                "{}: {said}",
                path.display()
            );
            assert!(
                raw(&TiffFile::open(&plain).unwrap()) == raw(&TiffFile::open(path).unwrap()),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn packed_super_resolution_frames_are_unpacked_low_half_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("k2.tif");
    let (ny, nx) = (7420, 3838);
    let mut bytes = vec![0u8; ny * nx];
    bytes[0] = 0x21;
    bytes[nx + 1] = 0xf0;
    write(
        &path,
        [ny, nx],
        &[Pixels::U8(bytes.clone())],
        TiffOptions::default(),
    );
    let file = TiffFile::open(&path).unwrap();
    assert_eq!((file.shape(), file.bits()), ([ny, 2 * nx], 4));
    let Pixels::U8(got) = file.read(0, RowOrder::BottomFirst).unwrap().pixels else {
        panic!("not bytes");
    };
    assert_eq!((got[0], got[1]), (1, 2));
    assert_eq!((got[2 * nx + 2], got[2 * nx + 3]), (0, 15));
    assert_eq!(got.iter().map(|&v| u64::from(v)).sum::<u64>(), 18);
    // The size is a guess that a caller can overrule, both ways.
    let plain = TiffFile::open_with(&path, FourBit::AsStored).unwrap();
    assert_eq!(plain.shape(), [ny, nx]);
    assert!(plain.read(0, RowOrder::BottomFirst).unwrap().pixels == Pixels::U8(bytes));
    let small = dir.path().join("small.tif");
    write(
        &small,
        [2, 3],
        &[Pixels::U8(vec![0x21, 0x43, 0x65, 1, 2, 3])],
        TiffOptions::default(),
    );
    assert_eq!(TiffFile::open(&small).unwrap().shape(), [2, 3]);
    let packed = TiffFile::open_with(&small, FourBit::Packed).unwrap();
    assert!(
        packed.read(0, RowOrder::BottomFirst).unwrap().pixels
            == Pixels::U8(vec![1, 2, 3, 4, 5, 6, 1, 0, 2, 0, 3, 0])
    );
}

#[test]
fn relion_writes_what_we_read_and_flips_as_we_do() {
    if !has("relion_convert_to_tiff") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let shape = [64, 96];
    let mut stack = nilas_formats::mrc::MrcStackWriter::create(
        dir.path().join("m.mrcs"),
        shape,
        1.0,
        nilas_formats::mrc::MrcMode::I8,
    )
    .unwrap();
    let frames: Vec<Vec<u8>> = (0..4).map(|i| counts(shape, 0.9, 40 + i)).collect();
    for f in &frames {
        stack
            .push(&f.iter().map(|&v| f32::from(v)).collect::<Vec<_>>())
            .unwrap();
    }
    stack.finish().unwrap();
    for compression in ["none", "lzw", "deflate"] {
        for lines in [false, true] {
            let done = Command::new("relion_convert_to_tiff")
                .current_dir(dir.path())
                .args(["--i", "m.mrcs", "--o", "out/", "--compression", compression])
                .args(lines.then_some("--line_by_line"))
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            let file = TiffFile::open(dir.path().join("out/m.tif")).unwrap();
            assert_eq!((file.frames(), file.shape()), (4, shape));
            for (i, want) in frames.iter().enumerate() {
                let got = file.read(i, RowOrder::BottomFirst).unwrap().pixels.to_f32();
                let want: Vec<f32> = want.iter().map(|&v| f32::from(v)).collect();
                assert!(got == want, "{compression} {lines} frame {i}");
            }
        }
    }
}

fn sample(dir: &Path, compression: Compression) -> Vec<u8> {
    let shape = [40, 50];
    let frames: Vec<Pixels> = (0..3).map(|i| Pixels::U8(counts(shape, 0.8, 90 + i))).collect();
    let path = dir.join("sample.tif");
    let options = TiffOptions {
        compression,
        rows_per_strip: 8,
        ..TiffOptions::default()
    };
    write(&path, shape, &frames, options);
    std::fs::read(path).unwrap()
}

/// Reads everything and says how many frames came and what was wrong; the caller looks for panics.
fn read_all(path: &Path) -> (usize, Vec<String>) {
    match TiffFile::open(path) {
        Err(e) => (0, vec![e.to_string()]),
        Ok(file) => {
            let mut problems = Vec::new();
            for i in 0..file.frames() {
                if let Err(e) = file.read(i, RowOrder::BottomFirst) {
                    problems.push(e.to_string());
                }
            }
            (file.frames() - problems.len(), problems)
        }
    }
}

#[test]
fn errors_name_file_frame_strip_and_byte() {
    let dir = tempfile::tempdir().unwrap();
    let whole = sample(dir.path(), Compression::Lzw);
    let path = dir.path().join("bad.tif");
    // Cut in the last frame's strips: its directory is gone, the frames before it are there.
    std::fs::write(&path, &whole[..whole.len() - 600]).unwrap();
    let file = TiffFile::open(&path).unwrap();
    assert!(file.is_cut() && file.frames() == 2, "{:?}", file.notes());
    assert_eq!(read_all(&path).0, 2);
    // Frame 1's strips point behind the end of the file.
    let file = TiffFile::open(dir.path().join("sample.tif")).unwrap();
    assert!(!file.is_cut());
    drop(file);
    let mut wild = whole.clone();
    // Three strips of zeros in the data of frame 0: code 0 in 9 bits where a clear code should be is a literal, so make
    // them ones: code 511 cannot be.
    wild[8..60].fill(0xff);
    std::fs::write(&path, &wild).unwrap();
    let (good, problems) = read_all(&path);
    assert_eq!((good, problems.len()), (2, 1));
    let e = &problems[0];
    assert!(
        e.contains("bad.tif")
            && e.contains("frame 0, strip 0")
            && e.contains("at byte")
            && e.contains("code 511"),
        "{e}"
    );
    for (bytes, word) in [
        (&b"II*\0aaaa"[..], "TIFF directory 0"),
        (b"II*\0", "TIFF header"),
        (b"II*\0\0\0\0\0", "without an image"),
        (b"XX*\0\0\0\0\0", "not a TIFF"),
        (b"II\x63\0\0\0\0\0", "version 99"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let e = TiffFile::open(&path).unwrap_err().to_string();
        assert!(e.contains(word), "{bytes:?}: {e}");
    }
    assert!(
        TiffFile::open(dir.path())
            .unwrap_err()
            .to_string()
            .contains("regular")
    );
    let file = TiffFile::open(dir.path().join("sample.tif")).unwrap();
    let e = file.read(3, RowOrder::AsStored).unwrap_err().to_string();
    assert!(e.contains("frame 3") && e.contains("there are 3"), "{e}");
}

/// Where the value of tag `id` stands in the first directory of a little-endian classic TIFF.
fn tag_at(bytes: &[u8], id: u16) -> usize {
    let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let ifd = number(4);
    let count = usize::from(u16::from_le_bytes(bytes[ifd..ifd + 2].try_into().unwrap()));
    (0..count)
        .map(|i| ifd + 2 + 12 * i)
        .find(|&at| bytes[at..at + 2] == id.to_le_bytes())
        .unwrap()
        + 8
}

#[test]
fn a_lying_header_gets_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    for compression in [Compression::None, Compression::Lzw, Compression::Deflate] {
        let whole = sample(dir.path(), compression);
        let path = dir.path().join("lie.tif");
        // A million pixels square in one strip of a few hundred bytes: 1 TB.
        let mut lie = whole.clone();
        for id in [256, 257] {
            let at = tag_at(&whole, id);
            lie[at..at + 4].copy_from_slice(&1_000_000u32.to_le_bytes());
        }
        std::fs::write(&path, &lie).unwrap();
        let (good, problems) = read_all(&path);
        assert_eq!(good, 0, "{problems:?}");
        let at = tag_at(&whole, 278);
        lie[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
        for id in [273, 279] {
            // A thousand strips from five numbers.
            let at = tag_at(&whole, id) - 4;
            lie[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
        }
        std::fs::write(&path, &lie).unwrap();
        let (good, problems) = read_all(&path);
        assert_eq!(good, 0, "{problems:?}");
        // Four billion strip offsets.
        let mut lie = whole.clone();
        let at = tag_at(&whole, 273) - 4;
        lie[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        std::fs::write(&path, &lie).unwrap();
        let (good, problems) = read_all(&path);
        assert_eq!(good, 2, "the other frames are whole: {problems:?}");
        assert!(problems[0].contains("tag 273"), "{problems:?}");
    }
}

#[test]
fn directories_in_a_circle_end() {
    let dir = tempfile::tempdir().unwrap();
    let whole = sample(dir.path(), Compression::None);
    let first = u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize;
    let count = usize::from(u16::from_le_bytes(whole[first..first + 2].try_into().unwrap()));
    let mut circle = whole.clone();
    circle[first + 2 + 12 * count..first + 6 + 12 * count].copy_from_slice(&whole[4..8]);
    let path = dir.path().join("circle.tif");
    std::fs::write(&path, &circle).unwrap();
    let file = TiffFile::open(&path).unwrap();
    assert!(file.frames() == 1 && file.is_cut());
    assert!(
        file.notes().iter().any(|n| n.contains("circle")),
        "{:?}",
        file.notes()
    );
}

#[test]
fn writers_refuse_what_does_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.tif");
    let make = |shape, kind, options| TiffWriter::create(&path, shape, kind, options);
    let plain = TiffOptions::default();
    assert!(make([0, 4], PixelType::U8, plain).is_err());
    let odd = TiffOptions {
        predictor: true,
        ..plain
    };
    assert!(make([4, 4], PixelType::F32, odd).is_err());
    let mut writer = make([4, 4], PixelType::U8, plain).unwrap();
    assert!(writer.push(&Pixels::U16(vec![0; 16])).is_err());
    assert!(writer.push(&Pixels::U8(vec![0; 15])).is_err());
    assert!(
        writer
            .finish()
            .unwrap_err()
            .to_string()
            .contains("without frames")
    );
    assert!(!path.exists() && std::fs::read_dir(dir.path()).unwrap().next().is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_image_survives(
        ny in 1usize..40,
        nx in 1usize..70,
        rows in 1usize..20,
        levels in prop::sample::select(vec![1u32, 2, 3, 20, 256]),
        wide in any::<bool>(),
        differences in any::<bool>(),
        which in 0usize..3,
        seed in any::<u64>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.tif");
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let bytes: Vec<u8> = (0..ny * nx).map(|_| rng.random_range(0..levels) as u8).collect();
        let pixels = if wide {
            Pixels::U16(bytes.iter().map(|&b| u16::from(b) * 257).collect())
        } else {
            Pixels::U8(bytes)
        };
        let compression = [Compression::None, Compression::Lzw, Compression::Deflate][which];
        let predictor = differences && compression != Compression::None;
        let options = TiffOptions { compression, rows_per_strip: rows, predictor, ..TiffOptions::default() };
        write(&path, [ny, nx], std::slice::from_ref(&pixels), options);
        let got = TiffFile::open(&path).unwrap().read(0, RowOrder::BottomFirst).unwrap();
        prop_assert_eq!(got.pixels, pixels);
    }

    #[test]
    fn broken_files_never_panic(
        which in 0usize..3,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = sample(dir.path(), [Compression::None, Compression::Lzw, Compression::Deflate][which]);
        for (at, value) in flips {
            let i = at.index(bytes.len());
            bytes[i] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let path = dir.path().join("broken.tif");
        std::fs::write(&path, &bytes).unwrap();
        let (good, problems) = read_all(&path);
        for e in &problems {
            prop_assert!(e.contains("broken.tif"), "{}", e);
        }
        prop_assert!(good <= 3);
    }
}
