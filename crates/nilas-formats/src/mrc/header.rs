//! The 1024-byte header.

/// Bytes of the main header.
pub(crate) const HEADER_BYTES: usize = 1024;
/// `imodStamp`: the file was written by IMOD and `imodFlags` means something.
const IMOD_STAMP: i32 = 1_146_047_817;

/// Byte order of the numbers in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first (machine stamp 0x44).
    Little,
    /// Most significant byte first (machine stamp 0x11).
    Big,
}

/// How one voxel is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MrcMode {
    /// Mode 0: 8-bit signed.
    I8,
    /// Mode 0 in a file that holds unsigned bytes (older IMOD, SerialEM).
    U8,
    /// Mode 1: 16-bit signed.
    I16,
    /// Mode 2: 32-bit float.
    F32,
    /// Mode 6: 16-bit unsigned.
    U16,
    /// Mode 12: 16-bit float.
    F16,
    /// Mode 101: two 4-bit values a byte, low nibble first, each row padded to a whole byte. Read only.
    U4,
}

impl MrcMode {
    /// The number in the header.
    pub fn number(self) -> i32 {
        match self {
            MrcMode::I8 | MrcMode::U8 => 0,
            MrcMode::I16 => 1,
            MrcMode::F32 => 2,
            MrcMode::U16 => 6,
            MrcMode::F16 => 12,
            MrcMode::U4 => 101,
        }
    }

    /// Bytes of a row of `nx` values.
    pub fn row_bytes(self, nx: usize) -> usize {
        match self {
            MrcMode::I8 | MrcMode::U8 => nx,
            MrcMode::I16 | MrcMode::U16 | MrcMode::F16 => nx * 2,
            MrcMode::F32 => nx * 4,
            MrcMode::U4 => nx.div_ceil(2),
        }
    }

    /// A word for people.
    pub fn name(self) -> &'static str {
        match self {
            MrcMode::I8 => "int8",
            MrcMode::U8 => "uint8",
            MrcMode::I16 => "int16",
            MrcMode::F32 => "float32",
            MrcMode::U16 => "uint16",
            MrcMode::F16 => "float16",
            MrcMode::U4 => "4-bit",
        }
    }
}

/// What the array is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MrcKind {
    /// One 2D image.
    Image,
    /// A stack of 2D images.
    ImageStack,
    /// One 3D map.
    Volume,
    /// Several 3D maps one after the other.
    VolumeStack,
}

/// The fields of the main header (word numbers as in the MRC2014 definition).
#[derive(Debug, Clone, PartialEq)]
pub struct MrcHeader {
    /// Columns, rows, sections of the array (words 1-3).
    pub n: [usize; 3],
    /// Storage of a voxel (word 4).
    pub mode: MrcMode,
    /// Start of the array in its grid (words 5-7).
    pub n_start: [i32; 3],
    /// Sampling of the cell along X, Y, Z (words 8-10).
    pub m: [i32; 3],
    /// Cell edges X, Y, Z in angstrom (words 11-13).
    pub cell_angstrom: [f32; 3],
    /// Cell angles in degrees (words 14-16).
    pub cell_angles_deg: [f32; 3],
    /// Which of X=1, Y=2, Z=3 the columns, rows and sections run along (words 17-19).
    pub map_axes: [i32; 3],
    /// Declared minimum (word 20); smaller maximum than minimum means unknown.
    pub minimum: f32,
    /// Declared maximum (word 21).
    pub maximum: f32,
    /// Declared mean (word 22); below both minimum and maximum means unknown.
    pub mean: f32,
    /// Space group: 0 images, 1 volume, 401 and up volume stack (word 23).
    pub space_group: i32,
    /// Bytes of the extended header (word 24).
    pub extended_bytes: usize,
    /// Type of the extended header, for example `FEI1` (word 27).
    pub extended_type: String,
    /// Format version, 20140 or 20141 (word 28).
    pub version: i32,
    /// Origin in angstrom (words 50-52).
    pub origin_angstrom: [f32; 3],
    /// Declared standard deviation (word 55); negative means unknown.
    pub rms: f32,
    /// Text labels (words 57-256).
    pub labels: Vec<String>,
    /// Byte order of the file.
    pub byte_order: ByteOrder,
}

/// Reads words of either byte order.
struct Words<'a> {
    bytes: &'a [u8; HEADER_BYTES],
    order: ByteOrder,
}

impl Words<'_> {
    fn raw(&self, word: usize) -> [u8; 4] {
        let at = (word - 1) * 4;
        [
            self.bytes[at],
            self.bytes[at + 1],
            self.bytes[at + 2],
            self.bytes[at + 3],
        ]
    }
    fn i32(&self, word: usize) -> i32 {
        match self.order {
            ByteOrder::Little => i32::from_le_bytes(self.raw(word)),
            ByteOrder::Big => i32::from_be_bytes(self.raw(word)),
        }
    }
    fn f32(&self, word: usize) -> f32 {
        f32::from_bits(self.i32(word) as u32)
    }
    fn i32x3(&self, word: usize) -> [i32; 3] {
        [self.i32(word), self.i32(word + 1), self.i32(word + 2)]
    }
    fn f32x3(&self, word: usize) -> [f32; 3] {
        [self.f32(word), self.f32(word + 1), self.f32(word + 2)]
    }
}

/// A text field as printable characters.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    let s: String = bytes[..end]
        .iter()
        .map(|&b| {
            if (32..127).contains(&b) {
                char::from(b)
            } else {
                '?'
            }
        })
        .collect();
    s.trim_end().to_string()
}

/// Whether dimensions and mode look like an MRC header.
fn plausible(w: &Words<'_>) -> bool {
    let n = w.i32x3(1);
    n.iter().all(|&v| v > 0 && v < 1 << 24) && (0..=127).contains(&w.i32(4))
}

impl MrcHeader {
    /// Takes the header apart. Returns it with notes on its oddities.
    ///
    /// # Errors
    /// `(byte offset, message)` where the header makes no sense.
    pub(crate) fn parse(bytes: &[u8; HEADER_BYTES]) -> Result<(Self, Vec<String>), (u64, String)> {
        let mut notes = Vec::new();
        let little = Words {
            bytes,
            order: ByteOrder::Little,
        };
        let big = Words {
            bytes,
            order: ByteOrder::Big,
        };
        let stamp = [bytes[212], bytes[213]];
        let stamped = match stamp[0] {
            0x44 => Some(ByteOrder::Little),
            0x11 => Some(ByteOrder::Big),
            _ => None,
        };
        let order = match (stamped, plausible(&little), plausible(&big)) {
            (Some(ByteOrder::Little), true, _) | (Some(ByteOrder::Big), _, true) => stamped,
            (_, true, false) => Some(ByteOrder::Little),
            (_, false, true) => Some(ByteOrder::Big),
            // Both readings look possible: a mode above 255 cannot be, so small numbers win.
            (_, true, true) => Some(ByteOrder::Little),
            (_, false, false) => None,
        };
        let Some(order) = order else {
            let n = little.i32x3(1);
            let mode = little.i32(4);
            return Err((
                0,
                format!(
                    "not an MRC file: size {} x {} x {} and mode {mode} make no sense in either byte order",
                    n[0], n[1], n[2]
                ),
            ));
        };
        if stamped != Some(order) {
            notes.push(format!(
                "machine stamp {:#04x} {:#04x} does not tell the byte order; taken as {order:?} endian from the size and mode",
                stamp[0], stamp[1]
            ));
        }
        if &bytes[208..211] != b"MAP" {
            notes.push("the word 'MAP ' is missing".into());
        }
        let w = Words { bytes, order };
        let n = w.i32x3(1).map(|v| v as usize);
        let extended = w.i32(24);
        let extended_bytes =
            usize::try_from(extended).map_err(|_| (92, format!("extended header of {extended} bytes")))?;
        let (minimum, maximum) = (w.f32(20), w.f32(21));
        let mode = match w.i32(4) {
            0 => {
                let imod = w.i32(39) == IMOD_STAMP;
                if imod && w.i32(40) & 1 == 0 {
                    notes.push("IMOD says that the bytes are unsigned".into());
                    MrcMode::U8
                } else if !imod && minimum >= 0.0 && maximum > 127.0 && maximum <= 255.0 {
                    notes.push(format!(
                        "bytes taken as unsigned: the header gives {minimum} to {maximum}"
                    ));
                    MrcMode::U8
                } else {
                    MrcMode::I8
                }
            }
            1 => MrcMode::I16,
            2 => MrcMode::F32,
            6 => MrcMode::U16,
            12 => MrcMode::F16,
            101 => MrcMode::U4,
            3 | 4 => {
                return Err((
                    12,
                    format!(
                        "mode {} holds a complex transform; real maps and images are read",
                        w.i32(4)
                    ),
                ));
            }
            other => {
                return Err((
                    12,
                    format!("mode {other} is not read (0, 1, 2, 6, 12 and 101 are)"),
                ));
            }
        };
        let label_count = w.i32(56).clamp(0, 10) as usize;
        let labels: Vec<String> = (0..label_count)
            .map(|i| text(&bytes[224 + 80 * i..304 + 80 * i]))
            .filter(|l| !l.is_empty())
            .collect();
        let header = Self {
            n,
            mode,
            n_start: w.i32x3(5),
            m: w.i32x3(8),
            cell_angstrom: w.f32x3(11),
            cell_angles_deg: w.f32x3(14),
            map_axes: w.i32x3(17),
            minimum,
            maximum,
            mean: w.f32(22),
            space_group: w.i32(23),
            extended_bytes,
            extended_type: text(&bytes[104..108]),
            version: w.i32(28),
            origin_angstrom: w.f32x3(50),
            rms: w.f32(55),
            labels,
            byte_order: order,
        };
        Ok((header, notes))
    }

    /// Voxel size in angstrom along X, Y, Z: cell / sampling; none for an axis where the header does not tell.
    pub fn voxel_size_angstrom(&self) -> [Option<f64>; 3] {
        std::array::from_fn(|i| {
            let (cell, m) = (f64::from(self.cell_angstrom[i]), self.m[i]);
            let size = cell / f64::from(m);
            (m > 0 && size.is_finite() && size > 0.0).then_some(size)
        })
    }

    /// Pixel size in angstrom in the image plane; none where the header does not tell or X and Y differ by over 1 %.
    pub fn pixel_size_angstrom(&self) -> Option<f64> {
        match self.voxel_size_angstrom() {
            [Some(x), Some(y), _] if (x - y).abs() <= 0.01 * x => Some(x),
            _ => None,
        }
    }

    /// Axis order as indices (0 = X): columns, rows, sections. Falls back to X, Y, Z where the header's numbers are no
    /// permutation of 1, 2, 3.
    pub fn axes(&self) -> [usize; 3] {
        let mut seen = [false; 3];
        for &a in &self.map_axes {
            if (1..=3).contains(&a) {
                seen[a as usize - 1] = true;
            }
        }
        if seen == [true; 3] {
            self.map_axes.map(|a| a as usize - 1)
        } else {
            [0, 1, 2]
        }
    }

    /// What the array is. Programs disagree on how to say it, so `stack_name` (the file is called `.mrcs`, `.st` ...) and the
    /// sampling along z decide where the space group is 0.
    pub fn kind(&self, stack_name: bool) -> MrcKind {
        let [_, _, nz] = self.n;
        if self.space_group >= 401 {
            return MrcKind::VolumeStack;
        }
        if nz == 1 {
            return MrcKind::Image;
        }
        if stack_name {
            return MrcKind::ImageStack;
        }
        if self.space_group >= 1 {
            return MrcKind::Volume;
        }
        // Space group 0 means images, but RELION writes it for maps too. Those have mz = nz and cubic voxels.
        let voxel = self.voxel_size_angstrom();
        let isotropic = match voxel {
            [Some(x), _, Some(z)] => (x - z).abs() < 1e-3 * x,
            _ => false,
        };
        let cube = self.n[0] == nz && self.n[1] == nz;
        if self.m[2] as i64 == nz as i64 && isotropic && (cube || voxel[0] != Some(1.0)) {
            MrcKind::Volume
        } else {
            MrcKind::ImageStack
        }
    }

    /// The header as 1024 little-endian bytes.
    pub(crate) fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut out = [0u8; HEADER_BYTES];
        let mut put = |word: usize, b: [u8; 4]| out[(word - 1) * 4..word * 4].copy_from_slice(&b);
        for i in 0..3 {
            put(1 + i, (self.n[i] as i32).to_le_bytes());
            put(5 + i, self.n_start[i].to_le_bytes());
            put(8 + i, self.m[i].to_le_bytes());
            put(11 + i, self.cell_angstrom[i].to_le_bytes());
            put(14 + i, self.cell_angles_deg[i].to_le_bytes());
            put(17 + i, self.map_axes[i].to_le_bytes());
            put(50 + i, self.origin_angstrom[i].to_le_bytes());
        }
        put(4, self.mode.number().to_le_bytes());
        put(20, self.minimum.to_le_bytes());
        put(21, self.maximum.to_le_bytes());
        put(22, self.mean.to_le_bytes());
        put(23, self.space_group.to_le_bytes());
        put(24, (self.extended_bytes as i32).to_le_bytes());
        put(28, self.version.to_le_bytes());
        put(53, *b"MAP ");
        put(54, [0x44, 0x44, 0, 0]);
        put(55, self.rms.to_le_bytes());
        put(56, (self.labels.len().min(10) as i32).to_le_bytes());
        for (i, label) in self.labels.iter().take(10).enumerate() {
            let bytes: Vec<u8> = label
                .bytes()
                .map(|b| if (32..127).contains(&b) { b } else { b'?' })
                .take(80)
                .collect();
            let field = &mut out[224 + 80 * i..304 + 80 * i];
            field.fill(b' ');
            field[..bytes.len()].copy_from_slice(&bytes);
        }
        out
    }
}
