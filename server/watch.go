package main

import (
	"os"
	"time"
)

// lookEvery is how often the files of the settings are looked at. Looking costs
// one system call each, and works where events of the file system don't: in
// containers whose files are mounted, and over networks.
const lookEvery = time.Second

// watch notices when files change: by their time, size or identity, since editors
// and orchestrators put another file in place.
type watch struct {
	paths    []string
	last     []os.FileInfo // nil where a file is not there
	settling bool
}

// add looks at a file for the first time.
func (w *watch) add(path string) {
	if path != "" {
		w.paths = append(w.paths, path)
		w.last = append(w.last, look(path))
	}
}

// settled reports whether the files have changed and then stayed as they are for
// one look: who writes a file may not have finished.
func (w *watch) settled() bool {
	was := w.settling
	changed := w.reset()
	w.settling = changed
	return was && !changed
}

// reset takes the files as they are now for known, and reports whether they were
// not.
func (w *watch) reset() (changed bool) {
	w.settling = false
	for i, path := range w.paths {
		now := look(path)
		if !sameFile(w.last[i], now) {
			changed = true
		}
		w.last[i] = now
	}
	return changed
}

func look(path string) os.FileInfo {
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	return info
}

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
