package main

import (
	"bytes"
	"encoding/binary"
)

// The linker writes for every function which file and line each of its
// instructions is from, whatever the flags: 48 KB over the wire that only the
// trace of a program that crashes reads. Without them a trace still names the
// functions, and says "?:0" behind, as the runtime does where it has no such
// tables (runtime.funcline1).

// linesOf is whose tables are known. A program of another Go keeps its lines.
const linesOf = "go1.26"

// What runtime.pcHeader and runtime._func are made of in Go 1.26 on wasm.
const (
	headerWords  = 8
	headerSize   = 8 + 8*headerWords
	functabEntry = 8

	funcStack   = 16 // pcsp: how large the frame is
	funcFile    = 20 // pcfile
	funcLine    = 24 // pcln
	funcTables  = 28 // npcdata: how many more tables follow at funcSize
	funcUnit    = 32 // cuOffset: whose names of files; startLine comes after it
	funcSize    = 44
	tableOffset = 4
)

// headerStart is the header's magic number, padding, smallest instruction and
// size of a pointer.
var headerStart = []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8}

// dropLines clears, in place, the tables of files and lines of the one program
// that a wasm file's data holds.
func dropLines(segments []segment) error {
	var at []byte // from the header on
	for _, s := range segments {
		if i := bytes.Index(s.data, headerStart); i >= 0 {
			if at != nil || bytes.Count(s.data, headerStart) > 1 {
				return errWasm
			}
			at = s.data[i:]
		}
	}
	if len(at) < headerSize {
		return errWasm
	}
	var header [headerWords]uint64
	for i := range header {
		header[i] = binary.LittleEndian.Uint64(at[8+8*i:])
	}
	count, units, tablesAt, funcsAt := header[0], header[4], header[6], header[7]
	if units > tablesAt || tablesAt > funcsAt || funcsAt > uint64(len(at)) ||
		count == 0 || count > (uint64(len(at))-funcsAt)/functabEntry {
		return errWasm
	}
	tables, funcs := at[tablesAt:funcsAt], at[funcsAt:]
	needed := make([]bool, len(tables))
	for i := range count {
		from := binary.LittleEndian.Uint32(funcs[functabEntry*i+4:])
		if uint64(from)+funcSize > uint64(len(funcs)) {
			return errWasm
		}
		f := funcs[from:]
		more := binary.LittleEndian.Uint32(f[funcTables:])
		if uint64(more)*tableOffset > uint64(len(f)-funcSize) ||
			!mark(needed, tables, f[funcStack:]) {
			return errWasm
		}
		for j := range more {
			if !mark(needed, tables, f[funcSize+tableOffset*j:]) {
				return errWasm
			}
		}
		clear(f[funcFile : funcLine+tableOffset])
		clear(f[funcUnit : funcUnit+8])
	}
	for i, keep := range needed {
		if !keep {
			tables[i] = 0
		}
	}
	clear(at[units:tablesAt])
	return nil
}

// mark notes the bytes of the table that offset leads to as needed: pairs of
// varints, of which a first one that is 0 ends it, except in the first pair. It
// reports false for a table that does not end.
func mark(needed []bool, tables, offset []byte) bool {
	at := int(binary.LittleEndian.Uint32(offset))
	if at == 0 {
		return true // no table
	}
	for first := true; at < len(tables); first = false {
		value, n := binary.Uvarint(tables[at:])
		if n <= 0 {
			return false
		}
		end := value == 0 && !first
		if !end {
			_, m := binary.Uvarint(tables[at+n:])
			if m <= 0 {
				return false
			}
			n += m
		}
		for i := range n {
			needed[at+i] = true
		}
		if end {
			return true
		}
		at += n
	}
	return false
}
