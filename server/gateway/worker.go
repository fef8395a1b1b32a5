package gateway

import "sync"

// workers run what needs a deep stack: handshakes, logins, joins. A connection's
// own goroutine waits nearly always, and would keep the stack that one login
// made it grow; a worker's stack is used again and again.
type workers struct {
	jobs chan func()
	idle chan struct{} // a place for each worker that waits for a job
	all  sync.WaitGroup
}

// maxIdleWorkers bounds the workers that wait; there may be more that work.
const maxIdleWorkers = 64

func newWorkers() *workers {
	return &workers{jobs: make(chan func()), idle: make(chan struct{}, maxIdleWorkers)}
}

// start runs job on a worker and returns at once.
func (w *workers) start(job func()) {
	select {
	case w.jobs <- job:
	default:
		w.all.Go(func() { w.work(job) })
	}
}

func (w *workers) work(job func()) {
	for job != nil {
		job()
		select {
		case w.idle <- struct{}{}:
		default:
			return // enough wait already
		}
		job = <-w.jobs // nil when closed
		<-w.idle
	}
}

// close waits for the jobs and lets the workers end. Nothing may be started
// after it.
func (w *workers) close() {
	close(w.jobs)
	w.all.Wait()
}
