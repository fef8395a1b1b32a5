package load

// Result is what a run measured. Where the server's process is unknown, all
// figures of CPU and memory are 0.
type Result struct {
	Protocol string `json:"protocol"`
	Mode     Mode   `json:"mode"`
	Members  int    `json:"members"`

	Join  JoinResult   `json:"join"`
	Loads []LoadResult `json:"loads,omitempty"`
	Idle  *IdleResult  `json:"idle,omitempty"`

	// Closed counts connections that the server closed, and CloseReason says why
	// the first one was. A run in which anything was closed is not valid.
	Closed      int    `json:"closed"`
	CloseReason string `json:"closeReason,omitempty"`
}

// JoinResult measures TCP connect, WebSocket upgrade, login and join, until the
// join is acknowledged.
type JoinResult struct {
	Seconds        float64 `json:"seconds"`
	PerSecond      float64 `json:"perSecond"`
	PerCPUSecond   float64 `json:"perCpuSecond"` // joins per second of server CPU time
	ForeignPercent float64 `json:"foreignPercent"`
}

// IdleResult is the server's resident memory around the joins.
type IdleResult struct {
	BytesBefore        int64   `json:"bytesBefore"`
	BytesAfter         int64   `json:"bytesAfter"`
	BytesPerConnection float64 `json:"bytesPerConnection"`
}

// LoadResult is one Load measured.
type LoadResult struct {
	Window int     `json:"window,omitempty"`
	Rate   float64 `json:"rate,omitempty"`

	// Skipped says why the load was not run; then all else is 0.
	Skipped string `json:"skipped,omitempty"`

	Seconds                float64 `json:"seconds"`
	Published              uint64  `json:"published"`
	Deliveries             uint64  `json:"deliveries"`
	DeliveriesPerSecond    float64 `json:"deliveriesPerSecond"`
	DeliveriesPerCPUSecond float64 `json:"deliveriesPerCpuSecond"` // per second of server CPU time
	DeliveriesPerRead      float64 `json:"deliveriesPerRead"`      // how well the server batches
	MegabytesPerSecond     float64 `json:"megabytesPerSecond"`

	ServerPercent    float64 `json:"serverPercent"`    // of one core
	GeneratorPercent float64 `json:"generatorPercent"` // time spent with ready sockets; above 90 the generator is the limit
	// GeneratorShare is how much of its core the generator got. A load spins: much
	// below 100 % means that others took the rest, and latencies are theirs too.
	GeneratorShare float64 `json:"generatorShare"`
	// ForeignPercent is what others used of the server's core. The kernel's work on
	// the server's behalf that it books elsewhere is in it too.
	ForeignPercent float64 `json:"foreignPercent"`

	// Publish to delivery. With a rate every delivery counts, in a closed loop the
	// first one of every read.
	P50Micros float64 `json:"p50Micros"`
	P90Micros float64 `json:"p90Micros"`
	P99Micros float64 `json:"p99Micros"`
	MaxMicros float64 `json:"maxMicros"`

	// Held reports that the rate was reached within 2 % and all had arrived at the
	// end. Always true for a closed loop in which nothing is missing.
	Held bool `json:"held"`
	// Starved: the generator did not get to publish at the rate, so that the server
	// never saw it.
	Starved bool `json:"starved,omitempty"`
	// Missing, Doubled and Misordered are counted over the whole load, warm-up
	// included, after waiting for what was late.
	Missing    uint64 `json:"missing"`
	Doubled    uint64 `json:"doubled"`
	Misordered uint64 `json:"misordered"`
	// Stalled: nothing arrived for 2 s although something was outstanding, or the
	// server no longer read what was published.
	Stalled bool `json:"stalled,omitempty"`
}
