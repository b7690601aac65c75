//! Element symbols.

const SYMBOLS: [&str; 98] = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K",
    "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr",
    "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe",
    "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
    "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra",
    "Ac", "Th", "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf",
];

/// The number of protons of a symbol, whatever its case; deuterium is hydrogen; none for anything else.
pub fn atomic_number(symbol: &str) -> Option<u8> {
    let symbol = symbol.trim();
    if symbol.eq_ignore_ascii_case("D") {
        return Some(1);
    }
    let at = SYMBOLS.iter().position(|s| s.eq_ignore_ascii_case(symbol))?;
    u8::try_from(at + 1).ok()
}

/// The symbol of an element; `?` beyond californium.
pub fn symbol(atomic_number: u8) -> &'static str {
    usize::from(atomic_number)
        .checked_sub(1)
        .and_then(|i| SYMBOLS.get(i))
        .copied()
        .unwrap_or("?")
}
