// Package simulation runs one server core and many client cores in one
// process, under a fake clock and over a seeded network in memory, and checks
// what Parley promises of rooms: one order, nothing lost without being told,
// nothing doubled, never one's own, member lists that converge. It has tests
// only.
//
// A run is named by its seed, which a failure prints. The seed decides what is
// done when and what the network does; the scheduling of goroutines is the
// runtime's, so a failure may need a few runs of its seed to show again:
//
//	go test ./internal/simulation -run Simulation -seed 17 -count 20
//	go test ./internal/simulation -seeds 500
package simulation
