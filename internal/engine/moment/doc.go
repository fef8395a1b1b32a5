// Package moment has the times and durations of the client core. It does what
// the core needs of package time and weighs nothing; package time brings time
// zones, formats and the system calls behind them into the wasm: 45 KB over the
// wire.
package moment
