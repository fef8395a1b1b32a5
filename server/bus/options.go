package bus

import (
	"log/slog"
	"time"
)

// Options configures a bus. The zero value works.
type Options struct {
	// Node names this node in leases and logs; "node" if empty. It needn't be
	// unique: each life of a node is told apart by a random part of its own.
	Node string

	// DataDir holds the logs of all rooms. Empty = memory only: nothing is left
	// behind, and each start is a new epoch. Memory ignores it.
	DataDir string
	// NoSync lets an append count as stored before the disk has it: a crash of
	// the machine (not of the process) may then take the last appends along.
	// It means nothing without DataDir.
	NoSync bool

	// ReplayMessages is the number of entries kept per room; 1000 if 0. Older
	// ones are discarded.
	ReplayMessages int
	// ReplayAge is how long an entry is kept; 10 minutes if 0.
	ReplayAge time.Duration
	// DedupeWindow is how long the id of an entry is remembered; 1 minute if 0.
	// It is never longer than ReplayAge.
	DedupeWindow time.Duration
	// MaxBytes bounds the logs of all rooms together; 256 MB if 0. At the
	// bound the oldest entries go, of whatever room. Memory bounds by it the ids
	// that it remembers, too, apart from the logs.
	MaxBytes int64
	// MaxPending bounds the appends under way, and apart from them the lease
	// changes under way; 8192 if 0. At the bound further ones are refused with
	// wire.CodeOverloaded.
	MaxPending int

	// NodeTTL is how long a silent node is taken for alive; 6 seconds if 0.
	// A node makes itself heard three times as often.
	NodeTTL time.Duration

	// Log gets what an operator should know; discarded if nil.
	Log *slog.Logger
}

// withDefaults returns o with all that is zero set to its default.
func (o Options) withDefaults() Options {
	if o.Node == "" {
		o.Node = "node"
	}
	if o.ReplayMessages <= 0 {
		o.ReplayMessages = 1000
	}
	if o.ReplayAge <= 0 {
		o.ReplayAge = 10 * time.Minute
	}
	if o.DedupeWindow <= 0 {
		o.DedupeWindow = time.Minute
	}
	o.DedupeWindow = min(o.DedupeWindow, o.ReplayAge)
	if o.MaxBytes <= 0 {
		o.MaxBytes = 256 << 20
	}
	if o.MaxPending <= 0 {
		o.MaxPending = 8192
	}
	if o.NodeTTL <= 0 {
		o.NodeTTL = 6 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
