//! The kernel texts are CUDA C, too: NVRTC compiles them for the architectures in use. Needs no card.

use nilas_kernels::device::{DeviceError, compile_for_cuda, source};

const FFT: &str = include_str!("../../src/fft/gpu.cl");
const SLICE: &str = concat!(
    include_str!("../../src/slice/spline.cl"),
    include_str!("../../src/slice/gpu.cl")
);
const INSERT: &str = concat!(
    include_str!("../../src/slice/spline.cl"),
    include_str!("../../src/insert/gpu.cl")
);

fn defined(text: &str, defines: &[(&str, &str)]) -> String {
    source(
        text,
        &defines
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn nvrtc_compiles_every_text() {
    let stages =
        "STAGE(7, 1, a, b) STAGE(5, 7, b, a) STAGE(3, 35, a, b) STAGE(4, 105, b, a) STAGE(2, 420, a, b)";
    let fft = |inverse| {
        [
            ("N", "840"),
            ("LINES", "2"),
            ("INVERSE", inverse),
            ("STAGES", stages),
            ("RESULT", "b"),
        ]
    };
    let grid = [
        ("NX", "44"),
        ("NY", "85"),
        ("ORIGIN", "42"),
        ("SHIFTS", "16"),
        ("BLOCK_THREADS", "128"),
    ];
    let texts = [
        ("fft", defined(FFT, &fft("0"))),
        ("fft back", defined(FFT, &fft("1"))),
        ("slice", defined(SLICE, &grid)),
        ("insert", defined(INSERT, &grid)),
    ];
    for (name, text) in &texts {
        for architecture in ["sm_80", "sm_90", "sm_120"] {
            match compile_for_cuda(name, text, architecture) {
                Ok(image) => assert!(image.starts_with(b"\x7fELF"), "{name} for {architecture}"),
                Err(DeviceError::Missing(why)) => {
                    println!("skipped: {why}");
                    return;
                }
                Err(error) => panic!("{architecture}: {error}"),
            }
        }
    }
    let broken = compile_for_cuda("broken", "nonsense", "sm_90").unwrap_err();
    assert!(broken.to_string().contains("nonsense"), "{broken}");
}
