//! Readers and writers for MRC, STAR, .cs, .csg, PDB and mmCIF.
