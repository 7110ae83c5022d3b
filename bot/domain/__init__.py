"""The rules of a federation as pure functions of plain values: no clock, no SQL, no network."""
