package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	at := time.Now()
	put := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second) // file systems may not tell two writes of one moment apart
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	put(path, "1")
	var w watch
	w.add(path)
	w.add("")
	looks := func(name string, want ...bool) {
		t.Helper()
		for i, want := range want {
			if got := w.settled(); got != want {
				t.Errorf("%s, look %d: settled %v, want %v", name, i+1, got, want)
			}
		}
	}
	looks("unchanged", false, false)
	put(path, "2")
	looks("written", false, true, false)
	put(path, "3")
	looks("being written", false)
	put(path, "34")
	looks("written on", false, true, false)
	put(other, "34")
	if err := os.Chtimes(other, at.Add(-time.Second), at.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at.Add(-time.Second), at.Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	w.reset()
	if err := os.Rename(other, path); err != nil { // same time, same size, another file
		t.Fatal(err)
	}
	looks("replaced", false, true, false)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	looks("removed", false, true, false)
	put(path, "5")
	if !w.reset() || w.reset() {
		t.Error("reset: want the change told once")
	}
	looks("after reset", false, false)
}
