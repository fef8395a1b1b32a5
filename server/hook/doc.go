// Package hook tells business servers who enters and leaves rooms: durably,
// signed, in order per room, and again until they take it. It knows no
// dialect: a [Renderer] from above makes the bodies.
//
// # From a member to a request
//
// The roll knows who is in which room of the apps that want callbacks. The
// gateway tells it of every entry and exit. It turns them into events and puts
// those into the bus's queue; only then it says that they are done. Per room
// one put is under way at a time, and what happens meanwhile goes into the next
// one together: so an event is made from a state that is stored, and a refused
// put leaves no trace.
//
// The queue hands out one job per room at a time. A job's events are posted
// one after another; each is tried again by the schedule, and kept among the
// dead when that is exhausted. When a job is done, its outcome goes into the
// queue's notes: who is in the room after it. Notes and the jobs that wait
// are the roll of the process's next life.
//
// # After a restart
//
// Who was in a room when the process ended is away until its client comes
// back, which is no event, or until the resume window is over, which is a
// logout. A try that was under way may be made again, with the same event id;
// the count of tries starts anew.
//
// # Bounds
//
// The queue is bounded in bytes: beyond it joins are refused. Requests to one
// app's target are bounded in number; so are the dead, in number and age.
//
// # Locks
//
// Hook.mu guards the roll, sender.mu what is being sent; neither is held
// while the other is taken, or across a call that waits.
package hook
