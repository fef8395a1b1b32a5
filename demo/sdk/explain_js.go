//go:build js && wasm

package sdk

import (
	"context"
	"math"
	"syscall/js"
	"time"
)

// Explain asks what became of a message, for everybody who was in the room.
func (e *Engine) Explain(ctx context.Context, room string, id MessageID) (Explanation, error) {
	answer, err := e.asked(ctx, "explain", questionOf(room, id))
	return readExplanation(answer), err
}

// Verdict asks what became of a message for one user, who need not have been in
// the room.
func (e *Engine) Verdict(ctx context.Context, room string, id MessageID, user string) (Outcome, error) {
	question := questionOf(room, id)
	question.Set("userID", user)
	answer, err := e.asked(ctx, "explain", question)
	return readOutcome(answer), err
}

// Diagnose asks whether user would receive what this engine sends to room.
func (e *Engine) Diagnose(ctx context.Context, room, user string) (Diagnosis, error) {
	question := object()
	question.Set("roomID", room)
	question.Set("userID", user)
	answer, err := e.asked(ctx, "diagnose", question)
	d := Diagnosis{OK: truth(answer, "ok")}
	each([]js.Value{property(answer, "checks")}, 0, func(c js.Value) {
		d.Checks = append(d.Checks, Check{
			Name: text(c, "name"), OK: truth(c, "ok"), Reason: text(c, "reason"), Fix: text(c, "fix"), Since: date(c, "since"),
		})
	})
	return d, err
}

// whyLast asks about the last send to room, before another one can begin.
func (e *Engine) whyLast(room string) func(context.Context) (Explanation, error) {
	question := object()
	question.Set("last", true)
	question.Set("roomID", room)
	promise, err := call(js.Global().Get("Parley"), "explain", e.value, question)
	if err == nil && property(promise, "then").Type() == js.TypeFunction {
		swallow(promise)
	}
	return func(ctx context.Context) (Explanation, error) {
		if err != nil {
			return Explanation{}, err
		}
		answer, err := await(ctx, promise)
		return readExplanation(answer), err
	}
}

// swallow keeps a rejection that is looked at later, or by nobody, from
// counting as unhandled.
func swallow(promise js.Value) {
	nothing := js.Global().Get("Function").Get("prototype") // a function that does nothing
	promise.Call("then", nothing, nothing)
}

func (e *Engine) asked(ctx context.Context, what string, question js.Value) (js.Value, error) {
	return callAndAwait(ctx, js.Global().Get("Parley"), what, e.value, question)
}

func questionOf(room string, id MessageID) js.Value {
	question := object()
	question.Set("roomID", room)
	if id.Text != "" {
		question.Set("messageID", id.Text)
	} else {
		question.Set("messageID", id.Seq)
	}
	return question
}

func readExplanation(answer js.Value) Explanation {
	made := Explanation{ID: messageID(property(answer, "message"))}
	each([]js.Value{property(answer, "users")}, 0, func(user js.Value) { made.Users = append(made.Users, readOutcome(user)) })
	return made
}

func readOutcome(v js.Value) Outcome {
	o := Outcome{
		User: text(v, "userID"), Verdict: text(v, "verdict"), Reason: text(v, "reason"), Fix: text(v, "fix"),
		Since: date(v, "since"), Handed: date(v, "handedAt"), Acknowledged: date(v, "acknowledgedAt"),
	}
	each([]js.Value{property(v, "hops")}, 0, func(hop js.Value) {
		if ms := property(hop, "time"); ms.Type() == js.TypeNumber {
			o.Hops = append(o.Hops, Hop{At: text(hop, "at"), Time: time.UnixMicro(int64(math.Round(ms.Float() * 1000)))})
		}
	})
	return o
}

// messageID reads the property of that name, a number or a text.
func messageID(v js.Value) MessageID {
	return MessageID{Seq: number(v, "messageID"), Text: text(v, "messageID")}
}
