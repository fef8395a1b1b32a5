package room

import (
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestLogKeepsItsTail checks the local log against a plain list: bounds, the
// indexes, the floor, and that snapshots don't change behind a reader.
func TestLogKeepsItsTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := Config{
			LogEntries: rapid.IntRange(1, 40).Draw(t, "entries"),
			LogBytes:   rapid.IntRange(1, 400).Draw(t, "bytes"),
			LogAge:     time.Duration(rapid.IntRange(1, 50).Draw(t, "age")) * time.Millisecond,
		}
		var log roomLog
		head := uint64(rapid.IntRange(0, 5).Draw(t, "head"))
		log.init(head, cfg)
		all := []entry{}
		type snapshot struct {
			win  window
			from int
		}
		var kept []snapshot
		now := int64(1000)
		for range rapid.IntRange(1, 200).Draw(t, "pushes") {
			now += int64(rapid.IntRange(0, 10).Draw(t, "passed"))
			e := entry{env: make([]byte, rapid.IntRange(0, 50).Draw(t, "size")), atMS: now, stored: rapid.Bool().Draw(t, "stored")}
			if e.stored {
				head += uint64(rapid.IntRange(1, 3).Draw(t, "hole"))
				e.seq = head
			}
			index := log.push(e)
			e.seq = head
			all = append(all, e)
			if want := uint64(firstIndex + len(all) - 1); index != want {
				t.Fatalf("index %d, want %d", index, want)
			}
			gone := len(all) - len(log.entries)
			if log.base != firstIndex+uint64(gone) || log.end() != index+1 {
				t.Fatalf("base %d, end %d; want %d, %d", log.base, log.end(), firstIndex+gone, index+1)
			}
			bytes := 0
			for i, e := range log.entries {
				bytes += len(e.env)
				if e.seq != all[gone+i].seq || e.stored != all[gone+i].stored || len(e.env) != len(all[gone+i].env) {
					t.Fatalf("entry %d is another one", i)
				}
			}
			if bytes != log.bytes {
				t.Fatalf("counts %d bytes, holds %d", log.bytes, bytes)
			}
			if n := len(log.entries); n > 1 && (n > cfg.LogEntries || bytes > cfg.LogBytes || now-log.entries[0].atMS > cfg.LogAge.Milliseconds()) {
				t.Fatalf("%d entries of %d bytes, the oldest %d ms old: over %+v", n, bytes, now-log.entries[0].atMS, cfg)
			}
			if gone > 0 && log.floor != all[gone-1].seq {
				t.Fatalf("floor %d, want %d", log.floor, all[gone-1].seq)
			}
			seq := uint64(rapid.IntRange(0, int(head)+1).Draw(t, "seq"))
			if at := log.after(seq); at < log.end() && log.entries[at-log.base].seq <= seq || at > log.base && log.entries[at-log.base-1].seq > seq {
				t.Fatalf("after(%d) = %d is not the first behind it", seq, at)
			}
			if rapid.IntRange(0, 9).Draw(t, "snapshot") == 0 {
				kept = append(kept, snapshot{log.window(), gone})
			}
		}
		for _, s := range kept {
			for i, e := range s.win.entries {
				if e.seq != all[s.from+i].seq || e.stored != all[s.from+i].stored {
					t.Fatalf("a snapshot has changed at %d", i)
				}
			}
		}
	})
}

// TestFullLogIsCheap checks that a log at its bound is not copied with every
// few entries.
func TestFullLogIsCheap(t *testing.T) {
	var log roomLog
	cfg := Config{}
	cfg.setDefaults()
	log.init(0, cfg)
	seq := uint64(0)
	push := func(n int) {
		for range n {
			seq++
			log.push(entry{seq: seq, stored: true})
		}
	}
	push(2 * cfg.LogEntries)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const pushes = 20_000
	push(pushes)
	runtime.ReadMemStats(&after)
	if perPush := (after.TotalAlloc - before.TotalAlloc) / pushes; perPush > 1024 {
		t.Errorf("one entry costs %d bytes of copies, want at most 1024", perPush)
	}
}
