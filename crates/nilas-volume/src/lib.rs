//! Maps, masks, Fourier shell correlation, sharpening, alignment of maps.
