// Command crash grows its stack, collects garbage, recovers, and crashes: all
// that makes the runtime read its tables of functions.
package main

import "runtime"

func main() {
	if n := climb(5000); n != 5000 {
		panic(n)
	}
	println("recovered", recovered())
	fall()
}

//go:noinline
func climb(n int) int {
	if n == 0 {
		runtime.GC()
		return 0
	}
	kept := new(int)
	*kept = climb(n - 1)
	return *kept + 1
}

func recovered() (yes bool) {
	defer func() { yes = recover() != nil }()
	var p *int
	return *p == 0
}

//go:noinline
func fall() { panic("on purpose") }
