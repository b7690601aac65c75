//! Movies of every kind through one reader: the same frames whatever the container, few of them at once, and bad input.
#![allow(clippy::unwrap_used)]

mod testdata;

use nilas_formats::eer::{EerOptions, EerWriter, Electron, Fractions};
use nilas_formats::inspect::inspect;
use nilas_formats::movie::{MovieFormat, MovieOptions, MovieReader, PixelType, Pixels};
use nilas_formats::mrc::{MrcMode, MrcStackWriter};
use nilas_formats::tiff::{TiffOptions, TiffWriter};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Files of all MRC modes written by mrcfile, plain and packed, and by hand where it has no writer; beside each the values as
/// mrcfile (or the recipe) has them, as 32-bit floats.
const MAKE: &str = r#"
import sys, os, bz2, gzip, numpy as np, mrcfile
out = sys.argv[1]
r = np.random.default_rng(3)
counts = r.poisson(1.3, (5, 40, 53))
def expect(name, data):
    np.ascontiguousarray(data).astype('<f4').tofile(os.path.join(out, name + '.raw'))
    print(name, *data.shape)
for kind, data in [('i1', counts - 3), ('i2', counts * 900 - 700), ('u2', counts * 9000), ('f4', counts * 0.37 - 1), ('f2', counts * 0.25 - 1)]:
    data = data.astype(kind)
    path = os.path.join(out, kind + '.mrc')
    with mrcfile.new(path, data=data, overwrite=True) as m:
        m.set_image_stack()
    with mrcfile.open(path) as m:
        data = np.array(m.data)
    expect(kind + '.mrc', data)
    raw = open(path, 'rb').read()
    open(path + '.bz2', 'wb').write(bz2.compress(raw, 1))
    expect(kind + '.mrc.bz2', data)
    # The old form of a packed stack: several gzip members one after the other.
    half = len(raw) // 3
    open(path + '.gz', 'wb').write(gzip.compress(raw[:half]) + gzip.compress(raw[half:]))
    expect(kind + '.mrc.gz', data)
    # Big endian: mrcfile reads it, we write it here.
    swapped = bytearray(raw)
    words = np.frombuffer(raw[:1024], '<i4').astype('>i4').tobytes()
    swapped[:1024] = words
    swapped[104:112] = raw[104:108] + words[108:112]
    swapped[208:216] = b'MAP \x11\x11\0\0'
    swapped[224:1024] = raw[224:1024]
    swapped[1024:] = data.astype(data.dtype.newbyteorder('>')).tobytes()
    big = os.path.join(out, kind + '_big.mrc')
    open(big, 'wb').write(swapped)
    with mrcfile.open(big, permissive=True) as m:
        assert np.array_equal(np.asarray(m.data), data), kind
    expect(kind + '_big.mrc', data)
four = r.integers(0, 16, (3, 20, 33)).astype('u1')
packed = np.pad(four, ((0, 0), (0, 0), (0, 1)))
packed = (packed[..., ::2] | packed[..., 1::2] << 4).astype('u1')
head = np.zeros(256, '<i4')
head[[0, 1, 2, 3, 9]] = 33, 20, 3, 101, 3
head[7:10] = 33, 20, 1
head = bytearray(head.tobytes())
head[208:216] = b'MAP DD\0\0'
open(os.path.join(out, 'u4.mrc'), 'wb').write(bytes(head) + packed.tobytes())
expect('u4.mrc', four)
"#;

fn values(path: &Path) -> Vec<f32> {
    let movie = MovieReader::open(path).unwrap();
    let mut all = Vec::new();
    let mut frames = movie.frames(0..movie.frame_count()).unwrap();
    let mut index = 0;
    while let Some(frame) = frames.next() {
        let frame = frame.unwrap();
        assert_eq!((frame.index, frame.shape), (index, movie.shape()));
        assert_eq!(frame.pixels.kind(), movie.pixel_type());
        all.extend(frame.pixels.to_f32());
        frames.recycle(frame);
        index += 1;
    }
    assert_eq!(index, movie.frame_count());
    all
}

#[test]
fn mrc_stacks_of_all_modes_plain_and_packed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().to_string_lossy().into_owned();
    let Some(list) = testdata::python("mrcfile", MAKE, &[&folder]) else {
        return;
    };
    let mut files = 0;
    for line in list.lines() {
        let name = line.split(' ').next().unwrap();
        let path = dir.path().join(name);
        let want: Vec<f32> = std::fs::read(dir.path().join(format!("{name}.raw")))
            .unwrap()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        assert!(values(&path) == want, "{line}");
        let movie = MovieReader::open(&path).unwrap();
        // One frame by itself, and a part of the movie.
        let [ny, nx] = movie.shape();
        let size = ny * nx;
        assert!(
            movie.read(2).unwrap().pixels.to_f32() == want[2 * size..3 * size],
            "{line}"
        );
        let part: Vec<f32> = movie
            .frames(1..3)
            .unwrap()
            .flat_map(|f| f.unwrap().pixels.to_f32())
            .collect();
        assert!(part == want[size..3 * size], "{line}");
        files += 1;
    }
    println!("{files} MRC files agree with mrcfile");
    assert_eq!(files, 21);
}

fn counts(frames: usize, size: usize) -> Vec<Vec<u8>> {
    let mut s = 12345u64;
    (0..frames)
        .map(|_| {
            (0..size)
                .map(|_| {
                    s = s
                        .wrapping_mul(6364136223846793005)
                        .wrapping_add(1442695040888963407);
                    [0, 0, 0, 0, 0, 1, 1, 1, 2, 3][(s >> 33) as usize % 10]
                })
                .collect()
        })
        .collect()
}

/// One movie of 7 frames in every container.
fn everywhere(dir: &Path) -> (Vec<PathBuf>, Vec<Vec<u8>>) {
    let shape = [200, 300];
    let frames = counts(7, 200 * 300);
    let mut paths = Vec::new();
    for (name, rows_per_strip) in [("strips.tif", 4), ("whole.tif", 200)] {
        let path = dir.join(name);
        let options = TiffOptions {
            rows_per_strip,
            ..TiffOptions::default()
        };
        let mut w = TiffWriter::create(&path, shape, PixelType::U8, options).unwrap();
        frames
            .iter()
            .for_each(|f| w.push(&Pixels::U8(f.clone())).unwrap());
        w.finish().unwrap();
        paths.push(path);
    }
    let plain = dir.join("plain.mrc");
    let mut w = MrcStackWriter::create(&plain, shape, 1.0, MrcMode::I8).unwrap();
    for f in &frames {
        w.push(&f.iter().map(|&v| f32::from(v)).collect::<Vec<_>>())
            .unwrap();
    }
    w.finish().unwrap();
    let raw = std::fs::read(&plain).unwrap();
    let packed = dir.join("packed.mrc.bz2");
    let mut e = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    e.write_all(&raw).unwrap();
    std::fs::write(&packed, e.finish().unwrap()).unwrap();
    let zipped = dir.join("zipped.mrc.gz");
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    e.write_all(&raw).unwrap();
    std::fs::write(&zipped, e.finish().unwrap()).unwrap();
    paths.extend([plain, packed, zipped]);
    // A pixel's count of k becomes k electrons in three raw frames.
    let eer = dir.join("events.eer");
    let mut w = EerWriter::create(&eer, shape, None).unwrap();
    for f in &frames {
        for level in 0..3 {
            let list: Vec<Electron> = (0..f.len() as u32)
                .filter(|&p| f[p as usize] > level)
                .map(|p| Electron::new(p, p % 4, p / 4 % 4))
                .collect();
            w.push(&list).unwrap();
        }
    }
    w.finish().unwrap();
    paths.push(eer);
    (paths, frames)
}

fn options() -> MovieOptions {
    MovieOptions {
        eer: EerOptions {
            upsampling: 1,
            fractions: Fractions::RawFrames(3),
            leave_out_broken: false,
        },
        ..MovieOptions::default()
    }
}

#[test]
fn one_movie_in_every_container() {
    let dir = tempfile::tempdir().unwrap();
    let (paths, frames) = everywhere(dir.path());
    let formats = [
        MovieFormat::Tiff,
        MovieFormat::Tiff,
        MovieFormat::Mrc,
        MovieFormat::MrcBzip2,
        MovieFormat::MrcGzip,
        MovieFormat::Eer,
    ];
    for (path, format) in paths.iter().zip(formats) {
        let movie = MovieReader::open_with(path, &options()).unwrap();
        assert_eq!(
            (movie.format(), movie.frame_count(), movie.shape()),
            (format, 7, [200, 300])
        );
        assert_eq!((movie.frame_bytes(), movie.path()), (60_000, path.as_path()));
        assert!(movie.memory_bytes(3) >= 3 * 60_000);
        for at_once in [1, 2, 3, 100] {
            let mut iterator = movie.frames(2..7).unwrap().at_once(at_once);
            assert_eq!(iterator.held(), at_once);
            let mut next = 2;
            while let Some(frame) = iterator.next() {
                let frame = frame.unwrap();
                let want: Vec<f32> = frames[next].iter().map(|&v| f32::from(v)).collect();
                assert_eq!(frame.index, next);
                assert!(frame.pixels.to_f32() == want, "{} frame {next}", path.display());
                let electrons: u64 = frames[next].iter().map(|&v| u64::from(v)).sum();
                assert!(frame.electrons.is_none_or(|e| e == electrons));
                iterator.recycle(frame);
                next += 1;
            }
            assert_eq!(next, 7);
        }
        for (from, to) in [(0, 8), (7, 9), (5, 4)] {
            let e = movie.frames(from..to).err().unwrap().to_string();
            assert!(e.contains("there are 7"), "{e}");
        }
        assert_eq!(movie.frames(3..3).unwrap().count(), 0);
        let mut report = inspect(path, true).unwrap();
        let text = report.to_string();
        let v = report.values.take().unwrap();
        let total: u64 = frames.iter().flatten().map(|&v| u64::from(v)).sum();
        if format == MovieFormat::Eer {
            assert!(text.contains(&format!("{total} electrons")), "{text}");
            assert_eq!(report.shape, [21, 200, 300]);
        } else {
            assert_eq!(
                (v.count, report.shape.as_slice()),
                (7 * 60_000, [7, 200, 300].as_slice())
            );
            assert!((v.mean * v.count as f64 - total as f64).abs() < 0.01, "{text}");
            assert_eq!((v.minimum, v.maximum), (0.0, 3.0));
        }
    }
}

#[test]
fn a_broken_frame_is_one_error_and_the_others_come() {
    let dir = tempfile::tempdir().unwrap();
    let (paths, frames) = everywhere(dir.path());
    // A strip in the middle of the LZW movie.
    let path = &paths[0];
    let whole = std::fs::read(path).unwrap();
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20].fill(0xff);
    std::fs::write(path, &bytes).unwrap();
    for at_once in [1, 3] {
        let movie = MovieReader::open(path).unwrap();
        let mut errors = Vec::new();
        let mut good = 0;
        for (i, frame) in movie.frames(0..7).unwrap().at_once(at_once).enumerate() {
            match frame {
                Ok(f) => {
                    assert!(f.index == i && f.pixels == Pixels::U8(frames[i].clone()));
                    good += 1;
                }
                Err(e) => errors.push((i, e.to_string())),
            }
        }
        assert_eq!((good, errors.len()), (6, 1), "{errors:?}");
        let (i, e) = &errors[0];
        assert!(
            e.contains(&format!("frame {i}, strip")) && e.contains("strips.tif"),
            "{e}"
        );
    }
    // Packed and cut: frames before the break come, then one error, then nothing.
    for path in &paths[3..5] {
        let whole = std::fs::read(path).unwrap();
        std::fs::write(path, &whole[..whole.len() * 3 / 5]).unwrap();
        let movie = MovieReader::open(path).unwrap();
        let results: Vec<_> = movie.frames(0..7).unwrap().collect();
        let last = results.last().unwrap().as_ref().unwrap_err().to_string();
        assert!(
            last.contains(&*path.to_string_lossy()) && last.contains("frame"),
            "{last}"
        );
        assert!(results.iter().filter(|r| r.is_err()).count() == 1 && results.len() < 8);
        for (i, r) in results.iter().take(results.len() - 1).enumerate() {
            let want: Vec<f32> = frames[i].iter().map(|&v| f32::from(v)).collect();
            assert!(r.as_ref().unwrap().pixels.to_f32() == want);
        }
        assert!(movie.read(6).is_err());
    }
    // A plain stack that is short is refused at once.
    let whole = std::fs::read(&paths[2]).unwrap();
    std::fs::write(&paths[2], &whole[..whole.len() - 1]).unwrap();
    let e = MovieReader::open(&paths[2]).err().unwrap().to_string();
    assert!(
        e.contains("7 frames of 200 x 300") && e.contains("plain.mrc"),
        "{e}"
    );
    for (bytes, word) in [
        (&b""[..], "empty"),
        (b"hello", "header"),
        (b"II*\0", "TIFF"),
        (b"BZh9xxxxxxxxxxxx", "byte 4"),
    ] {
        std::fs::write(path, bytes).unwrap();
        let e = MovieReader::open(path).err().unwrap().to_string();
        assert!(e.contains(word) && e.contains("strips.tif"), "{bytes:?}: {e}");
    }
    assert!(MovieReader::open(dir.path().join("none.tif")).is_err());
}

#[test]
fn a_packed_file_that_promises_terabytes_gets_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut head = vec![0u8; 1024 + 4000];
    for (word, v) in [(0, 1_000_000u32), (1, 1_000_000), (2, 50), (3, 2)] {
        head[word * 4..word * 4 + 4].copy_from_slice(&v.to_le_bytes());
    }
    head[208..216].copy_from_slice(b"MAP \x44\x44\0\0");
    let mut e = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    e.write_all(&head).unwrap();
    let path = dir.path().join("lie.mrc.bz2");
    std::fs::write(&path, e.finish().unwrap()).unwrap();
    let movie = MovieReader::open(&path).unwrap();
    let e = movie.read(0).unwrap_err().to_string();
    assert!(e.contains("frame 0") && e.contains("5024"), "{e}");
}
