// Command bench measures Parley against its peers on this machine and writes
// docs/benchmarks.md:
//
//	go run ./internal/bench [-quick] [-only groups] [-servers names] [-rounds n] [-out file]
//
// Every server is pinned to one core and the load generator to another, servers
// take turns, and what counts is the median over the rounds of what a server does
// per second of its own CPU time. A run in which a server closed a connection,
// lost or doubled a message is named and left out.
//
// An interrupt ends everything that was started and writes what there is. So does
// the bound on the whole time. Raw results go to dist/bench/ as JSON lines.
package main
